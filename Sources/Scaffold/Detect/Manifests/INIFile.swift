/// A file of sections and keys: `setup.cfg`, `alembic.ini`, `mypy.ini`.
struct INIFile: Sendable {
    struct Value: Sendable {
        /// More than one when the value goes on in lines that are indented.
        var lines: [Substring]
        /// The line of its key.
        var line: Int

        var text: String { lines.joined(separator: "\n") }
    }

    /// Section, key (both as written), value.
    private(set) var sections: [String: [String: Value]] = [:]

    /// Reads text as Python's configparser does; lines that say nothing are skipped.
    init(_ text: String) {
        var section = ""
        var open: (key: String, lines: [Substring], line: Int)?
        func close(_ sections: inout [String: [String: Value]]) {
            if let open { sections[section, default: [:]][open.key] = Value(lines: open.lines, line: open.line) }
            open = nil
        }
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = raw.blanksTrimmed
            guard let first = line.first, first != "#", first != ";" else { continue }
            if raw.first?.isWhitespace == true, open != nil {
                open?.lines.append(line)
            } else if first == "[", let end = line.firstIndex(of: "]") {
                close(&sections)
                section = String(line[line.index(after: line.startIndex)..<end])
                if sections[section] == nil { sections[section] = [:] }
            } else if let separator = line.firstIndex(where: { $0 == "=" || $0 == ":" }) {
                close(&sections)
                let value = line[line.index(after: separator)...].blanksTrimmed
                open = (String(line[..<separator].blanksTrimmed), value.isEmpty ? [] : [value], index + 1)
            }
        }
        close(&sections)
    }

    subscript(_ section: String, _ key: String) -> Value? { sections[section]?[key] }
}
