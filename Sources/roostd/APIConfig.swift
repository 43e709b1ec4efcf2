import Model
import Toolkit

/// `[api]` of `roost.toml`: the port for clients on other machines.
struct APIConfig: Sendable {
    /// `host:port`; nil: the socket alone.
    var listen: String?
    /// PEM files; nil: Roost makes its own.
    var certificate: String?
    var key: String?
    /// Further names that clients know the port by.
    var names: [String] = []

    mutating func read(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column)"
            switch (entry.key, entry.node.value) {
            case ("listen", .string(let text)): listen = text
            case ("certificate", .string(let text)): certificate = text
            case ("key", .string(let text)): key = text
            case ("names", .array(let nodes)):
                names = nodes.compactMap { if case .string(let text) = $0.value { text } else { nil } }
            case ("listen", _), ("certificate", _), ("key", _):
                throw Fault(
                    .invalidConfig,
                    "\(place): api.\(entry.key): found \(entry.node.summary), expected a string"
                )
            case ("names", _):
                throw Fault(
                    .invalidConfig,
                    "\(place): api.names: found \(entry.node.summary), expected an array of strings"
                )
            default:
                throw Fault(
                    .invalidConfig,
                    "\(place): unknown key \"api.\(entry.key)\"",
                    hint: "allowed: listen, certificate, key, names"
                )
            }
        }
    }

    func validate() throws(Fault) {
        if let listen { _ = try ListenFlag.parse(listen) }
        guard (certificate == nil) == (key == nil) else {
            throw Fault(.invalidConfig, "[api]: certificate and key belong together, found only one of them")
        }
        for path in [certificate, key].compactMap({ $0 }) where !path.hasPrefix("/") {
            throw Fault(.invalidConfig, "[api]: expected the absolute path of a PEM file, found \"\(path)\"")
        }
    }

    /// What clients may call the port: its own address and this host's names.
    func allNames(host: String, address: String) -> [String] {
        let own = ["0.0.0.0", "::", ""].contains(address) ? [] : [address]
        var all: [String] = []
        for name in own + ["localhost", "127.0.0.1", "::1", host] + names where !all.contains(name) { all.append(name) }
        return all
    }
}
