/// A name that stands for an address in a Machine's `/etc/hosts`: `db`, as the project's Compose file calls its database.
package struct HostAlias: Equatable, Sendable {
    package var name: String
    /// An IPv4 or IPv6 address.
    package var address: String

    package init(_ name: String, _ address: String) {
        self.name = name
        self.address = address
    }

    /// Whether text can be a name of one line in `/etc/hosts` that hides nothing of the platform's own.
    package static func isName(_ text: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
        }
        return (1...63).contains(text.utf8.count) && text.utf8.allSatisfy { isPlain($0) || $0 == 45 || $0 == 95 }
            && text.utf8.first.map(isPlain) ?? false && text.lowercased() != "localhost"
    }
}

extension MachineConfig {
    /// Names of other Machines that its program looks for, beside the platform's own.
    package var hosts: [HostAlias] {
        get {
            (metadata[Self.hostsKey] ?? "").split(separator: " ").compactMap { pair in
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, HostAlias.isName(parts[0]),
                    parts[1].contains(where: { $0 == "." || $0 == ":" }),
                    parts[1].utf8.allSatisfy({ $0.isHexDigit || $0 == 46 || $0 == 58 })
                else { return nil }
                return HostAlias(parts[0], parts[1])
            }
        }
        set {
            let text = newValue.map { "\($0.name)=\($0.address)" }.joined(separator: " ")
            metadata[Self.hostsKey] = text.isEmpty ? nil : text
        }
    }

    private static let hostsKey = "roost_hosts"
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (48...57).contains(self) || (97...102).contains(self) || (65...70).contains(self)
    }
}
