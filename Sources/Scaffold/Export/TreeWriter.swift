/// Writes trees as YAML or JSON; the same tree gives the same bytes.
struct TreeWriter {
    /// Changes each ``Tree/string(_:)`` for a reader that would take something in it for its own: Compose's `$`.
    var escape: @Sendable (String) -> String = { $0 }
    /// Somebody replaces `${NAME}` in the file later, so that the project's own `${` has to be hidden from that.
    var hidesVariables = false

    /// YAML documents below a line of comment.
    func yaml(_ documents: [Tree], stamp: String) -> String {
        let texts = documents.map { document in
            var out = ""
            write(document, indent: 0, to: &out)
            return out
        }
        return Self.comment(stamp, "") + texts.joined(separator: "---\n")
    }

    /// JSON with two spaces of indentation and a line feed at its end.
    func json(_ document: Tree) -> String {
        var out = ""
        writeJSON(document, indent: 0, to: &out)
        return out + "\n"
    }

    // MARK: - YAML

    /// The longest list that is written on one line, in columns.
    private static let flowWidth = 100

    private func write(_ tree: Tree, indent: Int, to out: inout String) {
        switch tree {
        case .table(let entries) where !entries.isEmpty: writeTable(entries, indent: indent, first: indent, to: &out)
        case .list(let elements) where !elements.isEmpty: writeList(elements, indent: indent, to: &out)
        default: out += Self.spaces(indent) + inline(tree) + "\n"
        }
    }

    /// `first` is the indentation of the first line, which stands behind a dash.
    private func writeTable(_ entries: [Tree.Entry], indent: Int, first: Int, to out: inout String) {
        for (index, entry) in entries.enumerated() {
            var lead = Self.spaces(index == 0 ? first : indent)
            if let comment = entry.comment {
                for line in comment.split(separator: "\n") {
                    out += Self.comment(String(line), lead)
                    lead = Self.spaces(indent)
                }
            }
            out += lead + (entry.key == "<<" ? "<<" : Quoting.yaml(entry.key)) + ":"
            writeValue(entry.value, indent: indent, to: &out)
            if let remark = entry.remark {
                out.removeLast()
                out += "  # \(Quoting.comment(remark))\n"
            }
        }
    }

    /// A value after `key:`, on the same line when it fits.
    private func writeValue(_ value: Tree, indent: Int, to out: inout String) {
        switch value {
        case .anchored(let name, let inner):
            out += " &\(name)"
            writeValue(inner, indent: indent, to: &out)
        case .table(let entries) where !entries.isEmpty:
            out += "\n"
            writeTable(entries, indent: indent + 2, first: indent + 2, to: &out)
        case .list(let elements) where !elements.isEmpty:
            if let line = flow(elements), line.count + indent < Self.flowWidth {
                out += " \(line)\n"
            } else {
                out += "\n"
                writeList(elements, indent: indent + 2, to: &out)
            }
        case .template(let text) where text.contains("\n"):
            out += " |\n"
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                out += line.isEmpty ? "\n" : "\(Self.spaces(indent + 2))\(line)\n"
            }
        default: out += " \(inline(value))\n"
        }
    }

    private func writeList(_ elements: [Tree], indent: Int, to out: inout String) {
        for element in elements {
            out += Self.spaces(indent) + "-"
            switch element {
            case .table(let entries) where !entries.isEmpty && entries[0].comment == nil:
                out += " "
                writeTable(entries, indent: indent + 2, first: 0, to: &out)
            case .table(let entries) where !entries.isEmpty:
                out += "\n"
                writeTable(entries, indent: indent + 2, first: indent + 2, to: &out)
            default: writeValue(element, indent: indent, to: &out)
            }
        }
    }

    /// `[a, b]` for a list of scalars; nil for others.
    private func flow(_ elements: [Tree]) -> String? {
        var parts: [String] = []
        for element in elements {
            switch element {
            case .list, .table, .anchored: return nil
            case .template(let text) where text.contains("\n"): return nil
            case .string(let text), .template(let text):
                // Inside brackets more characters have a meaning than Quoting has to think of outside.
                let plain = text.utf8.allSatisfy { Self.isPlain($0) } && scalar(element) == text
                parts.append(plain ? text : json(scalarOf: element))
            default: parts.append(inline(element))
            }
        }
        return "[\(parts.joined(separator: ", "))]"
    }

    private func inline(_ tree: Tree) -> String {
        switch tree {
        case .list: "[]"
        case .table: "{}"
        case .alias(let name): "*\(name)"
        default: scalar(tree)
        }
    }

    private func scalar(_ tree: Tree) -> String {
        switch tree {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .string(let text): hides(text) ? json(scalarOf: tree) : Quoting.yaml(escape(text))
        case .template(let text): Quoting.yaml(text)
        default: ""
        }
    }

    // MARK: - JSON

    private func writeJSON(_ tree: Tree, indent: Int, to out: inout String) {
        let inner = Self.spaces(indent + 2)
        switch tree {
        case .table(let entries) where !entries.isEmpty:
            out += "{\n"
            for (index, entry) in entries.enumerated() {
                out += inner + Quoting.json(entry.key) + ": "
                writeJSON(entry.value, indent: indent + 2, to: &out)
                out += index == entries.count - 1 ? "\n" : ",\n"
            }
            out += Self.spaces(indent) + "}"
        case .list(let elements) where !elements.isEmpty:
            out += "[\n"
            for (index, element) in elements.enumerated() {
                out += inner
                writeJSON(element, indent: indent + 2, to: &out)
                out += index == elements.count - 1 ? "\n" : ",\n"
            }
            out += Self.spaces(indent) + "]"
        case .anchored(_, let value): writeJSON(value, indent: indent, to: &out)
        default: out += json(scalarOf: tree)
        }
    }

    /// A scalar as JSON has it, which YAML takes as well.
    private func json(scalarOf tree: Tree) -> String {
        switch tree {
        case .string(let text):
            let quoted = Quoting.json(escape(text))
            return hides(text) ? quoted.replacing("${", with: "\\u0024{") : quoted
        case .template(let text): return Quoting.json(text)
        default: return inline(tree)
        }
    }

    private func hides(_ text: String) -> Bool { hidesVariables && text.contains("${") }

    // MARK: - Characters

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 65...90, 97...122, 48...57: true
        default: "-_./@+".utf8.contains(byte)
        }
    }

    /// A line of comment, without blanks at its end.
    private static func comment(_ text: String, _ lead: String) -> String {
        let line = "\(lead)# \(Quoting.comment(text))"
        return String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)]) + "\n"
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}
