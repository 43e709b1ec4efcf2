/// The `%41` of targets (RFC 3986, section 2.1).
enum PercentCode {
    /// The bytes that are meant; nil when a `%` is not followed by two hexadecimal digits.
    static func strictlyDecoded(_ bytes: some Collection<UInt8>) -> [UInt8]? {
        decoded(bytes) { _ in nil }
    }

    /// The bytes that are meant; a `%` that begins no code stands for itself, as most servers read it.
    static func leniently(_ bytes: some Collection<UInt8>) -> [UInt8] {
        decoded(bytes) { $0 } ?? []
    }

    /// `stray` tells what a sign that begins no code stands for; nil refuses the whole.
    private static func decoded(_ bytes: some Collection<UInt8>, _ stray: (UInt8) -> UInt8?) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            var meant = byte
            if byte == UInt8(ascii: "%") {
                let code = Array(rest.prefix(2))
                if code.count == 2, let high = digit(code[0]), let low = digit(code[1]) {
                    meant = high << 4 | low
                    rest = rest.dropFirst(2)
                } else if let sign = stray(byte) {
                    meant = sign
                } else {
                    return nil
                }
            }
            result.append(meant)
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        byte < 0x80 ? Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init) : nil
    }
}
