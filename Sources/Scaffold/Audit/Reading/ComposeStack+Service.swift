import Model
import Toolkit

extension ComposeStack {
    struct Service: Sendable {
        enum Kind: Sendable { case app, database, cache, broker, proxy, other }

        struct Port: Sendable {
            /// Nil for all interfaces.
            var host: String?
            /// Nil when Docker chooses one, or a variable says it.
            var published: Int?
            var target: Int?
            var isPublished: Bool
            var line: Int
        }

        struct Volume: Sendable {
            /// As written; nil for an anonymous volume.
            var source: String?
            var target: String
            var line: Int

            /// A folder or file of the host, not a volume of Docker's.
            var isBind: Bool {
                guard let source else { return false }
                return source.hasPrefix(".") || source.hasPrefix("/") || source.hasPrefix("~")
                    || source.hasPrefix("$PWD")
            }
        }

        struct Variable: Sendable {
            var name: String
            /// Nil when it is taken over from the shell.
            var value: String?
            var line: Int
        }

        let name: String
        let node: ConfigNode
        let line: Int
        let kind: Kind
        let image: ImageReference?
        let environment: [Variable]
        let ports: [Port]
        let volumes: [Volume]
        let build: DeclaredBuild?
        private let folder: String

        init(_ entry: ConfigNode.Entry, path: String, in context: AuditContext) {
            name = entry.key
            node = entry.node
            line = entry.keyPosition.line
            folder = TreePath.folder(of: path)
            image = node["image"]?.string.flatMap { ImageReference(Variables.expand($0) { _ in nil }) }
            environment = Self.variables(node["environment"])
            ports = (node["ports"]?.items ?? []).compactMap(Self.port)
            volumes = (node["volumes"]?.items ?? []).compactMap(Self.volume)
            build = DeclaredBuild.one(of: node, name: entry.key, file: path)
            kind = Self.kind(entry, image: image, build: build, in: context)
        }

        /// Runs this project's own code.
        var isApp: Bool { kind == .app }

        /// Runs once and ends: `restart: "no"`, a command that migrates.
        var isOneShot: Bool {
            if node["restart"]?.scalar == "no" || node["restart"]?.scalar == "false" { return true }
            if ["migrate", "migrations", "migration", "prestart", "init", "setup", "seed"].contains(name.lowercased()) {
                return true
            }
            return Migrating.isCommand(commandText)
        }

        var commandText: String {
            let parts = [node["entrypoint"], node["command"]].compactMap { $0 }
            return parts.map { $0.string ?? $0.items.compactMap(\.scalar).joined(separator: " ") }.joined(
                separator: " "
            )
        }

        /// A server that starts again with every change, or waits for a debugger.
        var reloads: Bool {
            let words = commandText.split(whereSeparator: \.isWhitespace)
            return words.contains { $0 == "--reload" || $0 == "debugpy" || $0 == "watchfiles" || $0 == "runserver" }
                || commandText.contains("fastapi dev") || commandText.contains("flask run")
        }

        /// Its Dockerfile or stage has a developer's name.
        var buildsForDevelopment: Bool {
            guard let build else { return false }
            return ProductionStage.isAside(TreePath.name(of: build.dockerfile))
                || ProductionStage.isAside(build.target ?? "")
        }

        func publishes(_ numbers: Set<Int>) -> Bool { ports.contains { $0.published.map(numbers.contains) ?? false } }

        /// Bind mounts whose folder holds the project's code.
        func sourceMounts(in context: AuditContext) -> [Volume] {
            volumes.filter { volume in
                guard volume.isBind, let source = volume.source, !source.hasPrefix("/"), !source.hasPrefix("~") else {
                    return false
                }
                let path = TreePath.joined(folder, source)
                guard !context.project.has(path) else { return false }
                return context.project.files.contains { $0.hasSuffix(".py") && TreePath.lies($0, in: path) }
            }
        }
    }
}

extension ComposeStack.Service {
    private static let databases: Set<String> = [
        "postgres", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "mysql", "mariadb", "mongo", "mongodb",
        "cockroach",
        "percona", "mssql", "sqlserver", "oracle", "elasticsearch", "opensearch", "neo4j", "clickhouse-server",
        "clickhouse",
        "cassandra", "influxdb", "couchdb", "qdrant", "weaviate", "milvus", "postgresql", "edgedb", "scylla", "server",
    ]
    private static let caches: Set<String> = [
        "redis", "valkey", "memcached", "keydb", "dragonfly", "redis-stack", "redis-stack-server",
    ]
    private static let brokers: Set<String> = [
        "rabbitmq", "kafka", "nats", "cp-kafka", "zookeeper", "activemq", "pulsar", "redpanda",
    ]
    private static let proxies: Set<String> = [
        "nginx", "traefik", "caddy", "haproxy", "httpd", "envoy", "nginx-proxy", "nginx-unprivileged",
        "nginx-proxy-manager",
    ]

    private static func kind(
        _ entry: ConfigNode.Entry,
        image: ImageReference?,
        build: DeclaredBuild?,
        in context: AuditContext
    ) -> Kind {
        if let build {
            let file = context.dockerfiles[build.dockerfile]
            let last = file?.stages.last.flatMap { stage in file.map { $0.image(of: stage).base } }.flatMap {
                ImageReference($0)
            }
            if let kind = last.flatMap(kind(of:)), kind != .other { return kind }
            let isPython =
                file.map { file in file.stages.contains { $0.base.lowercased().contains("python") } } ?? false
            let holdsApp =
                TreePath.lies(context.facts.root, in: build.context)
                || TreePath.lies(build.context, in: context.facts.root)
            return isPython || (holdsApp && !hasForeignBase(file)) || build.dockerfile == context.dockerfile?.path
                ? .app : .other
        }
        if let image {
            if let kind = kind(of: image) { return kind }
            if image.isOfficial && image.repository == "python" { return .app }
        }
        // An image that nothing is known of, named by a variable: the one that is built elsewhere from this project.
        let text = entry.node["image"]?.string ?? ""
        return text.contains("$") && (entry.node["environment"] != nil || entry.node["env_file"] != nil) ? .app : .other
    }

    private static func hasForeignBase(_ file: Dockerfile?) -> Bool {
        guard let file, let last = file.stages.last else { return false }
        let base = file.image(of: last).base.lowercased()
        return ["node", "bun", "deno", "golang", "ruby", "php"].contains { base.hasPrefix($0) }
    }

    /// What an image of others is; nil for one's own and for those that are not known.
    static func kind(of image: ImageReference) -> Kind? {
        let name = TreePath.name(of: image.repository)
        if name == "server", !image.repository.contains("mssql") { return nil }
        if databases.contains(name) { return .database }
        if caches.contains(name) { return .cache }
        if brokers.contains(name) { return .broker }
        return proxies.contains(name) ? .proxy : nil
    }

    private static func variables(_ node: ConfigNode?) -> [Variable] {
        guard let node else { return [] }
        let pairs = node.entries.map { Variable(name: $0.key, value: $0.node.scalar, line: $0.keyPosition.line) }
        return pairs
            + node.items.compactMap { item in
                guard let text = item.scalar else { return nil }
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = parts.count == 2 ? String(parts[1]).quotesTrimmed : nil
                return Variable(name: String(parts[0].blanksTrimmed), value: value, line: item.position.line)
            }
    }

    /// `8000`, `8000:8000`, `127.0.0.1:5432:5432/tcp`, `${PORT:-80}:80`, or a table.
    private static func port(_ node: ConfigNode) -> Port? {
        let line = node.position.line
        if let target = node["target"]?.integer {
            let published = node["published"]?.scalar
            let host = node["host_ip"]?.string
            return Port(
                host: host,
                published: published.flatMap { Int($0) },
                target: target,
                isPublished: published != nil,
                line: line
            )
        }
        guard let text = node.scalar else { return nil }
        let filled = Variables.expand(text) { _ in nil }.prefix { $0 != "/" }
        var parts = filled.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let last = parts.popLast() else { return nil }
        let published = parts.popLast()
        let host = parts.isEmpty ? nil : parts.joined(separator: ":")
        let target = Int(last.prefix { $0.isNumber })
        return Port(
            host: host,
            published: published.flatMap { Int($0.prefix { $0.isNumber }) },
            target: target,
            isPublished: true,
            line: line
        )
    }

    private static func volume(_ node: ConfigNode) -> Volume? {
        let line = node.position.line
        if let target = node["target"]?.string {
            return Volume(source: node["source"]?.string, target: target, line: line)
        }
        guard let text = node.string else { return nil }
        let parts = Variables.expand(text) { _ in nil }.split(separator: ":").map(String.init)
        guard let first = parts.first else { return nil }
        return parts.count == 1
            ? Volume(source: nil, target: first, line: line) : Volume(source: first, target: parts[1], line: line)
    }
}

extension AuditContext {
    /// Whether an image may be the project's own: it is not one of the well-known ones.
    func isOwnImage(_ node: ConfigNode?) -> Bool {
        guard let text = node?.string else { return false }
        guard let image = ImageReference(text) else { return true }
        let tools: Set<String> = [
            "busybox", "alpine", "debian", "ubuntu", "fluent-bit", "cloud-sql-proxy", "curl", "kubectl", "envoy",
        ]
        return ComposeStack.Service.kind(of: image) == nil && !tools.contains(TreePath.name(of: image.repository))
    }
}

extension ComposeStack.Service.Port {
    /// Anyone who reaches the host reaches it.
    var isOpenToAll: Bool {
        guard isPublished else { return false }
        guard let host else { return true }
        return ["0.0.0.0", "::", "[::]", ""].contains(host)
    }
}

extension DeclaredBuild {
    static func one(of service: ConfigNode, name: String, file: String) -> DeclaredBuild? {
        DeclaredBuilds.build(of: service, name: name, file: file)
    }
}

extension ConfigNode {
    /// A whole number, also one in quotes.
    var integer: Int? {
        switch value {
        case .integer(let number): Int(exactly: number)
        case .string(let text): Int(text)
        default: nil
        }
    }
}
