/// One table while it is read: hands out values by key and knows which keys nobody asked for.
///
/// A reader calls ``close()`` at the end; each key that was left over becomes a warning, so that forgetting a key
/// here shows as "unknown key" and is never silent.
///
/// > Source: Go's `encoding/json`, through which flyctl decodes: an exact key wins, else case does not matter.
final class ConfigTable {
    /// Empty for the root.
    let path: String
    let position: ConfigNode.Position
    let report: ConfigReport
    private let entries: [ConfigNode.Entry]
    private var indexes: [String: Int] = [:]
    private var used: Set<Int> = []
    private var known: [String] = []

    /// Nil, with an error reported, when the value is no table.
    init?(_ field: ConfigField, report: ConfigReport) {
        guard case .table(let entries) = field.node.value else {
            report.mismatch(field, expected: "a table")
            return nil
        }
        self.report = report
        self.entries = entries
        path = field.path
        position = field.node.position
        for (index, entry) in entries.enumerated() { indexes[entry.key] = index }
        for (index, entry) in entries.enumerated() where indexes[entry.key.lowercased()] == nil {
            indexes[entry.key.lowercased()] = index
        }
    }

    /// The value under a key, which counts as read from now on.
    func take(_ key: String) -> ConfigField? {
        known.append(key)
        guard let index = indexes[key], used.insert(index).inserted else { return nil }
        return field(entries[index])
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Where a key stands, without reading it; nil when there is none.
    func keyPositionIfAny(_ key: String) -> ConfigNode.Position? {
        indexes[key].map { entries[$0].keyPosition }
    }

    /// Where a key stands; the table's own place when there is none.
    func keyPosition(_ key: String) -> ConfigNode.Position {
        keyPositionIfAny(key) ?? position
    }

    func has(_ key: String) -> Bool { indexes[key] != nil }

    /// Whether a key's value is an integer, without reading it.
    func isInteger(_ key: String) -> Bool {
        guard let index = indexes[key], case .integer = entries[index].node.value else { return false }
        return true
    }

    /// All values: for tables whose keys are names that the user makes up.
    func takeAll() -> [(name: String, field: ConfigField)] {
        used.formUnion(entries.indices)
        return entries.map { ($0.key, field($0)) }
    }

    /// Keys of earlier times that Fly ignores as well; their values are not looked at.
    func obsolete(_ keys: String...) {
        for key in keys {
            guard let field = take(key) else { continue }
            report.unread(field.keyPosition, "\(field.path) is obsolete and has no effect")
        }
    }

    /// Says of keys that were read that nothing comes of them; those that are absent are passed over.
    func hasNoEffect(_ keys: String...) {
        for key in keys {
            guard let position = keyPositionIfAny(key) else { continue }
            report.hasNoEffect(join(key), at: position)
        }
    }

    /// An error about the table as a whole or about a key that is missing from it.
    func missing(_ key: String, expected: String) {
        report.error(position, "\(join(key)): missing, expected \(expected)")
    }

    /// Reports each key that nobody asked for.
    func close() {
        for (index, entry) in entries.enumerated() where !used.contains(index) {
            let noun = Self.isSection(entry.node) ? "section" : "key"
            var message = "unknown \(noun) \(ConfigNode.quoted(join(entry.key)))"
            if report.wantsSuggestions, let near = Nearest.suggestion(for: entry.key, among: known) {
                message += "; did you mean \"\(join(near))\"?"
            } else if !path.isEmpty, Self.topKeys.contains(entry.key.lowercased()) {
                message += "; it belongs at the top, before the first section"
            }
            report.unread(entry.keyPosition, message)
        }
    }

    /// The path of a key of this table.
    func join(_ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    // MARK: - Private

    /// Keys that slip under a section when they are added at the end of a file.
    private static let topKeys = [
        "app", "console_command", "kill_signal", "kill_timeout", "primary_region", "swap_size_mb",
    ]

    private func field(_ entry: ConfigNode.Entry) -> ConfigField {
        ConfigField(path: join(entry.key), keyPosition: entry.keyPosition, node: entry.node)
    }

    private static func isSection(_ node: ConfigNode) -> Bool {
        switch node.value {
        case .table: true
        case .array(let nodes):
            nodes.contains { node in
                guard case .table = node.value else { return false }
                return true
            }
        case .string, .integer, .float, .boolean, .datetime: false
        }
    }
}
