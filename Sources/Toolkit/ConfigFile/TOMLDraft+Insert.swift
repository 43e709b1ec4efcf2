import Model

extension TOMLDraft {
    /// Adds what is not there yet; a section goes to `place` when it had one before.
    mutating func insert(_ path: ConfigPath, _ value: ConfigNode.Value, at place: Int? = nil) throws(Fault) {
        switch path.parts.last {
        case .index:
            guard case .table = value, let place = place ?? placeOfElement(path) else {
                return try insert(path.parent, .array([ConfigNode(made: value)]))
            }
            addSection(TOMLWriter.section(value, path: path.names, isElement: true), at: place)
        case .key(let key):
            if TOMLWriter.isSection(value), !isDotted(path.parent) {
                addSection(section(path, value), at: place ?? end(of: path.parent))
            } else {
                insertPair(key, TOMLWriter.inline(value), in: path.parent)
            }
        case nil: throw Fault(.invalidRequest, "no key was named")
        }
    }

    // MARK: - Private

    /// Behind the elements of an array of tables; nil when there is none.
    private func placeOfElement(_ path: ConfigPath) -> Int? {
        outline.last(in: path.parent)?.lines.upperBound
    }

    private func section(_ path: ConfigPath, _ value: ConfigNode.Value) -> [String] {
        guard let elements = TOMLWriter.elements(value) else {
            return TOMLWriter.section(value, path: path.names, isElement: false)
        }
        return Array(
            elements.map { TOMLWriter.section(.table($0), path: path.names, isElement: true) }.joined(separator: [""])
        )
    }

    private mutating func insertPair(_ key: String, _ value: String, in table: ConfigPath) {
        let pair = "\(TOMLWriter.key(key)) = \(value)"
        let statements = outline.statements
        if let header = statements.lastIndex(where: { $0.isHeader && $0.path == table }) {
            let last = outline.lastOfSection(header)
            let indent = last.isHeader ? last.indent + inner(under: header) : last.indent
            return addLines([indent + pair], at: last.lines.upperBound)
        }
        if table.parts.isEmpty { return insertAtTop(pair) }
        if let dotted = statements.last(where: { isMade(table, by: $0) }) {
            // The names that the section of that pair leaves open.
            let section = section(of: dotted)
            let names = ConfigPath(Array(table.parts[section.parts.count...])).names + [key]
            let dots = names.map(TOMLWriter.key).joined(separator: ".")
            return addLines(["\(dotted.indent)\(dots) = \(value)"], at: dotted.lines.upperBound)
        }
        let lines = TOMLWriter.section(.table([]), path: table.names, isElement: false)
        let indent = lines.first.map { String($0.prefix { $0 == " " }) } ?? ""
        let section = lines + ["\(indent)  \(pair)"]
        // A table that is only on the way to others gets its header before theirs.
        let inside = statements.first { $0.path.hasPrefix(table) }
        addSection(section, at: inside.map { commentStart(above: $0) } ?? end(of: table.parent))
    }

    /// Behind the pairs before the first header; before that header when there are none.
    private mutating func insertAtTop(_ pair: String) {
        let statements = outline.statements
        if let last = statements.prefix(while: { !$0.isHeader }).last {
            return addLines([last.indent + pair], at: last.lines.upperBound)
        }
        guard let first = statements.first else { return addLines([pair], at: bytes.count) }
        addLines([pair, ""], at: commentStart(above: first))
    }

    /// How far the keys of a section are indented more than its header; two blanks where the file does so elsewhere.
    private func inner(under header: Int) -> String {
        let statements = outline.statements
        let indents = zip(statements, statements.dropFirst()).contains { before, after in
            before.isHeader && !after.isHeader && after.indent.count > before.indent.count
        }
        return indents ? "  " : ""
    }

    /// Whether the dots of a pair are what makes a table.
    private func isMade(_ table: ConfigPath, by pair: TOMLOutline.Statement) -> Bool {
        !pair.isHeader && pair.path.hasPrefix(table) && table.hasPrefix(section(of: pair))
    }

    /// The path of the section that a pair stands in.
    private func section(of pair: TOMLOutline.Statement) -> ConfigPath {
        outline.statements.last { $0.isHeader && $0.lines.lowerBound < pair.lines.lowerBound }?.path ?? []
    }

    /// Behind all that is in a table or, when it is not there, in the nearest one around it; else the end of the file.
    private func end(of table: ConfigPath) -> Int {
        var table = table
        while !table.parts.isEmpty {
            if let last = outline.last(in: table) { return last.lines.upperBound }
            table = table.parent
        }
        return bytes.count
    }

    /// Whether a table is made by the dots of its keys, and has no header of its own.
    private func isDotted(_ table: ConfigPath) -> Bool {
        guard !table.parts.isEmpty else { return false }
        let own = outline.statements.filter { $0.path.hasPrefix(table) }
        return !own.isEmpty && own.allSatisfy { !$0.isHeader }
    }
}
