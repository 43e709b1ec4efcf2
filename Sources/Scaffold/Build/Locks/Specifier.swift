/// A tool's own way to write which versions will do, as PEP 440 has it.
///
/// > Source: python-poetry.org/docs/dependency-specification; docs.conda.io, "Package match specifications".
enum Specifier {
    /// `>=1.2.3,<2.0.0` of `^1.2.3`; `==1.2.3` of a bare `1.2.3`; empty for any version.
    ///
    /// Of several ranges (`||`), which no single specifier can say, the last one counts: it is the newest.
    static func standard(_ text: String) -> String {
        let choice = text.split(separator: "|").last.map(String.init) ?? text
        let parts = choice.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        return parts.flatMap(clauses).joined(separator: ",")
    }

    // MARK: - Private

    private static func clauses(_ text: String) -> [String] {
        if text.isEmpty || text == "*" { return [] }
        if text.hasPrefix("^") { return range(text.dropFirst(), upper: afterCaret) }
        if text.hasPrefix("~"), !text.hasPrefix("~=") { return range(text.dropFirst(), upper: afterTilde) }
        if text.first?.isNumber == true { return ["==" + text] }
        // conda writes one sign for all versions that begin so.
        if text.hasPrefix("="), !text.hasPrefix("==") {
            let version = text.dropFirst()
            return ["==\(version)" + (version.hasSuffix("*") ? "" : ".*")]
        }
        return [text]
    }

    private static func range(_ version: Substring, upper: ([Int]) -> [Int]) -> [String] {
        let plain = version.hasSuffix(".*") ? version.dropLast(2) : version
        let numbers = plain.split(separator: ".").prefix(4).compactMap { Int($0.prefix(while: \.isNumber)) }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 < 1_000_000_000 }) else { return [] }
        return [">=\(plain)", "<\(upper(numbers).map(String.init).joined(separator: "."))"]
    }

    /// The first number that is not zero may not change.
    private static func afterCaret(_ numbers: [Int]) -> [Int] {
        let place = numbers.firstIndex { $0 != 0 } ?? numbers.count - 1
        return Array(numbers[..<place]) + [numbers[place] + 1]
    }

    private static func afterTilde(_ numbers: [Int]) -> [Int] {
        numbers.count == 1 ? [numbers[0] + 1] : [numbers[0], numbers[1] + 1]
    }
}
