import Model

/// Reads the numbers of TOML, which are stricter than Swift's.
enum TOMLNumber {
    case integer(Int64)
    case float(Double)
    /// The form of an integer, but not in 64 bits.
    case tooLarge

    var value: ConfigNode.Value {
        switch self {
        case .integer(let number): .integer(number)
        case .float(let number): .float(number)
        case .tooLarge: .integer(0)
        }
    }

    /// Nil when the word is no number.
    static func read(_ word: String) -> TOMLNumber? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.hasPrefix(prefix) {
            guard let digits = digits(word.dropFirst(2), radix: radix) else { return nil }
            return Int64(digits, radix: radix).map { .integer($0) } ?? .tooLarge
        }
        var rest = word[...]
        let sign = rest.first == "-" || rest.first == "+" ? String(rest.removeFirst()) : ""
        if rest == "inf" { return .float(sign == "-" ? -.infinity : .infinity) }
        if rest == "nan" { return .float(.nan) }
        let whole = rest.prefix { $0 != "." && $0 != "e" && $0 != "E" }
        guard let integer = digits(whole, radix: 10), integer == "0" || !integer.hasPrefix("0") else { return nil }
        rest = rest.dropFirst(whole.count)
        if rest.isEmpty { return Int64(sign + integer).map { .integer($0) } ?? .tooLarge }
        return fraction(sign + integer, rest)
    }

    // MARK: - Private

    private static func fraction(_ head: String, _ tail: Substring) -> TOMLNumber? {
        var text = head
        var rest = tail
        if rest.first == "." {
            let part = rest.dropFirst().prefix { $0 != "e" && $0 != "E" }
            guard let fraction = digits(part, radix: 10) else { return nil }
            text += ".\(fraction)"
            rest = rest.dropFirst(1 + part.count)
        }
        if let letter = rest.first {
            guard letter == "e" || letter == "E" else { return nil }
            var part = rest.dropFirst()
            let sign = part.first == "-" || part.first == "+" ? String(part.removeFirst()) : ""
            guard let exponent = digits(part, radix: 10) else { return nil }
            text += "e\(sign)\(exponent)"
        }
        return Double(text).map { .float($0) }
    }

    /// The digits without the underscores, which stand between two digits only.
    private static func digits(_ text: Substring, radix: Int) -> String? {
        var result = ""
        var isAfterDigit = false
        for character in text {
            if character == "_", isAfterDigit {
                isAfterDigit = false
            } else if character.isASCII, let digit = character.hexDigitValue, digit < radix {
                result.append(character)
                isAfterDigit = true
            } else {
                return nil
            }
        }
        return isAfterDigit ? result : nil
    }
}
