import Glibc

/// How an IPv6 address is written.
enum IPv6Text {
    /// The one form of RFC 5952, so that equal addresses are equal texts.
    ///
    /// The longest run of two or more zero groups becomes `::`; the first of equally long ones.
    static func compressed(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var index = 0
        while index < groups.count {
            var end = index
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - index > max(best.count, 1) { best = index..<end }
            index = max(end, index + 1)
        }
        let texts = groups.map { String($0, radix: 16) }
        guard !best.isEmpty else { return texts.joined(separator: ":") }
        return texts[..<best.lowerBound].joined(separator: ":") + "::"
            + texts[best.upperBound...].joined(separator: ":")
    }

    /// All 32 hexadecimal digits of an address; nil for what is none.
    static func digits(of text: String) -> String? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { bytes in
            bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        }
    }
}
