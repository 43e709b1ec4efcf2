/// An address of an app for callers of one private network, at which the edge answers as it does outside: Flycast.
///
/// It has the network in it, and the host number 0:1, which no host has: `fdaa:NET:NET:0:1::N`.
///
/// > Source: `proxy-dns`, section 13.1; `cluster`, section 3.2, for the reserved number.
package struct PrivateAddress: Hashable, Sendable {
    package var address: String
    package var createdAt: Timestamp

    package init(address: String, createdAt: Timestamp) {
        self.address = address
        self.createdAt = createdAt
    }

    /// The network whose Machines reach it.
    package var network: UInt32 { AppNetwork.number(of: address) ?? AppNetwork.default.number }

    /// The address with that number in a network, in its shortest form.
    package static func text(network: UInt32, number: UInt16) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        (bytes[0], bytes[1]) = (0xfd, 0xaa)
        for place in 0..<4 { bytes[2 + place] = UInt8(truncatingIfNeeded: network >> (24 - 8 * place)) }
        bytes[9] = 1
        (bytes[14], bytes[15]) = (UInt8(number >> 8), UInt8(number & 0xff))
        return IPAddress(bytes: bytes[...]).text
    }

    /// One that nobody has, chosen at random: so that an address which was given back leads nobody to its next owner.
    ///
    /// - Returns: nil where nearly all numbers of the network are given.
    package static func free(
        network: UInt32,
        used: Set<String>,
        using random: inout some RandomNumberGenerator
    ) -> String? {
        for _ in 0..<1000 {
            let text = text(network: network, number: .random(in: 1...UInt16.max, using: &random))
            if !used.contains(text) { return text }
        }
        return nil
    }

    /// What matches all of them, in every network: a mask, and what is left under it.
    package static let all = (mask: "ffff:0:0:ffff:ffff:ffff:ffff:0", value: "fdaa:0:0:0:1::")

    /// The port at the bridge's own address where the edge takes what Machines send to them.
    package static let port = 4281

    /// The host name that leads to an app's address in the caller's network.
    package static func name(of app: String) -> String { "\(app).flycast" }
}

extension PrivateAddress: KeyedForm {
    package static var blank: PrivateAddress { PrivateAddress(address: "", createdAt: Timestamp(milliseconds: 0)) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("address", &address)
        try form.field("createdAt", &createdAt)
    }
}

/// By which of its host's families of addresses an app is reached from outside; both, if nothing was closed.
package struct PublicReach: Hashable, Sendable {
    package var ipv4: Bool
    package var ipv6: Bool

    package init(ipv4: Bool = true, ipv6: Bool = true) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    /// No client outside reaches it.
    package static let none = PublicReach(ipv4: false, ipv6: false)

    package var isClosed: Bool { !ipv4 && !ipv6 }

    /// Whether a connection that arrived at an address of that family may be for it.
    package func admits(isIPv6: Bool) -> Bool { isIPv6 ? ipv6 : ipv4 }

    /// What is left without one family; nothing at all where the host listens on no other one.
    ///
    /// What is closed as a whole stays closed when the host begins to listen elsewhere.
    package func without(isIPv6: Bool, ofHost host: PublicReach) -> PublicReach {
        var left = self
        if isIPv6 { left.ipv6 = false } else { left.ipv4 = false }
        return (left.ipv4 && host.ipv4) || (left.ipv6 && host.ipv6) ? left : .none
    }
}

extension PublicReach: KeyedForm {
    package static var blank: PublicReach { PublicReach() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("ipv4", &ipv4)
        try form.field("ipv6", &ipv6)
    }
}
