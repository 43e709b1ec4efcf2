import Model
import Toolkit

/// D20, D21: where the server listens and where others look for it.
enum PortRules {
    static let all = [disagreement, loopback]

    private static let disagreement = Rule(
        "D20",
        .error,
        "Ports disagree",
        why:
            "The proxy or the check asks a port on which nothing listens: 502s, and a deploy that never becomes healthy.",
        fix: "Use one number everywhere; the server's command decides.",
        reference:
            "www.uvicorn.org/settings, \"Socket Binding\"; fly.io/docs/reference/configuration, \"internal_port\"",
        exceptions:
            "commands whose port comes from a variable that a platform sets, files of settings, programs that are not known; `EXPOSE` alone is a warning.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK NONE
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0", "--port", "8000"]
            """,
            "fly.toml": "app = \"shop\"\n\n[http_service]\n  internal_port = 8080\n  min_machines_running = 2\n",
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK NONE
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0", "--port", "8080"]
            """,
            "fly.toml": "app = \"shop\"\n\n[http_service]\n  internal_port = 8080\n  min_machines_running = 2\n",
        ],
        at: ["fly.toml:4"]
    ) { context in
        image(context) + fly(context) + compose(context) + PortRules.cluster(context) + cloudRun(context)
    }

    private static let loopback = Rule(
        "D21",
        .error,
        "The server listens on loopback alone",
        why:
            "In a container 127.0.0.1 is the container's own: no proxy and no published port gets there. It is the default of most servers.",
        fix: "`--host 0.0.0.0`, or `ENV UVICORN_HOST=0.0.0.0`.",
        reference: "www.uvicorn.org/settings, \"--host\"; docs.gunicorn.org, \"bind\"",
        exceptions: "unix sockets, a proxy in the same image or pod, hosts from a variable, settings files.",
        bad: [
            "Dockerfile":
                "FROM python:3.14-slim\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"uvicorn\", \"shop.main:app\", \"--port\", \"8000\"]\n"
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            ENV UVICORN_HOST=0.0.0.0
            USER 10001
            HEALTHCHECK NONE
            CMD ["uvicorn", "shop.main:app", "--port", "8000"]
            """
        ],
        at: ["Dockerfile:4"]
    ) { context in
        let sources: Set<FoundCommand.Source> = [
            .dockerfile, .procfile, .fly, .render, .railway, .heroku, .kubernetes, .appYAML,
        ]
        let commands = context.commands.filter { command in
            guard sources.contains(command.source), command.isProduction, !command.isDevelopment else { return false }
            guard !context.isAside(command.place.file) else { return false }
            return command.source != .dockerfile || command.dockerfile == context.image?.path
        }
        // A command of a platform's file replaces the image's.
        let isReplaced = commands.contains { $0.source == .fly || $0.source == .kubernetes }
        guard !hasProxyInside(context) else { return [] }
        return commands.compactMap { command in
            if command.source == .dockerfile, isReplaced { return nil }
            if command.source == .kubernetes, hasSidecar(command, context) { return nil }
            guard !command.isOneOfMany(in: context) else { return nil }
            guard let (place, message) = loopback(command, context) else { return nil }
            return Finding("D21", .error, at: place, found: context.line(place), message, fix: "listen on 0.0.0.0")
        }
    }

    // MARK: - Private

    private static func finding(
        _ severity: Severity,
        _ place: Place,
        _ context: AuditContext,
        _ message: String
    ) -> Finding {
        Finding("D20", severity, at: place, found: context.line(place), message, fix: "use one number everywhere")
    }

    /// `EXPOSE` and `HEALTHCHECK` of the image itself.
    private static func image(_ context: AuditContext) -> [Finding] {
        guard let image = context.image, let served = context.servedPort?.number else { return [] }
        var findings: [Finding] = []
        if let first = image.facts.ports.first, !image.facts.ports.contains(where: { $0.number == served }) {
            let place = Place(image.path, first.line)
            findings.append(
                finding(.warning, place, context, "the server listens on \(served), EXPOSE says \(first.number)")
            )
        }
        if let item = image.facts.healthcheck, let check = image.check {
            let ports = check.addresses.compactMap(\.port)
            if let other = ports.first, !ports.contains(served) {
                let place = Place(image.path, item.line)
                findings.append(
                    finding(.error, place, context, "the check asks port \(other), the server listens on \(served)")
                )
            }
        }
        return findings
    }

    private static func fly(_ context: AuditContext) -> [Finding] {
        guard context.concerns([.roost, .fly]) else { return [] }
        return context.flyFiles.flatMap { path, root -> [Finding] in
            // Another image, or another command: nothing is known of its port.
            guard root.at("build", "image") == nil, root["experimental"] == nil else { return [] }
            if let file = root.at("build", "dockerfile")?.string, let image = context.image {
                guard TreePath.joined(TreePath.folder(of: path), file) == image.path else { return [] }
            }
            let environment = Dictionary((root["env"]?.entries ?? []).map { ($0.key, $0.node.scalar ?? "") }) {
                first,
                _ in first
            }
            let own = context.commands.filter { $0.source == .fly && $0.place.file == path && $0.isProduction }
            let served =
                own.isEmpty
                ? context.servedPort(with: environment)
                : own.compactMap { ServedPort($0, environment: environment, context: context) }.first
            guard let number = served?.number else { return [] }
            let nodes =
                [root.at("http_service", "internal_port")]
                + (own.isEmpty ? (root["services"]?.items ?? []).map { $0["internal_port"] } : [])
            let ports = nodes.compactMap { $0 }
            guard !ports.contains(where: { $0.integer == number }), let first = ports.first, let port = first.integer
            else { return [] }
            return [
                finding(
                    .error,
                    Place(path, first.position.line),
                    context,
                    "internal_port is \(port), the server listens on \(number)"
                )
            ]
        }
    }

    private static func compose(_ context: AuditContext) -> [Finding] {
        guard context.concerns([.compose]) else { return [] }
        return context.stacks.flatMap { stack -> [Finding] in
            guard let severity = stack.severity(.error) else { return [] }
            return stack.services.compactMap { service in
                guard service.isApp, service.build?.dockerfile == context.image?.path, service.node["entrypoint"] == nil
                else { return nil }
                guard service.node["network_mode"] == nil else { return nil }
                let environment = Dictionary(service.environment.map { ($0.name, $0.value ?? "") }) { first, _ in first
                }
                let own = context.commands.filter {
                    $0.source == .compose && $0.place.file == stack.path && $0.name == service.name
                }
                let served =
                    service.node["command"] == nil
                    ? context.servedPort(with: environment)
                    : own.compactMap { ServedPort($0, environment: environment, context: context) }.first
                guard let number = served?.number else { return nil }
                let targets = service.ports.compactMap(\.target)
                guard let first = service.ports.first(where: { $0.target != nil }), !targets.contains(number) else {
                    return nil
                }
                let message = "\(service.name) publishes port \(first.target ?? 0), its server listens on \(number)"
                return finding(severity, stack.place(first.line), context, message)
            }
        }
    }

    /// A Service whose target no container has.
    private static func cluster(_ context: AuditContext) -> [Finding] {
        guard context.concerns([.k8s]) else { return [] }
        let workloads = context.cluster.filter(\.isWorkload)
        return context.cluster.filter { $0.kind == "Service" }.flatMap { service -> [Finding] in
            let wanted = (service.node.at("spec", "selector")?.entries ?? []).map { ($0.key, $0.node.scalar) }
            guard !wanted.isEmpty else { return [] }
            let chosen = workloads.filter { object in
                let labels = object.node.at("spec", "template", "metadata", "labels")
                return wanted.allSatisfy { labels?[$0.0]?.scalar == $0.1 }
            }
            let ports = chosen.flatMap(\.containers).flatMap { $0["ports"]?.items ?? [] }
            guard !ports.isEmpty else { return [] }
            return (service.node.at("spec", "ports")?.items ?? []).compactMap { port in
                guard let target = port["targetPort"] ?? port["port"] else { return nil }
                let isThere = ports.contains {
                    $0["containerPort"]?.integer == target.integer && target.integer != nil
                        || $0["name"]?.string == target.string && target.string != nil
                }
                guard !isThere, target.integer != context.servedPort?.number else { return nil }
                // A number that no container lists may still be listened on; a name may not.
                let severity: Severity = target.integer == nil || context.servedPort?.number != nil ? .error : .warning
                let place = Place(service.path, target.position.line)
                return finding(
                    severity,
                    place,
                    context,
                    "no pod that the Service \(service.name) selects has the port \(target.scalar ?? "")"
                )
            }
        }
    }

    private static func cloudRun(_ context: AuditContext) -> [Finding] {
        guard context.concerns([.cloudrun]) else { return [] }
        return context.cloudRun.filter { $0.kind == "Service" }.compactMap { service in
            let containers = service.containers
            guard containers.count == 1, let container = containers.first, container["command"] == nil,
                container["args"] == nil
            else { return nil }
            guard let port = container["ports"]?.items.first?["containerPort"], let number = port.integer else {
                return nil
            }
            guard let served = context.servedPort(with: ["PORT": String(number)])?.number, served != number else {
                return nil
            }
            return finding(
                .error,
                Place(service.path, port.position.line),
                context,
                "requests go to port \(number), the server listens on \(served)"
            )
        }
    }

    /// Why nobody outside reaches a command's server.
    private static func loopback(_ command: FoundCommand, _ context: AuditContext) -> (Place, String)? {
        let environment = command.source == .fly || command.source == .dockerfile ? context.config?.env ?? [:] : [:]
        guard let served = ServedPort(command, environment: environment, context: context) else { return nil }
        if served.server.server == .own { return script(served, context) }
        guard served.isLoopback(context) == true else { return nil }
        let message =
            served.host.map { "the server listens on \($0), which only the container itself reaches" }
            ?? "without a host the server listens on 127.0.0.1, which only the container itself reaches"
        return (command.place, message)
    }

    /// `python main.py` with `uvicorn.run(app)` in it.
    private static func script(_ served: ServedPort, _ context: AuditContext) -> (Place, String)? {
        let command = served.command
        var path: String?
        if let file = served.server.file { path = TreePath.joined(command.folder, TreePath.joined("", file)) }
        if let module = served.server.module {
            let base = TreePath.joined(command.folder, module.replacing(".", with: "/"))
            path = [base + "/__main__.py", base + ".py"].first { context.project.has($0) }
        }
        guard let path, served.server.arguments.isEmpty,
            let module = context.python.modules.first(where: { $0.path == path })
        else { return nil }
        let calls = module.calls.filter { $0.function == "uvicorn.run" }
        guard calls.count == 1, let call = calls.first, !call.keywords.contains(where: { $0.name == "**" }) else {
            return nil
        }
        let place = Place(path, call.line)
        guard let host = call.argument(1, "host") else {
            return (place, "uvicorn.run() without a host listens on 127.0.0.1, which only the container itself reaches")
        }
        guard let text = host.text, ["127.0.0.1", "localhost"].contains(text) else { return nil }
        return (place, "uvicorn.run() listens on \(text), which only the container itself reaches")
    }

    /// nginx and the like beside the server, in the same container.
    private static func hasProxyInside(_ context: AuditContext) -> Bool {
        guard let image = context.image else { return false }
        let proxies: Set<String> = [
            "nginx", "caddy", "haproxy", "envoy", "apache2", "traefik", "supervisor", "nginx-light", "litefs",
        ]
        if !image.packages.names.isDisjoint(with: proxies) || !image.packages.copied.isDisjoint(with: proxies) {
            return true
        }
        return proxies.contains { TreePath.name(of: image.base?.name.repository ?? "").hasPrefix($0) }
    }

    private static func hasSidecar(_ command: FoundCommand, _ context: AuditContext) -> Bool {
        context.cluster.contains { $0.path == command.place.file && $0.containers.count > 1 }
    }
}
