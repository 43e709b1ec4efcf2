#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable {
    /// 4 or 16 of them; an IPv4 address in IPv6's form counts as IPv4.
    package let bytes: [UInt8]
    /// As it was written, without brackets, port and zone.
    package let text: String

    /// Takes an address as it is written, without a port.
    package init?(_ text: some StringProtocol) {
        let text = String(text.prefix { $0 != "%" })
        var bytes = [UInt8](repeating: 0, count: 16)
        let isIPv6 = text.contains(":")
        guard text.utf8.count < 64, inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 else { return nil }
        let mapped = isIPv6 && bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        self.bytes = isIPv6 ? (mapped ? Array(bytes[12...]) : bytes) : Array(bytes[..<4])
        self.text = mapped ? bytes[12...].map { "\($0)" }.joined(separator: ".") : text
    }

    /// Takes 4 or 16 bytes.
    package init(bytes: ArraySlice<UInt8>) {
        var raw = Array(bytes)
        var text = [CChar](repeating: 0, count: 64)
        inet_ntop(raw.count == 4 ? AF_INET : AF_INET6, &raw, &text, 64)
        self.bytes = raw
        self.text = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Takes an element of `X-Forwarded-For`: `203.0.113.9`, `203.0.113.9:4711`, `[2001:db8::1]:443`.
    package init?(forwarded text: some StringProtocol) {
        var rest = text.drop { $0 == " " || $0 == "\t" || $0 == "\"" }
        while let last = rest.last, last == " " || last == "\t" || last == "\"" { rest.removeLast() }
        if rest.first == "[" {
            self.init(rest.dropFirst().prefix { $0 != "]" })
        } else if rest.contains("."), let colon = rest.lastIndex(of: ":"), rest.firstIndex(of: ":") == colon {
            self.init(rest[..<colon])
        } else {
            self.init(rest)
        }
    }
}

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or a single one.
package struct AddressBlock: Hashable, Sendable {
    private let network: [UInt8]
    private let bits: Int

    /// - Throws: ``Fault`` `invalidConfig`.
    package init(_ text: String) throws(Fault) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = parts.first.flatMap({ IPAddress($0) }) else { throw Self.fault(text) }
        let most = address.bytes.count * 8
        guard let bits = parts.count == 2 ? Int(parts[1]) : most, (0...most).contains(bits) else {
            throw Self.fault(text)
        }
        network = address.bytes
        self.bits = bits
    }

    /// Whether an address is of the block; none of the other family is.
    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == network.count else { return false }
        let whole = bits / 8
        guard address.bytes[..<whole] == network[..<whole] else { return false }
        let rest = bits % 8
        return rest == 0 || (address.bytes[whole] ^ network[whole]) >> (8 - UInt8(rest)) == 0
    }

    private static func fault(_ text: String) -> Fault {
        Fault(
            .invalidConfig,
            "\"\(text)\" is no address and no range of addresses",
            hint: "for example 127.0.0.1, 10.0.0.0/8 or fd00::/8"
        )
    }
}
