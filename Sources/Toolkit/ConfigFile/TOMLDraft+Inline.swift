import Model

extension TOMLDraft {
    /// Sets a value that stands behind `=`, or in braces or brackets there; false when it does not.
    mutating func replaceInline(_ path: ConfigPath, with value: ConfigNode.Value) throws(Fault) -> Bool {
        guard let (statement, rest) = around(path) else { return false }
        let text = TOMLWriter.inline(value)
        guard let root = statement.value else { return false }
        switch Self.find(rest, in: root) {
        case .value(let inline): replace(inline.range, with: text)
        case .missing(let inline, let left):
            guard let addition = Self.addition(left, text, to: inline) else { return false }
            add(addition, into: inline)
        case .several: return false
        }
        return true
    }

    /// Removes a value that stands in braces or brackets; false when it does not.
    mutating func removeInline(_ path: ConfigPath) throws(Fault) -> Bool {
        guard let (statement, rest) = around(path), let last = rest.last, let root = statement.value else {
            return false
        }
        let parent = rest.dropLast()
        guard case .value(let inline) = Self.find(parent, in: root) else { return false }
        let ranges: [Range<Int>]
        let index: Int?
        switch (inline.content, last) {
        case (.array(let items), .index(let place)):
            ranges = items.map(\.range)
            index = items.indices.contains(place) ? place : nil
        case (.table(let pairs), .key):
            ranges = pairs.map(\.range)
            index = pairs.firstIndex { $0.key == [last] }
        default: return false
        }
        guard let index else { return false }
        let isLast = index == ranges.count - 1
        // Up to the next one, or from the one before: the comma between them goes along.
        let start = isLast && index > 0 ? ranges[index - 1].upperBound : ranges[index].lowerBound
        replace(start..<(isLast ? ranges[index].upperBound : ranges[index + 1].lowerBound), with: "")
        return true
    }

    // MARK: - Private

    private enum Found {
        case value(TOMLOutline.Inline)
        /// The innermost value that is there, and the rest of the path.
        case missing(TOMLOutline.Inline, ArraySlice<ConfigPath.Part>)
        /// A table that is only there by the dots of several keys.
        case several
    }

    /// The pair whose value a path leads to or into.
    private func around(_ path: ConfigPath) -> (TOMLOutline.Statement, ArraySlice<ConfigPath.Part>)? {
        guard let statement = outline.statements.first(where: { !$0.isHeader && path.hasPrefix($0.path) }) else {
            return nil
        }
        return (statement, path.parts[statement.path.parts.count...])
    }

    private static func find(_ path: ArraySlice<ConfigPath.Part>, in inline: TOMLOutline.Inline) -> Found {
        guard let part = path.first else { return .value(inline) }
        switch (inline.content, part) {
        case (.array(let items), .index(let index)) where items.indices.contains(index):
            return find(path.dropFirst(), in: items[index])
        case (.table(let pairs), .key):
            if let pair = pairs.first(where: { path.starts(with: $0.key) }) {
                return find(path.dropFirst(pair.key.count), in: pair.value)
            }
            return pairs.contains { $0.key.starts(with: path) } ? .several : .missing(inline, path)
        default: return .missing(inline, path)
        }
    }

    /// The text of a new pair or a new element.
    private static func addition(
        _ path: ArraySlice<ConfigPath.Part>,
        _ value: String,
        to inline: TOMLOutline.Inline
    ) -> String? {
        switch (inline.content, path.first) {
        case (.array(let items), .index(let index)) where index == items.count && path.count == 1: return value
        case (.table, .key):
            let names = ConfigPath(Array(path)).names
            guard names.count == path.count else { return nil }
            return "\(names.map(TOMLWriter.key).joined(separator: ".")) = \(value)"
        default: return nil
        }
    }

    private mutating func add(_ text: String, into inline: TOMLOutline.Inline) {
        let last: Int?
        let isTable: Bool
        switch inline.content {
        case .array(let items): (last, isTable) = (items.last?.range.upperBound, false)
        case .table(let pairs): (last, isTable) = (pairs.last?.range.upperBound, true)
        case .scalar: return
        }
        if let last { return replace(last..<last, with: ", \(text)") }
        replace(inline.range, with: isTable ? "{ \(text) }" : "[\(text)]")
    }
}
