import Model
import Toolkit

/// C15, C16, C17: Traefik, and the engine's socket.
enum TraefikRules {
    static let all = [version, redirect, socket]

    private static let version = Rule(
        "C15",
        .error,
        "Traefik that can't talk to the Docker engine",
        why:
            "It asks with version 1.24 of the API; engines from 29 on want 1.44 at least, so no container is found and every request gets 404.",
        fix: "`traefik:v3.6` or later.",
        reference: "github.com/traefik/traefik/issues/12253",
        exceptions:
            "Traefik without the Docker provider, tags without a minor version, 2.11.31 and later of that line.",
        targets: [.compose],
        bad: [
            "compose.prod.yaml": """
            services:
              proxy:
                image: traefik:v3.1
                command: ["--providers.docker=true", "--entrypoints.web.address=:80"]
            """
        ],
        good: [
            "compose.prod.yaml": """
            services:
              proxy:
                image: traefik:v3.6
                command: ["--providers.docker=true", "--entrypoints.web.address=:80"]
            """
        ],
        at: ["compose.prod.yaml:3"]
    ) { context in
        context.stacks.flatMap { stack -> [Finding] in
            guard let severity = stack.severity(.error) else { return [] }
            return stack.services.compactMap { service in
                guard let image = service.image, image.repository == "traefik", usesDocker(service), isOld(image) else {
                    return nil
                }
                let place = stack.place(service.node["image"]?.position.line)
                return Finding(
                    "C15",
                    severity,
                    at: place,
                    found: context.line(place),
                    "Traefik \(image.tag ?? "") does not work with Docker 29 and later",
                    fix: "traefik:v3.6 or later"
                )
            }
        }
    }

    private static let redirect = Rule(
        "C16",
        .warning,
        "Traefik without a redirection or a port",
        why:
            "Without a redirection plain HTTP answers 404. Without a port Traefik guesses from EXPOSE, and fails when there are none or several.",
        fix:
            "`--entrypoints.web.http.redirections.entrypoint.to=websecure`; the label `traefik.http.services.<name>.loadbalancer.server.port`.",
        reference: "doc.traefik.io/traefik/routing/entrypoints, \"Redirection\"",
        exceptions:
            "configurations in files that are not there, images that expose one port, redirections by a middleware.",
        targets: [.compose],
        bad: [
            "compose.prod.yaml": """
            services:
              proxy:
                image: traefik:v3.6
                command:
                  - --providers.docker=true
                  - --entrypoints.web.address=:80
                  - --entrypoints.websecure.address=:443
            """
        ],
        good: [
            "compose.prod.yaml": """
            services:
              proxy:
                image: traefik:v3.6
                command:
                  - --providers.docker=true
                  - --entrypoints.web.address=:80
                  - --entrypoints.web.http.redirections.entrypoint.to=websecure
                  - --entrypoints.websecure.address=:443
            """
        ],
        at: ["compose.prod.yaml:2"]
    ) { context in
        context.stacks.filter { $0.nature != .development }.flatMap { stack in
            unredirected(stack, context) + portless(stack, context)
        }
    }

    private static let socket = Rule(
        "C17",
        .warning,
        "The engine's socket in a container that faces the internet",
        why:
            "Who breaks into that container asks the engine for a new one with the host's root folder. Read-only mounts do not help: it is a socket.",
        fix:
            "Put a proxy between that only lets read containers, such as `tecnativa/docker-socket-proxy` with CONTAINERS=1.",
        reference: "docs.docker.com/engine/security/#docker-daemon-attack-surface",
        exceptions: "files for development, the socket proxy itself, containers without published ports.",
        targets: [.compose],
        bad: [
            "compose.prod.yaml": """
            services:
              proxy:
                image: registry.example.com/edge:1.0.0
                ports: ["80:80"]
                volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
            """
        ],
        good: [
            "compose.prod.yaml": """
            services:
              sockets:
                image: tecnativa/docker-socket-proxy:0.3
                environment: {CONTAINERS: 1}
                volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
              proxy:
                image: registry.example.com/edge:1.0.0
                ports: ["80:80"]
            """
        ],
        at: ["compose.prod.yaml:5"]
    ) { context in
        context.stacks.filter { $0.nature != .development }.flatMap { stack in
            stack.services.compactMap { service in
                guard let volume = service.volumes.first(where: { $0.source?.hasSuffix("docker.sock") ?? false }) else {
                    return nil
                }
                guard service.ports.contains(where: \.isOpenToAll) else { return nil }
                let place = stack.place(volume.line)
                return Finding(
                    "C17",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "\(service.name) has published ports and the engine's socket",
                    fix: "put a socket proxy between"
                )
            }
        }
    }

    // MARK: - Private

    private static func usesDocker(_ service: ComposeStack.Service) -> Bool {
        let text = service.commandText.lowercased()
        if text.contains("providers.docker") { return true }
        return service.volumes.contains { $0.source?.hasSuffix("docker.sock") ?? false }
    }

    private static func isOld(_ image: ImageReference) -> Bool {
        let version = image.version
        guard version.count > 1 else { return version.first.map { $0 < 2 } ?? false }
        // 3.6.1 and 2.11.31 have the fix; a tag without a patch is the newest of its line.
        let patch = version.count > 2 ? version[2] : Int.max
        if version[0] == 2 { return version[1] < 11 || version[1] == 11 && patch < 31 }
        return version[0] == 3 && (version[1] < 6 || version[1] == 6 && patch < 1)
    }

    private static func unredirected(_ stack: ComposeStack, _ context: AuditContext) -> [Finding] {
        stack.services.compactMap { service in
            guard service.image?.repository == "traefik" else { return nil }
            let text = service.commandText.lowercased()
            guard text.contains("entrypoints.web"), text.contains(":80"), text.contains(":443"),
                !text.contains("redirections")
            else { return nil }
            let labels = stack.services.flatMap { Self.labels($0) }
            guard !labels.contains(where: { $0.contains("redirectscheme") || $0.contains("https-redirect") }) else {
                return nil
            }
            let place = stack.place(service.line)
            return Finding(
                "C16",
                .warning,
                at: place,
                found: context.line(place),
                "plain HTTP is not redirected",
                fix: "--entrypoints.web.http.redirections.entrypoint.to=websecure"
            )
        }
    }

    private static func portless(_ stack: ComposeStack, _ context: AuditContext) -> [Finding] {
        stack.services.filter(\.isApp).compactMap { service in
            let labels = Self.labels(service)
            guard labels.contains(where: { $0.hasPrefix("traefik.enable=true") }),
                labels.contains(where: { $0.contains(".routers.") })
            else { return nil }
            guard !labels.contains(where: { $0.contains("loadbalancer.server.port") || $0.contains(".service=") })
            else { return nil }
            if service.build?.dockerfile == context.image?.path, context.image?.facts.ports.count == 1 { return nil }
            let place = stack.place(service.node["labels"]?.position.line ?? service.line)
            return Finding(
                "C16",
                .warning,
                at: place,
                found: context.line(place),
                "Traefik has to guess the port of \(service.name)",
                fix: "traefik.http.services.\(service.name).loadbalancer.server.port=8000"
            )
        }
    }

    private static func labels(_ service: ComposeStack.Service) -> [String] {
        let nodes = [service.node["labels"], service.node.at("deploy", "labels")].compactMap { $0 }
        return nodes.flatMap { node in
            node.items.compactMap(\.scalar) + node.entries.map { "\($0.key)=\($0.node.scalar ?? "")" }
        }.map { $0.lowercased() }
    }
}
