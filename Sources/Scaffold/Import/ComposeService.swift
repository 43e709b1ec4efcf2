import Model
import Toolkit

/// One service of a Compose file.
struct ComposeService {
    let name: String
    let node: ConfigNode
    let role: Role

    enum Role {
        case app
        /// A database, a queue, a tool beside them.
        case backing
        /// What stands before the app.
        case proxy
    }

    /// - Parameters:
    ///   - name: the service's.
    ///   - node: what stands below it.
    ///   - dockerfile: what it is built from, when that is known.
    init(_ name: String, _ node: ConfigNode, dockerfile: Dockerfile? = nil) {
        self.name = name
        self.node = node
        let role = Self.role(of: node)
        self.role = role == .app && Self.isProxy(name, node, dockerfile) ? .proxy : role
        isFront = dockerfile?.stages.last.map { Self.proxies.contains(Self.imageName($0.base)) } ?? false
    }

    /// Its image is a server of pages and a proxy, whatever else is in it.
    let isFront: Bool

    /// `db (postgres:16)`.
    var title: String {
        let image = node["image"]?.string.map { " (\(ConfigNode.printable($0)))" } ?? ""
        return ConfigNode.printable(name) + image
    }

    private static let proxies: Set<String> = [
        "nginx", "traefik", "caddy", "haproxy", "envoy", "nginx-proxy", "docker-socket-proxy",
    ]
    private static let backings: Set<String> = [
        "postgres", "postgis", "pgvector", "timescaledb", "mysql", "mariadb", "percona", "mongo", "redis", "valkey",
        "dragonfly",
        "keydb", "rabbitmq", "memcached", "elasticsearch", "opensearch", "minio", "kafka", "cp-kafka", "zookeeper",
        "nats",
        "mosquitto", "clickhouse-server", "cockroach", "influxdb", "neo4j", "qdrant", "weaviate", "chroma",
        "meilisearch",
        "typesense", "adminer", "pgadmin4", "phpmyadmin", "mongo-express", "mailhog", "mailpit", "mailcatcher",
        "maildev",
        "localstack", "prometheus", "grafana", "jaeger", "loki", "otel-collector", "redisinsight", "vault", "consul",
        "etcd",
    ]

    private static func role(of node: ConfigNode) -> Role {
        guard node["build"] == nil, let image = node["image"]?.string else { return .app }
        let name = imageName(image)
        if proxies.contains(name) { return .proxy }
        return backings.contains(name) || name.hasPrefix("postgres") || name.hasPrefix("redis") ? .backing : .app
    }

    /// `nginx` of `docker.io/library/nginx:1.29`.
    private static func imageName(_ image: String) -> String {
        let path = image.prefix { $0 != "@" }.split(separator: "/").last ?? ""
        return String(path.prefix { $0 != ":" }).lowercased()
    }

    /// A proxy that is built here for its configuration: by its base image alone, or by name where that can't be seen.
    private static func isProxy(_ name: String, _ node: ConfigNode, _ dockerfile: Dockerfile?) -> Bool {
        guard node["build"] != nil else { return false }
        // With a stage before it there are pages in it, which no other proxy has.
        if let dockerfile {
            return dockerfile.stages.count == 1 && proxies.contains(imageName(dockerfile.stages[0].base))
        }
        let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return words.contains { proxies.contains($0) || $0 == "proxy" || $0 == "ingress" }
    }

    /// Built the same way, or of the same image.
    func isSameImage(as other: ComposeService) -> Bool {
        if let image = node["image"], let theirs = other.node["image"] { return image.scalar == theirs.scalar }
        guard let build = node["build"], let theirs = other.node["build"] else { return false }
        func parts(_ build: ConfigNode) -> [String?] {
            [build.string ?? build["context"]?.string ?? ".", build["dockerfile"]?.string, build["target"]?.string]
        }
        return parts(build) == parts(theirs)
    }

    // MARK: - Commands

    /// The port that its own command names.
    var commandPort: Int? { ServerCommand.parse(Self.words(node["command"]))?.portNumber }

    /// Its own command starts a web server.
    var startsServer: Bool {
        ServerCommand.parse(Self.words(node["command"])).map { $0.server != .own } ?? false
    }

    /// As `fly.toml` takes it; nil for the image's own.
    var command: String? { command(port: nil) }

    func command(port: Int?) -> String? {
        let words = Self.words(node["entrypoint"]) + Self.words(node["command"])
        guard !words.isEmpty else { return nil }
        return ImportedCommand.words(words, port: port)
    }

    /// A list, or a string that Compose splits without a shell.
    private static func words(_ node: ConfigNode?) -> [String] {
        guard let node else { return [] }
        let raw = node.string.map { (try? Words.split($0)) ?? [$0] } ?? node.items.compactMap(\.scalar)
        return raw.map { word in ComposeText.value(word).text ?? word.replacing("$$", with: "$") }
    }

    // MARK: - Network

    /// Ports that are published, those of ranges and of UDP left out.
    var ports: [(external: Int?, internal: Int)] {
        (node["ports"]?.items ?? []).compactMap { item in
            if let target = item["target"]?.scalar.flatMap({ Int($0) }) {
                guard item["protocol"]?.string != "udp", Self.isPort(target) else { return nil }
                return (item["published"]?.scalar.flatMap { Int($0) }.flatMap { Self.isPort($0) ? $0 : nil }, target)
            }
            guard let text = item.scalar.flatMap({ ComposeText.value($0).text }), !text.hasSuffix("/udp") else {
                return nil
            }
            let numbers = text.replacing("/tcp", with: "").split(separator: ":").map { Int($0) }
            guard let last = numbers.last, let target = last, Self.isPort(target) else { return nil }
            let published = numbers.count > 1 ? numbers[numbers.count - 2] : nil
            return (published.flatMap { Self.isPort($0) ? $0 : nil }, target)
        }
    }

    var exposed: Int? {
        node["expose"]?.items.compactMap { $0.scalar.flatMap { Int($0) } }.first { Self.isPort($0) }
    }

    private static func isPort(_ number: Int) -> Bool { (1...65_535).contains(number) }

    /// Host names of Traefik's labels.
    var hosts: [String] {
        let rules = ComposeText.pairs(node["labels"]).filter { $0.name.hasSuffix(".rule") }.compactMap(\.value)
        let names = rules.flatMap { $0.matches(of: /Host\(`([^`]*)`\)/).map { String($0.output.1).lowercased() } }
        return names.filter { HostName.isValid($0) }
    }

    // MARK: - Size and number

    var guest: MachineConfig.Guest? {
        let limits = node.at("deploy", "resources", "limits")
        let cpus = limits?["cpus"] ?? node["cpus"]
        let memory = limits?["memory"] ?? node["mem_limit"]
        return ImportedApp.guest(
            cpus: cpus?.scalar.flatMap { ComposeText.value($0).text }.flatMap(ImportedApp.cpus),
            memoryMiB: memory?.scalar.flatMap { ComposeText.value($0).text }.flatMap(ImportedApp.mebibytes)
        )
    }

    var replicas: Int? {
        (node.at("deploy", "replicas") ?? node["scale"])?.scalar.flatMap { Int($0) }
    }

    var restart: MachineConfig.Restart? {
        guard let text = node["restart"]?.scalar else { return nil }
        switch text {
        case "no", "false": return MachineConfig.Restart(policy: .no, maxRetries: 0)
        case _ where text.hasPrefix("on-failure"):
            let count = text.split(separator: ":").last.flatMap { Int($0) } ?? 10
            return MachineConfig.Restart(policy: .onFailure, maxRetries: min(max(count, 0), 1_000_000))
        default: return MachineConfig.Restart(policy: .always)
        }
    }
}
