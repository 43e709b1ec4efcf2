import Model
import Toolkit

/// One service of a Compose file that is taken over.
struct ComposeService {
    let service: Compose.Service
    let role: Role

    enum Role {
        case app
        /// A database, a queue, a tool beside them.
        case backing
        /// What stands before the app.
        case proxy
    }

    var name: String { service.name }
    var node: ConfigNode { service.node }

    /// - Parameters:
    ///   - service: as the file has it.
    ///   - dockerfile: what it is built from, when that is known.
    init(_ service: Compose.Service, dockerfile: Dockerfile? = nil) {
        self.service = service
        let role = Self.role(of: service)
        self.role = role == .app && Self.isProxy(service, dockerfile) ? .proxy : role
        isFront = dockerfile?.stages.last.map { KnownService(image: $0.base) == .proxy } ?? false
    }

    /// Its image is a server of pages and a proxy, whatever else is in it.
    let isFront: Bool

    /// `db (postgres:16)`.
    var title: String {
        let image = service.image.map { " (\(ConfigNode.printable($0)))" } ?? ""
        return ConfigNode.printable(name) + image
    }

    private static func role(of service: Compose.Service) -> Role {
        guard service.node["build"] == nil, let image = service.image else { return .app }
        switch KnownService(image: image) {
        case .proxy: return .proxy
        case nil: return .app
        default: return .backing
        }
    }

    /// A proxy that is built here for its configuration: by its base image alone, or by name where that can't be seen.
    private static func isProxy(_ service: Compose.Service, _ dockerfile: Dockerfile?) -> Bool {
        guard service.node["build"] != nil else { return false }
        // With a stage before it there are pages in it, which no other proxy has.
        if let dockerfile {
            return dockerfile.stages.count == 1 && KnownService(image: dockerfile.stages[0].base) == .proxy
        }
        let words = service.name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return words.contains { KnownService(image: $0) == .proxy || $0 == "proxy" || $0 == "ingress" }
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
        let raw =
            switch Compose.written(node) {
            case .text(let text): (try? Words.split(text)) ?? [text]
            case .words(let words): words
            }
        return raw.map { word in ComposeText.value(word).text ?? word.replacing("$$", with: "$") }
    }

    // MARK: - Network

    /// Ports that are published, those of ranges and of UDP left out.
    var ports: [(external: Int?, internal: Int)] {
        service.ports.compactMap { port in
            guard !port.isUDP, !port.isRange, !port.isOpen, let target = port.target, Self.isPort(target) else {
                return nil
            }
            return (port.published.flatMap { Self.isPort($0) ? $0 : nil }, target)
        }
    }

    var exposed: Int? {
        node["expose"]?.items.compactMap { $0.scalar.flatMap { Int($0) } }.first { Self.isPort($0) }
    }

    private static func isPort(_ number: Int) -> Bool { (1...65_535).contains(number) }

    /// Host names of Traefik's labels.
    var hosts: [String] {
        let rules = Compose.pairs(node["labels"]).filter { $0.name.hasSuffix(".rule") }.compactMap(\.value)
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
