/// One line of a `.dockerignore`, ready to be compared with paths.
///
/// > Source: github.com/moby/patternmatcher, `patternmatcher.go`: `**` takes any number of folders, `*` and `?` stop at
/// > `/`, brackets are those of a regular expression.
package struct IgnorePattern: Sendable {
    private let tokens: [Token]

    /// Reads a cleaned pattern: no blanks around it, no `!`, no leading `/`, no `.` parts.
    ///
    /// Nil for a bracket that is never closed or holds nothing, and for a backslash at the end.
    package init?(_ text: String) {
        var parser = Parser(rest: Array(text.unicodeScalars)[...])
        guard let tokens = parser.parse() else { return nil }
        self.tokens = tokens
    }

    /// Whether the pattern is this very path; the folders above it are the caller's matter.
    ///
    /// Follows all ways through the pattern at once, so that none takes longer than its length times the path's.
    package func matches(_ path: [Unicode.Scalar]) -> Bool {
        // Most lines begin with a plain name: this spares the walk for nearly all paths.
        if case .scalar(let first)? = tokens.first, path.first != first { return false }
        var states = [Bool](repeating: false, count: tokens.count + 1)
        var next = states
        states[0] = true
        skipEmpty(&states)
        for scalar in path {
            for place in next.indices { next[place] = false }
            for place in tokens.indices where states[place] { step(at: place, scalar, into: &next) }
            skipEmpty(&next)
            swap(&states, &next)
            guard states.contains(true) else { return false }
        }
        return states[tokens.count]
    }

    // MARK: - Private

    private enum Token: Sendable {
        case scalar(Unicode.Scalar)
        /// `?`
        case notSlash
        /// `*`
        case name
        /// `**` at the end.
        case anything
        /// `**/`, always followed by `insideFolders`: nothing, or anything that ends in a slash.
        case folders
        case insideFolders
        case set(ranges: [ClosedRange<UInt32>], inverted: Bool)
    }

    private func step(at place: Int, _ scalar: Unicode.Scalar, into next: inout [Bool]) {
        switch tokens[place] {
        case .scalar(let wanted): if scalar == wanted { next[place + 1] = true }
        case .notSlash: if scalar != "/" { next[place + 1] = true }
        case .name: if scalar != "/" { next[place] = true }
        case .anything: next[place] = true
        case .folders: break
        case .insideFolders:
            next[place] = true
            if scalar == "/" { next[place + 1] = true }
        case .set(let ranges, let inverted):
            if ranges.contains(where: { $0.contains(scalar.value) }) != inverted { next[place + 1] = true }
        }
    }

    /// Goes on past the tokens that may stand for nothing; one pass does, since all ways lead forward.
    private func skipEmpty(_ states: inout [Bool]) {
        for place in tokens.indices where states[place] {
            switch tokens[place] {
            case .name, .anything: states[place + 1] = true
            case .folders:
                states[place + 1] = true
                states[place + 2] = true
            case .scalar, .notSlash, .insideFolders, .set: break
            }
        }
    }

    private struct Parser {
        var rest: ArraySlice<Unicode.Scalar>

        mutating func parse() -> [Token]? {
            var tokens: [Token] = []
            if let suffix = plainSuffix() { return [.anything] + suffix.map { .scalar($0) } }
            while let scalar = rest.popFirst() {
                switch scalar {
                case "*":
                    tokens += star()
                case "?":
                    tokens.append(.notSlash)
                case "\\":
                    guard let escaped = rest.popFirst() else { return nil }
                    tokens.append(.scalar(escaped))
                case "[":
                    guard let set = set() else { return nil }
                    tokens.append(set)
                default:
                    tokens.append(.scalar(scalar))
                }
            }
            return tokens
        }

        /// `**name` without a slash ends a path of any kind; a case of its own in the original too.
        private func plainSuffix() -> ArraySlice<Unicode.Scalar>? {
            let suffix = rest.dropFirst(2)
            guard rest.starts(with: ["*", "*"]), let first = suffix.first, first != "/" else { return nil }
            return suffix.contains(where: { "*?[]\\".unicodeScalars.contains($0) }) ? nil : suffix
        }

        private mutating func star() -> [Token] {
            guard rest.first == "*" else { return [.name] }
            rest.removeFirst()
            if rest.first == "/" { rest.removeFirst() }
            return rest.isEmpty ? [.anything] : [.folders, .insideFolders]
        }

        private mutating func set() -> Token? {
            var ranges: [ClosedRange<UInt32>] = []
            var inverted = false
            if rest.first == "^" {
                inverted = true
                rest.removeFirst()
            }
            while let low = member() {
                guard rest.first == "-", let after = rest.dropFirst().first, after != "]" else {
                    ranges.append(low.value...low.value)
                    continue
                }
                rest.removeFirst()
                guard let high = member(), low.value <= high.value else { return nil }
                ranges.append(low.value...high.value)
            }
            guard rest.popFirst() == "]", !ranges.isEmpty else { return nil }
            return .set(ranges: ranges, inverted: inverted)
        }

        /// The next character of a set; nil at its end.
        private mutating func member() -> Unicode.Scalar? {
            guard let scalar = rest.first, scalar != "]" else { return nil }
            rest.removeFirst()
            return scalar == "\\" ? rest.popFirst() : scalar
        }
    }
}
