/// The versions of Python that a project says it runs on: `>=3.11,<4`, `^3.11`, `~=3.11`, `3.11.*`.
///
/// > Source: PEP 440, "Version specifiers"; python-poetry.org, "Dependency specification", for `^`, `~` and `||`.
struct PythonRange: Equatable, Sendable {
    /// Each inner list has to hold in full; one of them is enough.
    private var choices: [[Clause]]

    /// - Returns: nil for what is no such text.
    init?(_ text: String) {
        choices = []
        var rest = text[...]
        while true {
            let end = rest.firstRange(of: "||")
            guard let choice = Self.clauses(rest[..<(end?.lowerBound ?? rest.endIndex)]) else { return nil }
            choices.append(choice)
            guard let end else { return }
            rest = rest[end.upperBound...]
        }
    }

    func contains(_ version: PythonVersion) -> Bool {
        choices.contains { $0.allSatisfy { $0.holds(for: version.numbers) } }
    }

    // MARK: - Private

    private struct Clause: Equatable, Sendable {
        var comparison: Comparison
        var numbers: [Int]
        /// Ends in `.*`.
        var isPrefix: Bool

        func holds(for version: [Int]) -> Bool {
            switch comparison {
            case .equal, .exact: isPrefix ? version.starts(with: numbers) : order(version) == 0
            case .notEqual: isPrefix ? !version.starts(with: numbers) : order(version) != 0
            case .atLeast: order(version) >= 0
            case .above: order(version) > 0
            case .atMost: order(version) <= 0
            case .below: order(version) < 0
            case .compatible: order(version) >= 0 && version.starts(with: numbers.dropLast())
            // 3 for ^3.11, 3.11 for ~3.11 and ~3.11.2.
            case .caret: order(version) >= 0 && version.starts(with: numbers.prefix(1))
            case .tilde: order(version) >= 0 && version.starts(with: numbers.prefix(2))
            }
        }

        /// Below zero when the version comes before the clause's; numbers that are missing are zero.
        private func order(_ version: [Int]) -> Int {
            for place in 0..<max(version.count, numbers.count) {
                let left = place < version.count ? version[place] : 0
                let right = place < numbers.count ? numbers[place] : 0
                if left != right { return left - right }
            }
            return 0
        }
    }

    private enum Comparison: String, CaseIterable {
        // Longer signs first, so that each is found before its own beginning.
        case exact = "==="
        case equal = "=="
        case notEqual = "!="
        case atLeast = ">="
        case atMost = "<="
        case compatible = "~="
        case above = ">"
        case below = "<"
        case caret = "^"
        case tilde = "~"
    }

    private static func clauses(_ text: Substring) -> [Clause]? {
        var clauses: [Clause] = []
        for part in text.split(separator: ",") {
            let words = part.filter { !$0.isWhitespace }
            if words == "*" { continue }
            guard let clause = clause(words) else { return nil }
            clauses.append(clause)
        }
        return clauses
    }

    private static func clause(_ text: String) -> Clause? {
        let sign = Comparison.allCases.first { text.hasPrefix($0.rawValue) }
        var version = text.dropFirst(sign?.rawValue.count ?? 0)
        let isPrefix = version.hasSuffix(".*")
        if isPrefix { version = version.dropLast(2) }
        var numbers: [Int] = []
        for part in version.split(separator: ".", omittingEmptySubsequences: false) {
            let digits = part.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), number < 10_000 else { return nil }
            numbers.append(number)
        }
        guard !numbers.isEmpty, sign != .compatible || numbers.count > 1 else { return nil }
        // Poetry's bare `3.11` is exactly that version; for an interpreter everybody means the minor one.
        guard let sign else { return Clause(comparison: .equal, numbers: numbers, isPrefix: true) }
        return Clause(comparison: sign, numbers: numbers, isPrefix: isPrefix)
    }
}
