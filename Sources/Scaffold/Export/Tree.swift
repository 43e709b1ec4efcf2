/// A YAML or JSON document to be written: its entries keep their order and may have comments.
indirect enum Tree: Equatable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    /// A value of the project; it comes out as it is, whatever is in it.
    case string(String)
    /// Text of our own in which somebody fills in variables later: `${IMAGE}`.
    case template(String)
    case list([Tree])
    case table([Entry])
    /// YAML alone: the value under a name, to be repeated with ``alias(_:)``, or taken in under the key `<<`.
    case anchored(String, Tree)
    case alias(String)

    struct Entry: Equatable, Sendable {
        var key: String
        var value: Tree
        /// Lines above the entry; JSON leaves them out.
        var comment: String?
        /// Words behind a scalar on its own line; JSON leaves them out.
        var remark: String?

        init(_ key: String, _ value: Tree, comment: String? = nil, remark: String? = nil) {
            self.key = key
            self.value = value
            self.comment = comment
            self.remark = remark
        }
    }

    /// Strings of the project.
    static func strings(_ texts: [String]) -> Tree { .list(texts.map(Tree.string)) }

    /// Names to strings of the project.
    static func map(_ pairs: [(String, String)]) -> Tree { .table(pairs.map { Entry($0.0, .string($0.1)) }) }

    /// This table with more entries at its end; `nil` values are left out.
    func with(_ key: String, _ value: Tree?, comment: String? = nil) -> Tree {
        guard case .table(let entries) = self, let value else { return self }
        return .table(entries + [Entry(key, value, comment: comment)])
    }

    /// This table with the entries of another one at its end.
    func merging(_ other: Tree) -> Tree {
        guard case .table(let entries) = self, case .table(let more) = other else { return self }
        return .table(entries + more)
    }

    /// A table without entries or a list without elements, which are better left out.
    var isEmpty: Bool {
        switch self {
        case .list(let elements): elements.isEmpty
        case .table(let entries): entries.isEmpty
        default: false
        }
    }

    /// Itself, or nil when it is empty.
    var orNil: Tree? { isEmpty ? nil : self }
}

extension Tree: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = .string(text) }
}

extension Tree: ExpressibleByIntegerLiteral {
    init(integerLiteral number: Int) { self = .integer(number) }
}

extension Tree: ExpressibleByBooleanLiteral {
    init(booleanLiteral flag: Bool) { self = .boolean(flag) }
}

extension Tree: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: Tree...) { self = .list(elements) }
}

extension Tree: ExpressibleByDictionaryLiteral {
    /// Entries without a value are left out.
    init(dictionaryLiteral elements: (String, Tree?)...) {
        self = .table(elements.compactMap { key, value in value.map { Entry(key, $0) } })
    }
}
