import Model
import Toolkit

/// C01, C02, C04, C07, C08: Compose files.
enum ComposeFileRules {
    static let all = [version, openPort, sourceMount, postgresFolder, unsetVariable]

    private static let version = Rule(
        "C01",
        .info,
        "Obsolete `version`",
        why: "Compose ignores it and says so at every command.",
        fix: "Delete the line.",
        reference: "docs.docker.com/reference/compose-file/version-and-name",
        targets: [.compose],
        bad: ["compose.yaml": "version: \"3.8\"\nservices:\n  api:\n    build: .\n"],
        good: ["compose.yaml": "services:\n  api:\n    build: .\n"],
        at: ["compose.yaml:1"]
    ) { context in
        context.stacks.compactMap { stack in
            guard let entry = stack.node.entries.first(where: { $0.key == "version" }) else { return nil }
            let place = stack.place(entry.keyPosition.line)
            return Finding(
                "C01",
                .info,
                at: place,
                found: context.line(place),
                "Compose ignores version",
                fix: "delete the line",
                patch: context.deletion(place)
            )
        }
    }

    private static let openPort = Rule(
        "C02",
        .error,
        "Database, cache or broker open to everyone",
        why:
            "Docker publishes on all interfaces and goes past the host's firewall (ufw): the internet can try passwords, and Redis has none.",
        fix: "Delete `ports`; other services reach it by its name. For your own access: `127.0.0.1:5432:5432`.",
        reference: "docs.docker.com/engine/network/packet-filtering-firewalls",
        exceptions:
            "files for development (override, dev, bind-mounted code, reloading), addresses of loopback; a warning where nothing says for what the file is.",
        targets: [.compose],
        bad: [
            "compose.prod.yaml": """
            services:
              db:
                image: postgres:17
                ports: ["5432:5432"]
                environment: {POSTGRES_PASSWORD_FILE: /run/secrets/db}
            """
        ],
        good: [
            "compose.prod.yaml": """
            services:
              db:
                image: postgres:17
                ports: ["127.0.0.1:5432:5432"]
                environment: {POSTGRES_PASSWORD_FILE: /run/secrets/db}
            """
        ],
        at: ["compose.prod.yaml:4"]
    ) { context in
        context.stacks.flatMap { stack -> [Finding] in
            guard let severity = stack.severity(.error) else { return [] }
            return stack.services.filter { [.database, .cache, .broker].contains($0.kind) }.compactMap { service in
                guard let port = service.ports.first(where: \.isOpenToAll) else { return nil }
                let place = stack.place(port.line)
                return Finding(
                    "C02",
                    severity,
                    at: place,
                    found: context.line(place),
                    "\(service.name) is published on all interfaces",
                    fix: "delete it, or bind it to 127.0.0.1"
                )
            }
        }
    }

    private static let sourceMount = Rule(
        "C04",
        .warning,
        "Source code mounted over the image",
        why:
            "What runs is the folder on the host and not the image that was tested; a pull or an edit changes production.",
        fix: "Move the mount to `compose.override.yaml`.",
        reference: "docs.docker.com/compose/how-tos/production",
        exceptions: "files for development; mounts of single files and of folders without Python code.",
        targets: [.compose],
        bad: [
            "compose.prod.yaml": """
            services:
              api:
                build: .
                restart: always
                volumes: ["./shop:/app/shop"]
                deploy: {resources: {limits: {memory: 512M}}}
                logging: {options: {max-size: 10m}}
            """, "shop/main.py": "",
        ],
        good: [
            "compose.prod.yaml": """
            services:
              api:
                build: .
                restart: always
                volumes: ["uploads:/app/uploads"]
                deploy: {resources: {limits: {memory: 512M}}}
                logging: {options: {max-size: 10m}}
            """, "shop/main.py": "",
        ],
        at: ["compose.prod.yaml:5"]
    ) { context in
        context.stacks.filter { $0.nature != .development }.flatMap { stack in
            stack.services.filter(\.isApp).compactMap { service in
                guard let mount = service.sourceMounts(in: context).first else { return nil }
                let place = stack.place(mount.line)
                return Finding(
                    "C04",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "\(mount.source ?? "") hides the code of \(service.name)'s image",
                    fix: "move it to compose.override.yaml"
                )
            }
        }
    }

    private static let postgresFolder = Rule(
        "C07",
        .error,
        "Volume of PostgreSQL 18 at the old place",
        why:
            "Since 18 the image keeps its data in `/var/lib/postgresql/18/docker` and refuses to start with a volume at `/var/lib/postgresql/data`.",
        fix: "Mount the volume at `/var/lib/postgresql`.",
        reference: "github.com/docker-library/postgres/issues/1364",
        exceptions: "a PGDATA of one's own; files for development are a warning.",
        targets: [.compose],
        bad: [
            "compose.yaml": """
            services:
              api:
                build: .
              db:
                image: postgres:18
                volumes: ["db:/var/lib/postgresql/data"]
            """
        ],
        good: [
            "compose.yaml": """
            services:
              api:
                build: .
              db:
                image: postgres:18
                volumes: ["db:/var/lib/postgresql"]
            """
        ],
        at: ["compose.yaml:6"]
    ) { context in
        context.stacks.flatMap { stack in
            stack.services.compactMap { service in
                guard let image = service.image, isPostgres18(image),
                    !service.environment.contains(where: { $0.name == "PGDATA" })
                else { return nil }
                guard
                    let volume = service.volumes.first(where: {
                        ["/var/lib/postgresql/data", "/var/lib/postgresql/data/"].contains($0.target)
                    })
                else {
                    return nil
                }
                let place = stack.place(volume.line)
                let isFloating = image.version.isEmpty && image.isFloating
                let severity: Severity = stack.nature == .development || isFloating ? .warning : .error
                return Finding(
                    "C07",
                    severity,
                    at: place,
                    found: context.line(place),
                    "PostgreSQL 18 and later do not start with a volume there",
                    fix: "mount it at /var/lib/postgresql",
                    patch: context.patch(place, replacing: "/var/lib/postgresql/data", with: "/var/lib/postgresql")
                )
            }
        }
    }

    private static let unsetVariable = Rule(
        "C08",
        .warning,
        "Variable that may be empty",
        why:
            "When nobody sets it, Compose puts in nothing and only warns: an empty password, an address without a host.",
        fix: "`${NAME:?set it in .env}` stops, `${NAME:-value}` has a default.",
        reference: "docs.docker.com/reference/compose-file/interpolation",
        exceptions: "files for development; variables that an env file of the project lists are a suggestion.",
        targets: [.compose],
        bad: [
            "compose.prod.yaml": """
            services:
              worker:
                image: registry.example.com/shop:1.0.0
                environment:
                  BROKER: ${BROKER_ADDRESS}
            """
        ],
        good: [
            "compose.prod.yaml": """
            services:
              worker:
                image: registry.example.com/shop:1.0.0
                environment:
                  BROKER: ${BROKER_ADDRESS:?set it}
            """
        ],
        at: ["compose.prod.yaml:5"]
    ) { context in
        context.stacks.filter { $0.nature != .development }.flatMap { stack in unset(stack, context) }
    }

    // MARK: - Private

    private static func isPostgres18(_ image: ImageReference) -> Bool {
        if image.isOfficial, image.repository == "postgres" || image.repository == "pgvector" {
            return image.version.first.map { $0 >= 18 && $0 < 100 } ?? (image.isFloating || image.tag == "alpine")
        }
        if image.repository == "postgis/postgis" { return (image.version.first ?? 0) >= 18 }
        guard image.repository == "pgvector/pgvector", let tag = image.tag, tag.hasPrefix("pg") else { return false }
        return Int(tag.dropFirst(2).prefix { $0.isNumber }).map { $0 >= 18 } ?? false
    }

    private static func unset(_ stack: ComposeStack, _ context: AuditContext) -> [Finding] {
        guard let text = context.project.text(stack.path) else { return [] }
        let listed = documented(stack, context)
        var seen: Set<String> = []
        var findings: [Finding] = []
        let lines = text.textLines
        for (index, line) in lines.enumerated() where line.contains("$") && !ImageWords.trimmed(line).hasPrefix("#") {
            for (name, form) in plainVariables(in: line) where seen.insert(name).inserted {
                let place = stack.place(index + 1)
                findings.append(
                    Finding(
                        "C08",
                        listed.contains(name) ? .info : .warning,
                        at: place,
                        found: context.line(place),
                        "\(name) is empty when nobody sets it",
                        fix: "write ${\(name):?}",
                        patch: context.patch(place, replacing: form, with: "${\(name):?set \(name)}")
                    )
                )
            }
        }
        return findings
    }

    /// `$NAME` and `${NAME}`, without `$$` and without a default.
    private static func plainVariables(in line: Substring) -> [(name: String, form: String)] {
        var found: [(String, String)] = []
        var rest = line
        while let dollar = rest.firstIndex(of: "$") {
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                rest = rest.dropFirst()
                continue
            }
            let braced = rest.first == "{"
            let name = Variables.name(in: braced ? rest.dropFirst() : rest)
            guard !name.isEmpty else { continue }
            rest = rest.dropFirst(name.count + (braced ? 1 : 0))
            if braced, rest.first != "}" { continue }
            found.append((name, braced ? "${\(name)}" : "$\(name)"))
        }
        return found
    }

    /// Names in the env files that stand beside it, and those of the shell.
    private static func documented(_ stack: ComposeStack, _ context: AuditContext) -> Set<String> {
        let folder = TreePath.folder(of: stack.path)
        let files = context.project.files.filter { path in
            let name = TreePath.name(of: path)
            return TreePath.folder(of: path) == folder
                && (name.hasPrefix(".env") || name.hasSuffix(".env") || name.contains("env.example"))
        }
        let names = files.flatMap { EnvironmentFiles.assignments(context.project.text($0) ?? "").map(\.name) }
        return Set(names).union(["PWD", "HOME", "USER", "UID", "GID", "HOSTNAME", "COMPOSE_PROJECT_NAME"])
    }
}
