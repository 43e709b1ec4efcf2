/// A condition behind a requirement, such as `python_version < "3.11" and sys_platform == "win32"`.
///
/// > Source: PEP 508, "Environment Markers"; versions are compared as PEP 440 orders releases.
struct Marker: Sendable {
    /// Where a requirement is to be installed: CPython on Linux.
    struct Environment: Sendable {
        /// Of Python 3: 12 of 3.12.
        var minor: Int
        var extras: Set<String> = []
        fileprivate var patch = Marker.newestPatch

        init(minor: Int, extras: Set<String> = []) {
            self.minor = minor
            self.extras = extras
        }

        #if arch(arm64)
        private static let machine = "aarch64"
        #else
        private static let machine = "x86_64"
        #endif

        fileprivate func value(of name: String) -> String? {
            switch name {
            case "python_version": "3.\(minor)"
            case "python_full_version", "implementation_version": "3.\(minor).\(patch)"
            case "os_name", "os.name": "posix"
            case "sys_platform", "sys.platform": "linux"
            case "platform_machine", "platform.machine": Self.machine
            case "platform_system": "Linux"
            case "platform_python_implementation", "python_implementation": "CPython"
            case "implementation_name": "cpython"
            default: nil
            }
        }
    }

    private indirect enum Node: Sendable {
        case any([Node])
        case all([Node])
        case comparison(Token, String, Token)
    }

    private enum Token: Equatable, Sendable {
        case name(String)
        case text(String)
        case sign(String)
    }

    private let node: Node

    /// Nil for what is no marker.
    init?(_ text: String) {
        guard text.utf8.count < 1 << 14, let tokens = Self.tokens(text) else { return nil }
        var parser = Parser(tokens: tokens)
        guard let node = parser.any(depth: 0), parser.isAtEnd else { return nil }
        self.node = node
    }

    /// Whether it holds; what depends on something unknown, such as a kernel's release, counts as true.
    ///
    /// The interpreter's patch is not known: what holds for an early one or for the newest is to be installed.
    func holds(in environment: Environment) -> Bool {
        Self.patches.contains { patch in
            var environment = environment
            environment.patch = patch
            return Self.holds(node, environment)
        }
    }

    fileprivate static let newestPatch = 99
    /// Those that conditions tell apart: the first ones, which distributions keep, and the last.
    private static let patches = [newestPatch, 0, 1, 2, 3, 4]

    /// The same for text; one that can't be read counts as true, for installing too much does the least harm.
    static func holds(_ text: String?, in environment: Environment) -> Bool {
        guard let text, !text.isEmpty else { return true }
        return Marker(text)?.holds(in: environment) ?? true
    }

    // MARK: - Private

    private static func holds(_ node: Node, _ environment: Environment) -> Bool {
        switch node {
        case .any(let nodes): nodes.contains { holds($0, environment) }
        case .all(let nodes): nodes.allSatisfy { holds($0, environment) }
        case .comparison(let left, let sign, let right): compare(left, sign, right, environment)
        }
    }

    private static func compare(_ left: Token, _ sign: String, _ right: Token, _ environment: Environment) -> Bool {
        for (name, other) in [(left, right), (right, left)] where name == .name("extra") {
            guard case .text(let extra) = other else { return true }
            return environment.extras.contains(Requirement.normalised(extra)) == (sign == "==")
        }
        func value(_ token: Token) -> String? {
            switch token {
            case .text(let text): text
            case .name(let name): environment.value(of: name)
            case .sign: nil
            }
        }
        guard let first = value(left), let second = value(right) else { return true }
        switch sign {
        case "in": return second.contains(first)
        case "not in": return !second.contains(first)
        default: break
        }
        guard let one = release(first), let two = release(second.replacing(".*", with: "")) else {
            switch sign {
            case "==", "===": return first == second
            case "!=": return first != second
            case "<": return first < second
            case "<=": return first <= second
            case ">": return first > second
            case ">=": return first >= second
            default: return true
            }
        }
        return compare(one, sign, two, isPrefix: second.hasSuffix(".*"))
    }

    private static func compare(_ one: [Int], _ sign: String, _ two: [Int], isPrefix: Bool) -> Bool {
        let length = max(one.count, two.count)
        let left = one + Array(repeating: 0, count: length - one.count)
        let right = two + Array(repeating: 0, count: length - two.count)
        let isSame = isPrefix ? one.starts(with: two) : left == right
        switch sign {
        case "==", "===": return isSame
        case "!=": return !isSame
        case "<": return left.lexicographicallyPrecedes(right)
        case "<=": return left == right || left.lexicographicallyPrecedes(right)
        case ">": return right.lexicographicallyPrecedes(left)
        case ">=": return left == right || right.lexicographicallyPrecedes(left)
        case "~=": return !left.lexicographicallyPrecedes(right) && one.starts(with: two.dropLast())
        default: return true
        }
    }

    private static func release(_ text: String) -> [Int]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        let numbers = parts.compactMap { $0 }
        return numbers.count == parts.count && !numbers.isEmpty ? numbers : nil
    }

    private static func tokens(_ text: String) -> [Token]? {
        var tokens: [Token] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
            } else if first == "\"" || first == "'" {
                let body = rest.dropFirst()
                guard let end = body.firstIndex(of: first) else { return nil }
                tokens.append(.text(String(body[..<end])))
                rest = body[body.index(after: end)...]
            } else if first == "(" || first == ")" {
                tokens.append(.sign(String(first)))
                rest = rest.dropFirst()
            } else if "<>=!~".contains(first) {
                let sign = rest.prefix { "<>=!~".contains($0) }
                tokens.append(.sign(String(sign)))
                rest = rest.dropFirst(sign.count)
            } else {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
                guard !word.isEmpty else { return nil }
                let isSign = ["and", "or", "not", "in"].contains(word)
                tokens.append(isSign ? .sign(String(word)) : .name(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return tokens
    }

    private struct Parser {
        let tokens: [Token]
        var place = 0

        var isAtEnd: Bool { place == tokens.count }

        mutating func any(depth: Int) -> Node? {
            guard depth < 40, let first = all(depth) else { return nil }
            var nodes = [first]
            while take("or") {
                guard let next = all(depth) else { return nil }
                nodes.append(next)
            }
            return nodes.count == 1 ? first : .any(nodes)
        }

        private mutating func all(_ depth: Int) -> Node? {
            guard let first = one(depth) else { return nil }
            var nodes = [first]
            while take("and") {
                guard let next = one(depth) else { return nil }
                nodes.append(next)
            }
            return nodes.count == 1 ? first : .all(nodes)
        }

        private mutating func one(_ depth: Int) -> Node? {
            if take("(") {
                guard let inner = any(depth: depth + 1), take(")") else { return nil }
                return inner
            }
            guard let left = value(), case .sign(var sign)? = next() else { return nil }
            if sign == "not" {
                guard take("in") else { return nil }
                sign = "not in"
            }
            guard sign != "(", sign != ")", let right = value() else { return nil }
            return .comparison(left, sign, right)
        }

        private mutating func value() -> Token? {
            guard let token = next() else { return nil }
            if case .sign = token { return nil }
            return token
        }

        private mutating func next() -> Token? {
            guard place < tokens.count else { return nil }
            defer { place += 1 }
            return tokens[place]
        }

        private mutating func take(_ sign: String) -> Bool {
            guard place < tokens.count, tokens[place] == .sign(sign) else { return false }
            place += 1
            return true
        }
    }
}
