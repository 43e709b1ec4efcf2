extension ConfigNode {
    /// A value that no file has, with the first place of one.
    package init(made value: Value) {
        self.init(value, at: Position(line: 1, column: 1))
    }

    /// Whether two trees say the same: places, the order of keys, and how a date is written do not count.
    package func saysTheSame(as other: ConfigNode) -> Bool {
        switch (value, other.value) {
        case (.string(let left), .string(let right)), (.datetime(let left), .datetime(let right)),
            (.string(let left), .datetime(let right)), (.datetime(let left), .string(let right)):
            return left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.saysTheSame(as: $1) }
        case (.table(let left), .table(let right)):
            guard left.count == right.count else { return false }
            // By bytes: a composed and a decomposed letter are two keys to every format.
            let others = Dictionary(right.map { (Array($0.key.utf8), $0.node) }) { first, _ in first }
            return left.allSatisfy { entry in
                others[Array(entry.key.utf8)].map { entry.node.saysTheSame(as: $0) } ?? false
            }
        case (.float(let left), .float(let right)): return left == right || (left.isNaN && right.isNaN)
        default: return value == other.value
        }
    }
}

extension ConfigNode.Value {
    /// A list of strings.
    static func strings(_ texts: [String]) -> ConfigNode.Value {
        .array(texts.map { ConfigNode(made: .string($0)) })
    }

    /// A map of strings, by name.
    static func map(_ texts: [String: String]) -> ConfigNode.Value {
        map(texts) { .string($0) }
    }

    /// A map of anything, by name.
    static func map<Element>(
        _ values: [String: Element],
        _ value: (Element) -> ConfigNode.Value
    ) -> ConfigNode.Value {
        let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return .table(sorted.map { entry($0.key, value($0.value)) })
    }

    /// A list of tables; nil when it is empty.
    static func tables(_ values: [ConfigNode.Value]) -> ConfigNode.Value? {
        values.isEmpty ? nil : .array(values.map { ConfigNode(made: $0) })
    }

    static func integer(_ number: Int) -> ConfigNode.Value { .integer(Int64(number)) }

    static func entry(_ key: String, _ value: ConfigNode.Value) -> ConfigNode.Entry {
        ConfigNode.Entry(key: key, keyPosition: ConfigNode.Position(line: 1, column: 1), node: ConfigNode(made: value))
    }
}

extension ConfigValue {
    /// The value as part of a configuration.
    var made: ConfigNode.Value {
        switch self {
        case .string(let text): .string(text)
        case .integer(let number): .integer(number)
        case .float(let number): .float(number)
        case .boolean(let flag): .boolean(flag)
        case .array(let values): .array(values.map { ConfigNode(made: $0.made) })
        case .table(let values): .map(values) { $0.made }
        }
    }
}
