/// A range of IPv4 addresses that share their first bits: `10.31.16.0/20`.
package struct IPv4Block: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The lowest address; its host bits are zero.
    package let base: UInt32
    /// 0 to 32.
    package let prefix: Int

    /// Host bits of `base` are cut off.
    package init(base: UInt32, prefix: Int) {
        precondition((0...32).contains(prefix), "a prefix has 0 to 32 bits")
        self.prefix = prefix
        self.base = base & Self.mask(prefix)
    }

    /// Reads `a.b.c.d/n`, or `a.b.c.d` as a block of one; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let base = Self.number(String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(base: base, prefix: 32)
            return
        }
        guard let prefix = Int(parts[1]), (0...32).contains(prefix) else { return nil }
        self.init(base: base, prefix: prefix)
    }

    /// Whether an address lies in it.
    package func contains(_ address: UInt32) -> Bool { address & Self.mask(prefix) == base }

    /// Whether any address lies in both.
    package func overlaps(_ other: IPv4Block) -> Bool {
        prefix <= other.prefix ? contains(other.base) : other.contains(base)
    }

    package var description: String { "\(Self.text(base))/\(prefix)" }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let block = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a block such as 10.0.0.0/8")
        }
        self = block
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// `10.0.0.1` to its 32 bits; nil for anything else.
    package static func number(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard part.utf8.allSatisfy({ (48...57).contains($0) }), let byte = UInt8(part) else { return nil }
            number = number << 8 | UInt32(byte)
        }
        return number
    }

    /// 32 bits to `10.0.0.1`.
    package static func text(_ number: UInt32) -> String {
        [24, 16, 8, 0].map { String(number >> $0 & 0xff) }.joined(separator: ".")
    }

    private static func mask(_ prefix: Int) -> UInt32 { prefix == 0 ? 0 : ~0 << (32 - UInt32(prefix)) }
}
