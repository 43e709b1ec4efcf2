/// How the values of an ``AppConfig`` are written.
package struct ConfigStyle: Sendable {
    /// Leave out what would be the same if it were not said.
    package var omitsDefaults: Bool
    /// Write `auto_stop_machines` as false, true or "suspend", which is Fly's form in JSON; else as its words.
    package var hasWireForm: Bool

    package init(omitsDefaults: Bool, hasWireForm: Bool) {
        self.omitsDefaults = omitsDefaults
        self.hasWireForm = hasWireForm
    }
}

/// A table on its way out, in the order in which its keys are added.
struct ConfigEntries {
    let style: ConfigStyle
    private(set) var list: [ConfigNode.Entry] = []

    init(_ style: ConfigStyle) {
        self.style = style
    }

    var value: ConfigNode.Value { .table(list) }

    /// Nil when nothing was added.
    var valueIfAny: ConfigNode.Value? { list.isEmpty ? nil : value }

    /// Adds a key; one without a value is passed over, and so is a default that need not be said.
    mutating func add(_ key: String, _ value: ConfigNode.Value?, unless usual: ConfigNode.Value? = nil) {
        guard let value, !(style.omitsDefaults && value == usual) else { return }
        list.append(ConfigNode.Value.entry(key, value))
    }

    mutating func add(_ key: String, _ text: String?) { add(key, text.map { .string($0) }) }

    mutating func add(_ key: String, _ number: Int?) { add(key, number.map { .integer($0) }) }

    mutating func add(_ key: String, _ flag: Bool?) { add(key, flag.map { .boolean($0) }) }

    mutating func add(_ key: String, _ duration: GoDuration?) { add(key, duration?.text) }

    mutating func add(_ key: String, _ texts: [String]?) { add(key, texts.map { .strings($0) }) }

    /// A list that says something only when it is not empty.
    mutating func addAny(_ key: String, _ texts: [String]?) { if texts?.isEmpty == false { add(key, texts) } }

    mutating func addAny(_ key: String, _ texts: [String: String]?) {
        if let texts, !texts.isEmpty { add(key, .map(texts)) }
    }
}
