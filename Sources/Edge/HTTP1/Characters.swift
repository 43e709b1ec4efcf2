/// The alphabets of HTTP/1.
///
/// > Source: RFC 9110, sections 5.5 and 5.6.2; RFC 9112, section 3.2.
enum Characters {
    /// May stand in a method or a field name.
    static func isToken(_ byte: UInt8) -> Bool { tokens[Int(byte)] }

    /// May stand in a field value: no control character except the tab.
    static func isValue(_ byte: UInt8) -> Bool { byte >= 32 && byte != 127 || byte == 9 }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    static func lowered(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 0x20 : byte }

    /// Whether `bytes` at `range` spell `word`, which is lower case, in any case.
    static func equal(_ bytes: [UInt8], _ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in
            for offset in 0..<word.count where lowered(bytes[range.lowerBound + offset]) != word[offset] {
                return false
            }
            return true
        }
    }

    /// Without the blanks at both ends.
    static func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, isBlank(bytes[low]) { low += 1 }
        while high > low, isBlank(bytes[high - 1]) { high -= 1 }
        return low..<high
    }

    /// A value without its parameters.
    static func beforeSemicolon(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        let end = bytes[range].firstIndex(of: 59) ?? range.upperBound
        return trimmed(bytes, range.lowerBound..<end)
    }

    /// The members of a comma list, blanks trimmed, empty ones left out.
    static func list(_ bytes: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
        var members: [Range<Int>] = []
        var start = range.lowerBound
        for index in range where bytes[index] == 44 {
            members.append(trimmed(bytes, start..<index))
            start = index + 1
        }
        members.append(trimmed(bytes, start..<range.upperBound))
        return members.filter { !$0.isEmpty }
    }

    /// A decimal number of digits only; nil when it is none, or too large for any body.
    static func decimal(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.count <= 18 else { return nil }
        var value = 0
        for index in range {
            guard bytes[index] >= 48, bytes[index] <= 57 else { return nil }
            value = value * 10 + Int(bytes[index] - 48)
        }
        return value
    }

    private static let tokens: [Bool] = (0..<256).map { value in
        let byte = UInt8(value)
        let letter = (65...90).contains(byte) || (97...122).contains(byte) || (48...57).contains(byte)
        return letter || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
