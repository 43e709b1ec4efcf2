import Edge
import Model

/// `[network]` of `roost.toml`: what Machines may reach, and whom they are told of.
struct NetworkConfig: Sendable {
    /// Private addresses and blocks that Machines may reach, such as a database beside the host.
    var reach: [String] = []
    var resolver = NameServer.Settings()

    /// - Throws: ``Fault`` `invalidConfig` naming the place of what is wrong.
    mutating func read(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): network.\(entry.key)"
            switch (entry.key, entry.node.value) {
            case ("reach", .array(let nodes)):
                reach = try Self.addresses(nodes, place, "addresses and blocks, such as [\"10.1.0.0/16\"]") {
                    HostBuildConfig.isBlock($0)
                }
            case ("nameservers", .array(let nodes)):
                resolver.upstreams = try Self.addresses(nodes, place, "addresses, such as [\"192.0.2.53\"]") {
                    !$0.contains("/") && HostBuildConfig.isBlock($0)
                }
            case ("ipv4_names", .boolean(let flag)): resolver.answersIPv4 = flag
            case ("reach", _), ("nameservers", _):
                throw Fault(.invalidConfig, "\(place): found \(entry.node.summary), expected an array of strings")
            case ("ipv4_names", _):
                throw Fault(.invalidConfig, "\(place): found \(entry.node.summary), expected true or false")
            default:
                throw Fault(
                    .invalidConfig,
                    "\(place): unknown key",
                    hint: "allowed: reach, nameservers, ipv4_names"
                )
            }
        }
    }

    private static func addresses(
        _ nodes: [ConfigNode],
        _ place: String,
        _ expected: String,
        _ isRight: (String) -> Bool
    ) throws(Fault) -> [String] {
        var all: [String] = []
        for node in nodes {
            guard case .string(let text) = node.value, isRight(text) else {
                throw Fault(.invalidConfig, "\(place): found \(node.summary), expected \(expected)")
            }
            all.append(text)
        }
        return all
    }
}
