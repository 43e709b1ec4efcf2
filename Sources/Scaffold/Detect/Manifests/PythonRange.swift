/// The versions of Python that a bound allows, in the syntax of one of the tools.
///
/// > Source: PEP 440, "Version specifiers"; python-poetry.org/docs/dependency-specification;
/// > docs.conda.io, "Package match specifications".
struct PythonRange: Sendable {
    enum Syntax: Equatable, Sendable {
        case pep440, poetry, conda
        /// `3.11` and nothing else.
        case bare
    }

    private struct Clause: Sendable {
        var isLower: Bool
        /// Nil for `!=`: the version is forbidden.
        var bound: Bound?
        var version: [Int]
        var isPrefix = false

        enum Bound { case inclusive, exclusive }
    }

    /// One of these has to hold, all of its clauses.
    private let alternatives: [[Clause]]

    /// Nil when nothing in it is a version.
    init?(_ text: String, syntax: Syntax) {
        let parts = syntax == .pep440 ? [text[...]] : text.split(separator: "|").map { $0[...] }
        let alternatives = parts.compactMap { Self.clauses($0, syntax) }
        guard !alternatives.isEmpty else { return nil }
        self.alternatives = alternatives
    }

    /// Whether one patch of a minor version will do.
    func allows(minor: Int, patch: Int) -> Bool {
        alternatives.contains { $0.allSatisfy { Self.holds($0, [3, minor, patch]) } }
    }

    /// Whether an image with the newest patch of a minor version will do.
    func allowsNewest(of minor: Int) -> Bool { allows(minor: minor, patch: 99) }

    /// Whether any patch of a minor version will do.
    func allowsAny(of minor: Int) -> Bool { (0...40).contains { allows(minor: minor, patch: $0) } }

    // MARK: - Private

    private static func clauses(_ text: Substring, _ syntax: Syntax) -> [Clause]? {
        var rest = text
        var result: [Clause] = []
        var found = false
        while true {
            rest = rest.drop { $0.isWhitespace || $0 == "," || $0 == "(" || $0 == ")" }
            guard !rest.isEmpty else { break }
            let sign = rest.prefix { "<>=!~^".contains($0) }
            rest = rest.dropFirst(sign.count).drop(while: \.isWhitespace)
            let word = rest.prefix { $0.isLetter || $0.isNumber || ".*+-_".contains($0) }
            guard !word.isEmpty else { return found ? result : nil }
            rest = rest.dropFirst(word.count)
            if word == "*" {
                found = true
                continue
            }
            guard let version = version(word) else { return found ? result : nil }
            found = true
            result += clause(String(sign), version, isPrefix: word.hasSuffix("*"), syntax)
        }
        return found ? result : nil
    }

    /// `3.12.0rc1` is 3.12.0; `3.*` is 3.
    private static func version(_ word: Substring) -> [Int]? {
        var parts: [Int] = []
        for part in word.split(separator: ".").prefix(3) {
            let digits = part.prefix(while: \.isNumber)
            guard digits.count < 5, let number = Int(digits) else { break }
            parts.append(number)
            if digits.count < part.count { break }
        }
        return parts.isEmpty ? nil : parts
    }

    private static func clause(_ sign: String, _ version: [Int], isPrefix: Bool, _ syntax: Syntax) -> [Clause] {
        // `==3.11` names 3.11.0 by the letter and 3.11 by intent.
        let same =
            [Clause(isLower: true, bound: .inclusive, version: version)]
            + (version.count < 3 || isPrefix
                ? [Clause(isLower: false, bound: .exclusive, version: next(version))]
                : [Clause(isLower: false, bound: .inclusive, version: version)])
        switch sign {
        case ">=": return [Clause(isLower: true, bound: .inclusive, version: version)]
        case ">": return [Clause(isLower: true, bound: .exclusive, version: version)]
        case "<": return [Clause(isLower: false, bound: .exclusive, version: version)]
        case "<=": return [Clause(isLower: false, bound: .inclusive, version: version, isPrefix: isPrefix)]
        case "!=": return [Clause(isLower: false, bound: nil, version: version, isPrefix: isPrefix)]
        case "^":
            let upper = version.prefix(1).map { $0 + 1 }
            return [
                Clause(isLower: true, bound: .inclusive, version: version),
                Clause(isLower: false, bound: .exclusive, version: upper),
            ]
        case "~", "~=":
            let kept = sign == "~" ? min(2, version.count) : max(1, version.count - 1)
            let upper = next(Array(version.prefix(kept)))
            return [
                Clause(isLower: true, bound: .inclusive, version: version),
                Clause(isLower: false, bound: .exclusive, version: upper),
            ]
        default: return same
        }
    }

    /// The first version after all that begin so: `3.12` after `3.11`.
    private static func next(_ version: [Int]) -> [Int] {
        var result = version
        if let last = result.popLast() { result.append(last + 1) }
        return result
    }

    private static func holds(_ clause: Clause, _ version: [Int]) -> Bool {
        let bound = clause.version + Array(repeating: 0, count: max(0, 3 - clause.version.count))
        let begins = Array(version.prefix(clause.version.count)) == clause.version
        guard let kind = clause.bound else { return !(clause.isPrefix ? begins : version == bound) }
        if kind == .inclusive, version == bound || (clause.isPrefix && begins) { return true }
        if version == bound { return false }
        return version.lexicographicallyPrecedes(bound) != clause.isLower
    }
}
