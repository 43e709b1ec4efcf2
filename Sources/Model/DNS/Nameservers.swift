/// The servers that a `resolv.conf` names.
package enum Nameservers {
    /// At most three, in their order.
    ///
    /// > Source: `resolv.conf(5)`: MAXNS is 3.
    package static func parse(_ text: String) -> [String] { Array(all(text).prefix(3)) }

    /// Those that can be reached from another network namespace: not on a loopback or link-local address.
    package static func reachable(_ text: String) -> [String] {
        let far = all(text).filter { !$0.hasPrefix("127.") && $0 != "::1" && !$0.lowercased().hasPrefix("fe80:") }
        return Array(far.prefix(3))
    }

    private static func all(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, words[0] == "nameserver" else { return nil }
            return String(words[1])
        }
    }
}
