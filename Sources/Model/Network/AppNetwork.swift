/// A private network of the organisation's: its apps reach one another, and nobody else's do.
package struct AppNetwork: Hashable, Sendable {
    /// Unique; letters, digits, dashes.
    package var name: String
    /// The 32 bits that its addresses have behind `fdaa`; given once, and never to another.
    package var number: UInt32

    package init(name: String, number: UInt32) {
        self.name = name
        self.number = number
    }

    /// The network of all apps that name none.
    ///
    /// Number 0 is the hosts' own.
    ///
    /// > Source: `cluster`, section 3.2.
    package static let `default` = AppNetwork(name: "default", number: 1)

    /// Refuses what can't be the name of a network.
    ///
    /// > Source: `proxy-dns`, section 17.2.
    package static func validate(name: String) throws(Fault) {
        let letters = name.utf8.allSatisfy {
            (97...122).contains($0 | 0x20) || (48...57).contains($0) || $0 == 45
        }
        guard letters, (1...63).contains(name.utf8.count), name.first?.isLetter == true else {
            throw Fault(
                .invalidConfig,
                "\"\(name)\" can't be the name of a network",
                hint: "1 to 63 letters, digits and dashes, a letter first: staging"
            )
        }
    }

    /// The number of the network that a 6PN address is in; nil for any other address.
    package static func number(of address: String) -> UInt32? { IPAddress(address).flatMap { number(of: $0) } }

    /// The same.
    package static func number(of address: IPAddress) -> UInt32? {
        let bytes = address.bytes
        guard bytes.count == 16, bytes.starts(with: [0xfd, 0xaa]) else { return nil }
        return bytes.long(2)
    }
}

extension AppNetwork: KeyedForm {
    package static var blank: AppNetwork { .default }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.need("number", &number)
    }
}
