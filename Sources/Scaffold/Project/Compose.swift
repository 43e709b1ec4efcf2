import Model
import Toolkit

/// A Compose file: what stands in it, taken apart once for all who ask.
struct Compose: Sendable {
    /// The file's path in the project.
    let path: String
    let services: [Service]

    /// People write no file with more services.
    private static let mostServices = 200

    init(_ root: ConfigNode, path: String) {
        self.path = path
        services = (root["services"]?.entries ?? []).prefix(Self.mostServices).map { Service($0, path: path) }
    }

    /// The build of a service, or of the one beside it that makes the image that it runs.
    func build(of service: Service) -> DeclaredBuild? {
        if let own = service.build { return own }
        guard service.node["build"] == nil, let image = service.image else { return nil }
        let maker = services.first { $0.node["build"] != nil && $0.image == image }
        return maker.flatMap { DeclaredBuilds.build(of: $0.node, name: service.name, file: path) }
    }

    /// `environment`, `args` or `labels`: a table, or a list of `name=value`; a value that is nil is taken over from the
    /// shell.
    static func pairs(_ node: ConfigNode?) -> [Variable] {
        let table = (node?.entries ?? []).map {
            Variable(name: $0.key, value: $0.node.scalar, line: $0.keyPosition.line)
        }
        return table
            + (node?.items ?? []).compactMap { item in
                guard let text = item.scalar else { return nil }
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = parts.count > 1 ? String(parts[1]) : nil
                return Variable(name: String(parts[0].blanksTrimmed), value: value, line: item.position.line)
            }
    }

    /// A command as it is written; text is split by Compose itself, no shell takes part.
    static func written(_ node: ConfigNode) -> CommandReader.Written {
        if let text = node.string { return .text(text) }
        return .words(node.items.compactMap(\.scalar))
    }
}

extension Compose {
    struct Service: Sendable {
        let name: String
        /// All that stands below its name.
        let node: ConfigNode
        let line: Int
        /// The path of its file.
        let path: String

        init(_ entry: ConfigNode.Entry, path: String) {
            name = entry.key
            node = entry.node
            line = entry.keyPosition.line
            self.path = path
        }

        /// As written.
        var image: String? { node["image"]?.string }

        var build: DeclaredBuild? { DeclaredBuilds.build(of: node, name: name, file: path) }

        /// Its variables; quotes around a value that a list has are taken off.
        var environment: [Variable] {
            let table = node["environment"]
            let isList = table?.entries.isEmpty == true
            return Compose.pairs(table).map { pair in
                guard isList, let value = pair.value else { return pair }
                return Variable(name: pair.name, value: value.quotesTrimmed, line: pair.line)
            }
        }

        /// Those that say their value in the file.
        var knownEnvironment: [String: String] {
            let pairs = environment.compactMap { pair in
                pair.value.map { (pair.name, Variables.expand($0) { _ in nil }) }
            }
            return Dictionary(pairs) { _, last in last }.filter { !$0.value.contains("$") }
        }

        var ports: [Port] { (node["ports"]?.items ?? []).compactMap(Port.init) }

        var volumes: [Volume] { (node["volumes"]?.items ?? []).compactMap(Volume.init) }

        /// `entrypoint` and `command` as one line.
        var commandText: String {
            let parts = [node["entrypoint"], node["command"]].compactMap { $0 }
            return parts.map { $0.string ?? $0.items.compactMap(\.scalar).joined(separator: " ") }.joined(
                separator: " "
            )
        }
    }

    struct Variable: Sendable {
        var name: String
        /// As written, `${DB_URL:?set it}`; nil when it is taken over from the shell.
        var value: String?
        var line: Int
    }

    struct Port: Sendable {
        /// Nil for all interfaces.
        var host: String?
        /// Nil when Docker chooses one, or a variable says it.
        var published: Int?
        /// Nil when a variable says it.
        var target: Int?
        var isPublished: Bool
        var isUDP = false
        /// Several ports at once: `8000-8010`.
        var isRange = false
        /// A variable without a default is in it.
        var isOpen = false
        var line: Int

        /// `8000`, `8000:8000`, `127.0.0.1:5432:5432/tcp`, `${PORT:-80}:80`, or a table.
        init?(_ node: ConfigNode) {
            line = node.position.line
            if let number = node["target"]?.integer {
                target = number
                published = node["published"]?.integer
                host = node["host_ip"]?.string
                isPublished = node["published"] != nil
                isUDP = node["protocol"]?.string == "udp"
                return
            }
            guard let text = node.scalar else { return nil }
            let filled = Variables.expand(text) { _ in nil }
            var parts = filled.prefix { $0 != "/" }.split(separator: ":", omittingEmptySubsequences: false)
                .map(String.init)
            guard let last = parts.popLast() else { return nil }
            let first = parts.popLast()
            target = Int(last.prefix { $0.isNumber })
            published = first.flatMap { Int($0.prefix { $0.isNumber }) }
            host = parts.isEmpty ? nil : parts.joined(separator: ":")
            isPublished = true
            isUDP = filled.hasSuffix("/udp")
            isRange = last.contains("-")
            isOpen = filled.contains("$")
        }
    }

    struct Volume: Sendable {
        /// As written; nil for an anonymous volume.
        var source: String?
        var target: String
        /// `bind`, `volume`, `tmpfs`, where the file says it.
        var type: String?
        var line: Int
        var isReadOnly: Bool

        init?(_ node: ConfigNode) {
            line = node.position.line
            if let target = node["target"]?.string {
                self.target = target
                source = node["source"]?.string
                type = node["type"]?.string
                isReadOnly = node["read_only"]?.scalar == "true"
                return
            }
            guard let text = node.string else { return nil }
            let parts = Variables.expand(text) { _ in nil }.split(separator: ":").map(String.init)
            guard let first = parts.first else { return nil }
            source = parts.count > 1 ? first : nil
            target = parts.count > 1 ? parts[1] : first
            isReadOnly = parts.count > 2 && parts[2].split(separator: ",").contains("ro")
        }

        /// A folder or file of the host, not a volume of Docker's.
        var isBind: Bool {
            if let type { return type == "bind" }
            guard let source else { return false }
            return source.hasPrefix(".") || source.hasPrefix("/") || source.hasPrefix("~") || source.hasPrefix("$PWD")
        }

        /// A volume of Docker's that has a name.
        var isNamed: Bool { source?.isEmpty == false && !isBind && type != "tmpfs" }
    }
}
