extension HostName {
    /// The one form in which host names are compared: lower case, without port and final dot.
    package static func canonical(_ name: String) -> String {
        var name = name.lowercased()
        if !name.hasSuffix("]"), let colon = name.lastIndex(of: ":") { name = String(name[..<colon]) }
        if name.hasSuffix(".") { name.removeLast() }
        return name
    }

    /// The name that stands for this one and its neighbours: `*.example.com` for `www.example.com`; nil when there is
    /// none.
    package static func wildcard(over name: String) -> String? {
        guard let dot = name.firstIndex(of: "."), !name.hasPrefix("*.") else { return nil }
        return "*" + name[dot...]
    }

    /// Whether a certificate for `pattern` is good for `name`; a wildcard stands for exactly one label.
    ///
    /// > Source: RFC 6125, section 6.4.3.
    package static func covers(_ pattern: String, _ name: String) -> Bool {
        let pattern = pattern.lowercased()
        return pattern == name || (pattern.hasPrefix("*.") && wildcard(over: name) == pattern)
    }

    /// Domains that no public authority certifies, because they mean something else in each network.
    ///
    /// > Source: RFC 2606, RFC 6761, RFC 6762, RFC 8375; ICANN's reservation of `internal`.
    package static let localDomains = [
        "localhost", "test", "example", "invalid", "local", "internal", "lan", "home.arpa",
    ]

    /// Whether it is one of those domains, or a name in one.
    package static func isLocal(_ name: String) -> Bool {
        localDomains.contains { name == $0 || name.hasSuffix(".\($0)") }
    }

    /// As `isValid`, and the first label may be `*`.
    package static func isValidPattern(_ name: String) -> Bool {
        name.hasPrefix("*.") ? isValid(String(name.dropFirst(2))) : isValid(name)
    }
}
