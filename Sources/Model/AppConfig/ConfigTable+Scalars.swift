/// Scalars by key; each answers nil when the key is absent, and reports when its value is of the wrong kind.
extension ConfigTable {
    /// Empty text counts as absent, as it does for Go's JSON.
    func string(_ key: String, expected: String = "a string") -> String? {
        take(key).flatMap { string($0, expected: expected) }
    }

    func string(_ field: ConfigField, expected: String = "a string") -> String? {
        text(field, expected: expected).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A string that may be empty; never with a NUL, which ends text for the kernel and would cut it off unseen.
    func text(_ field: ConfigField, expected: String) -> String? {
        guard case .string(let text) = field.node.value else {
            report.mismatch(field, expected: expected)
            return nil
        }
        guard !text.unicodeScalars.contains("\0") else {
            report.mismatch(field, expected: "text without NUL")
            return nil
        }
        return text
    }

    /// Reports a key that gave no value, unless what is wrong with it was reported already.
    func required<Value>(_ key: String, expected: String, _ read: (String) -> Value?) -> Value? {
        let errors = report.errorCount
        let value = read(key)
        if value == nil, report.errorCount == errors { missing(key, expected: expected) }
        return value
    }

    func boolean(_ key: String) -> Bool? {
        guard let field = take(key) else { return nil }
        guard case .boolean(let flag) = field.node.value else {
            report.mismatch(field, expected: "true or false")
            return nil
        }
        return flag
    }

    /// One word out of some; an error lists them, closest first.
    func choice<Word: RawRepresentable<String>>(_ key: String, of allowed: [Word]) -> Word? {
        take(key).flatMap { choice($0, of: allowed) }
    }

    func choice<Word: RawRepresentable<String>>(_ field: ConfigField, of allowed: [Word]) -> Word? {
        let words = allowed.map { "\"\($0.rawValue)\"" }
        guard let text = string(field, expected: ConfigReport.oneOf(words)) else { return nil }
        guard let word = allowed.first(where: { $0.rawValue == text }) else {
            report.mismatch(field, expected: ConfigReport.oneOf(Nearest.sorted(words, to: "\"\(text)\"")))
            return nil
        }
        return word
    }

    func word(_ key: String, of allowed: [String]) -> String? {
        choice(key, of: allowed.map { Word(rawValue: $0) })?.rawValue
    }

    private struct Word: RawRepresentable {
        var rawValue: String
    }

    /// An integer in a range; `orText` takes `"8080"` for 8080 too, as the parts that flyctl normalises do.
    func integer(_ key: String, in range: ClosedRange<Int>, orText: Bool = false) -> Int? {
        guard let field = take(key) else { return nil }
        var number: Int?
        switch field.node.value {
        case .integer(let value): number = Int(exactly: value)
        case .float(let value): number = Int(exactly: value)  // on its way through JSON 8080.0 becomes 8080
        case .string(let text) where orText: number = Int(text)
        default: break
        }
        guard let number, range.contains(number) else {
            let bound =
                range.upperBound == .max ? "\(range.lowerBound) up" : "\(range.lowerBound) to \(range.upperBound)"
            report.mismatch(field, expected: "an integer from \(bound)")
            return nil
        }
        return number
    }

    func number(_ key: String, expected: String) -> (field: ConfigField, value: Double)? {
        guard let field = take(key) else { return nil }
        switch field.node.value {
        case .integer(let value): return (field, Double(value))
        case .float(let value) where value.isFinite: return (field, value)
        default:
            report.mismatch(field, expected: expected)
            return nil
        }
    }

    /// A list of strings.
    func strings(_ key: String) -> [String]? {
        take(key).flatMap { strings($0) }
    }

    func strings(_ field: ConfigField) -> [String]? {
        guard let elements = field.elements else {
            report.mismatch(field, expected: "a list of strings such as [\"a\", \"b\"]")
            return nil
        }
        return elements.compactMap { text($0, expected: "a string") }
    }

    /// A map of strings, such as build arguments; `coerced` takes numbers and booleans as text too.
    func stringMap(_ field: ConfigField, coerced: Bool) -> [String: String] {
        guard let table = ConfigTable(field, report: report) else { return [:] }
        var result: [String: String] = [:]
        for (name, field) in table.takeAll() {
            var field = field
            if coerced { field.node.value = .string(ScalarText.text(field.node)) }
            if let text = text(field, expected: "a string") { result[name] = text }
        }
        return result
    }
}
