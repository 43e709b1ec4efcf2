/// The DNS servers that Machines are told of.
enum Nameservers {
    /// Those of the host that are reachable from another network namespace.
    ///
    /// systemd-resolved writes its own loopback address into `/etc/resolv.conf`, and the real ones elsewhere.
    static func ofHost() -> [String] {
        for path in ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"] {
            let found = parse(KernelFile.read(path) ?? "")
            if !found.isEmpty { return found }
        }
        return []
    }

    /// The servers of a `resolv.conf` that are not on a loopback or link-local address, at most three.
    ///
    /// > Source: `resolv.conf(5)`: MAXNS is 3.
    static func parse(_ text: String) -> [String] {
        let all = text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, words[0] == "nameserver" else { return nil }
            return String(words[1])
        }
        return Array(
            all.filter { !$0.hasPrefix("127.") && $0 != "::1" && !$0.lowercased().hasPrefix("fe80:") }.prefix(3)
        )
    }
}
