/// A domain name as messages carry it.
///
/// > Source: RFC 1035, sections 2.3.4 and 3.1; RFC 4343 for letters, whose case makes no difference.
package struct DNSName: Hashable, Sendable {
    /// Each label behind its length, the root's zero at the end, in the case in which it came; 255 bytes at most.
    package let wire: [UInt8]

    /// The name above all others.
    package static let root = DNSName(wire: [0])

    /// Reads a name that is not compressed, from `start` on; nil for what is none.
    package init?(_ bytes: [UInt8], at start: Int) {
        var end = start
        while end < bytes.count, end - start < 255 {
            let length = Int(bytes[end])
            if length == 0 {
                wire = Array(bytes[start...end])
                return
            }
            guard length <= 63 else { return nil }
            end += length + 1
        }
        return nil
    }

    /// `app.internal`, with or without a dot at its end; nil where a label or the whole is too long or empty.
    package init?(_ text: some StringProtocol) {
        var wire: [UInt8] = []
        let text = text.hasSuffix(".") ? text.dropLast() : text[...]
        for label in text.utf8.split(separator: 46, omittingEmptySubsequences: false) {
            guard (1...63).contains(label.count) else { return nil }
            wire.append(UInt8(label.count))
            wire += label
        }
        wire.append(0)
        guard wire.count <= 255 else { return nil }
        self.wire = wire
    }

    /// The same name in lower case, by which names are compared.
    package var folded: DNSName { DNSName(wire: wire.map(Self.lower)) }

    /// Its labels in lower case, the outermost last; bytes that are no text become the replacement character.
    package var labels: [String] {
        var labels: [String] = []
        var start = 0
        while start < wire.count, wire[start] > 0 {
            let end = start + 1 + Int(wire[start])
            labels.append(String(decoding: wire[start + 1..<end].map(Self.lower), as: UTF8.self))
            start = end
        }
        return labels
    }

    /// The same name with the case of each letter decided by `bits`, which a forged answer would have to guess.
    ///
    /// > Source: draft-vixie-dnsext-dns0x20.
    package func mixed(_ bits: (Int) -> Bool) -> DNSName {
        // A length is below 64, where no letter is.
        let bytes = wire.enumerated().map { index, byte in
            let isLetter = (65...90).contains(byte & ~0x20)
            return isLetter ? (bits(index) ? byte & ~0x20 : byte | 0x20) : byte
        }
        return DNSName(wire: bytes)
    }

    // MARK: - Private

    private init(wire: [UInt8]) { self.wire = wire }

    private static func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
}
