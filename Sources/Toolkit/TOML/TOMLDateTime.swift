/// Recognises the four forms of date and time, which are kept as text.
///
/// > Source: RFC 3339 section 5.6 and 5.7.
enum TOMLDateTime {
    /// Date-time with offset, date-time, date, or time.
    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 8 else { return false }
        if isDate(bytes[...]) { return true }
        guard isDate(bytes.prefix(10)) else { return isTime(bytes[...]) }
        guard bytes.count > 11, [UInt8(ascii: "T"), UInt8(ascii: "t"), .space].contains(bytes[10]) else { return false }
        let rest = bytes.dropFirst(11)
        if let last = rest.last, last == UInt8(ascii: "Z") || last == UInt8(ascii: "z") {
            return isTime(rest.dropLast())
        }
        let offset = rest.suffix(6)
        if let sign = offset.first, offset.count == 6, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            return isClock(offset.dropFirst()) && isTime(rest.dropLast(6))
        }
        return isTime(rest)
    }

    static func isDate(_ text: String) -> Bool {
        isDate(Array(text.utf8)[...])
    }

    // MARK: - Private

    private static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(bytes)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return false }
        guard let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]) else {
            return false
        }
        guard (1...12).contains(month) else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        return (1...days).contains(day)
    }

    /// `hh:mm:ss` with a fraction or without; a second may be 60, when one is put in.
    private static func isTime(_ bytes: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(bytes)
        guard bytes.count >= 8, isClock(bytes[0..<5]), bytes[5] == UInt8(ascii: ":") else { return false }
        guard let second = number(bytes[6..<8]), second <= 60 else { return false }
        guard bytes.count > 8 else { return true }
        return bytes[8] == UInt8(ascii: ".") && bytes.count > 9 && bytes[9...].allSatisfy(\.isDigit)
    }

    private static func isClock(_ bytes: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(bytes)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return false }
        guard let hour = number(bytes[0..<2]), let minute = number(bytes[3..<5]) else { return false }
        return hour <= 23 && minute <= 59
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.allSatisfy(\.isDigit) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
