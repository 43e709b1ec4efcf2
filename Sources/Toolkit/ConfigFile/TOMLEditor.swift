package import Model

/// Changes single values in the text of a TOML file; comments, order and form of everything else stay.
///
/// Each change is parsed again and compared with what it should mean, so that a file is never changed by more or less
/// than was asked.
package struct TOMLEditor: Sendable {
    package private(set) var text: String
    let file: String

    /// - Throws: ``Fault`` when the text is no TOML.
    package init(_ text: String, file: String) throws(Fault) {
        _ = try TOML.parse(text, file: file)
        self.text = text
        self.file = file
    }

    /// Sets a value: in place when it is there, else as a new line of its table, or with a header of its own.
    ///
    /// - Parameters:
    ///   - path: keys, and indexes into arrays; the index after the last one adds an element.
    ///   - value: a table becomes a section, or braces where it stands in braces.
    /// - Throws: ``Fault`` `invalidRequest` when something on the way is neither a table nor a list.
    package mutating func set(_ path: ConfigPath, to value: ConfigNode.Value) throws(Fault) {
        let wanted = try TOML.parse(text, file: file).setting(path.parts[...], to: value)
        try change(path) { (draft) throws(Fault) in
            if try draft.replaceInline(path, with: value) { return }
            let place = try draft.remove(path, takesComments: false)
            try draft.insert(path, value, at: place)
        } check: { found in
            found.saysTheSame(as: wanted)
        }
    }

    /// Removes a value or a whole section, which takes the comment lines right above its header along.
    ///
    /// - Returns: false when there is none.
    package mutating func remove(_ path: ConfigPath) throws(Fault) -> Bool {
        guard let wanted = try TOML.parse(text, file: file).removing(path.parts[...]) else { return false }
        try change(path) { (draft) throws(Fault) in
            if try draft.removeInline(path) { return }
            _ = try draft.remove(path, takesComments: true)
        } check: { found in
            // A table that had only this may be gone with it, when it had no header.
            let left = found.pruned ?? ConfigNode(made: .table([]))
            return left.saysTheSame(as: wanted.pruned ?? ConfigNode(made: .table([])))
        }
        return true
    }

    // MARK: - Private

    private mutating func change(
        _ path: ConfigPath,
        _ body: (inout TOMLDraft) throws(Fault) -> Void,
        check: (ConfigNode) -> Bool
    ) throws(Fault) {
        var draft = try TOMLDraft(text, file: file)
        try body(&draft)
        let result = draft.text
        guard let found = try? TOML.parse(result, file: file), check(found) else {
            throw Fault(.invalidRequest, "\(file): \(path) can't be changed without touching the rest; edit it by hand")
        }
        text = result
    }
}
