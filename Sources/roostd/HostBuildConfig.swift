import Glibc
import Images
import Model

/// `[build]` of `roost.toml`: what builds may take and reach.
struct HostBuildConfig: Sendable {
    /// A folder with interpreters for builds.
    var pythons: String?
    var limits = BuildLimits()
    /// Registries on the host's loopback or in its private networks: `host` or `host:port`.
    var registries: [String] = []
    /// Private addresses and blocks that builds may reach, such as that of a package index.
    var networks: [String] = []

    /// - Throws: ``Fault`` `invalidConfig` naming the place of what is wrong.
    mutating func read(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): build.\(entry.key)"
            switch entry.key {
            case "pythons":
                let path = try Self.text(entry, place, "the absolute path of a folder")
                guard path.hasPrefix("/") else { throw Self.wrong(entry, place, "the absolute path of a folder") }
                pythons = path
            case "registries": registries = try Self.texts(entry, place, "an array such as [\"127.0.0.1:5000\"]")
            case "networks":
                let expected = "an array of addresses and blocks, such as [\"10.1.0.0/16\", \"fd00:1::/64\"]"
                networks = try Self.texts(entry, place, expected)
                guard networks.allSatisfy(Self.isBlock) else { throw Self.wrong(entry, place, expected) }
            case "time_limit":
                let text = try Self.text(entry, place, "a duration such as \"30m\"")
                guard let time = GoDuration.parse(text), time > .zero else {
                    throw Self.wrong(entry, place, "a duration such as \"30m\"")
                }
                limits.time = time
            case "layer_limit": limits.layer = try Self.size(entry, place)
            case "cache_limit": limits.cachedLayers = try Self.size(entry, place)
            case "app_cache_limit": limits.appCache = try Self.size(entry, place)
            default:
                let keys = "pythons, registries, networks, time_limit, layer_limit, cache_limit, app_cache_limit"
                throw Fault(.invalidConfig, "\(place): unknown key", hint: "allowed: \(keys)")
            }
        }
    }

    // MARK: - Private

    /// Bytes of `8GB`, counted as disks of Machines are.
    static func size(_ entry: ConfigNode.Entry, _ place: String) throws(Fault) -> Int64 {
        let expected = "a size such as \"8GB\""
        let text = try text(entry, place, expected)
        let units: [(String, Int64)] = [("GB", 1 << 30), ("MB", 1 << 20), ("GiB", 1 << 30), ("MiB", 1 << 20)]
        for (unit, bytes) in units where text.uppercased().hasSuffix(unit.uppercased()) {
            guard let number = Int64(text.dropLast(unit.count).filter { $0 != " " }), (1...1_000_000).contains(number)
            else { break }
            return number * bytes
        }
        throw wrong(entry, place, expected)
    }

    private static func text(_ entry: ConfigNode.Entry, _ place: String, _ expected: String) throws(Fault) -> String {
        guard case .string(let text) = entry.node.value, !text.isEmpty else { throw wrong(entry, place, expected) }
        return text
    }

    private static func texts(_ entry: ConfigNode.Entry, _ place: String, _ expected: String) throws(Fault) -> [String]
    {
        guard case .array(let nodes) = entry.node.value else { throw wrong(entry, place, expected) }
        let texts = nodes.compactMap { if case .string(let text) = $0.value, !text.isEmpty { text } else { nil } }
        guard texts.count == nodes.count else { throw wrong(entry, place, expected) }
        return texts
    }

    private static func wrong(_ entry: ConfigNode.Entry, _ place: String, _ expected: String) -> Fault {
        Fault(.invalidConfig, "\(place): found \(entry.node.summary), expected \(expected)")
    }

    /// An address or a block of either family, and nothing that means more in a firewall's rules.
    static func isBlock(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count) else { return false }
        var address = in6_addr()
        let isOld = inet_pton(AF_INET, parts[0], &address) == 1
        guard isOld || inet_pton(AF_INET6, parts[0], &address) == 1 else { return false }
        guard parts.count == 2 else { return true }
        return Int(parts[1]).map { (0...(isOld ? 32 : 128)).contains($0) } ?? false
    }
}
