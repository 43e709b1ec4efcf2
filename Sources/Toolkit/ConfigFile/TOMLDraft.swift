import Model

/// The bytes of a file while one change is made.
struct TOMLDraft {
    private(set) var bytes: [UInt8]
    let file: String
    private(set) var outline: TOMLOutline

    init(_ text: String, file: String) throws(Fault) {
        bytes = Array(text.utf8)
        self.file = file
        outline = try TOMLOutline(bytes, file: file)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Finds the places again after a change.
    private mutating func reread() throws(Fault) {
        outline = try TOMLOutline(bytes, file: file)
    }

    mutating func replace(_ range: Range<Int>, with text: String) {
        bytes.replaceSubrange(range, with: text.utf8)
    }

    /// As the file ends its lines.
    var newline: String { bytes.contains(.carriageReturn) ? "\r\n" : "\n" }

    // MARK: - Removing

    /// Removes the statements of a path.
    ///
    /// - Returns: where they stood; nil when there are none.
    mutating func remove(_ path: ConfigPath, takesComments: Bool) throws(Fault) -> Int? {
        var runs: [Range<Int>] = []
        var isOpen = false
        for statement in outline.statements {
            guard statement.path.hasPrefix(path) else {
                isOpen = false
                continue
            }
            if isOpen, let last = runs.popLast() {
                runs.append(last.lowerBound..<statement.lines.upperBound)
            } else {
                let start = takesComments && statement.isHeader ? commentStart(above: statement) : nil
                runs.append((start ?? statement.lines.lowerBound)..<statement.lines.upperBound)
            }
            isOpen = true
        }
        for run in runs.reversed() { removeLines(run) }
        try reread()
        return runs.first.map { min($0.lowerBound, bytes.count) }
    }

    /// The first of the comment lines right above a statement; the statement itself when there are none.
    func commentStart(above statement: TOMLOutline.Statement) -> Int {
        var start = statement.lines.lowerBound
        while start > 0 {
            let line = lineStart(before: start)
            guard isComment(line) else { break }
            start = line
        }
        return start
    }

    private func lineStart(before end: Int) -> Int {
        var start = end - 1
        while start > 0, bytes[start - 1] != .lineFeed { start -= 1 }
        return start
    }

    /// Removes whole lines, and one of the empty lines around them when there are two.
    private mutating func removeLines(_ range: Range<Int>) {
        var range = range
        let isAfterBlank = range.lowerBound == 0 || isBlankLine(lineStart(before: range.lowerBound))
        if isAfterBlank, range.upperBound < bytes.count, isBlankLine(range.upperBound) {
            range = range.lowerBound..<lineEnd(range.upperBound)
        } else if range.upperBound == bytes.count, range.lowerBound > 0, isAfterBlank {
            range = lineStart(before: range.lowerBound)..<range.upperBound
        }
        bytes.removeSubrange(range)
    }

    private func lineEnd(_ start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] != .lineFeed { end += 1 }
        return min(end + 1, bytes.count)
    }

    private func isBlankLine(_ start: Int) -> Bool {
        bytes[start..<lineEnd(start)].allSatisfy { [.space, .tab, .carriageReturn, .lineFeed].contains($0) }
    }

    private func isComment(_ start: Int) -> Bool {
        bytes[start...].first { $0 != .space && $0 != .tab } == UInt8(ascii: "#")
    }

    // MARK: - Adding lines

    /// Puts lines behind a statement, or at the start of the file.
    mutating func addLines(_ lines: [String], at offset: Int) {
        var text = lines.map { $0 + newline }.joined()
        if offset > 0, bytes[offset - 1] != .lineFeed { text = newline + text }
        bytes.insert(contentsOf: text.utf8, at: offset)
    }

    /// Puts a section behind an offset, with an empty line around it where there is none.
    mutating func addSection(_ lines: [String], at offset: Int) {
        var lines = outline.isFlat ? lines.map { String($0.drop { $0 == " " }) } : lines
        if offset > 0, !isBlankLine(lineStart(before: offset)), !isComment(lineStart(before: offset)) {
            lines.insert("", at: 0)
        }
        if offset < bytes.count, !isBlankLine(offset) { lines.append("") }
        addLines(lines, at: offset)
    }
}

extension TOMLOutline {
    /// Whether the file has sections and indents nothing under them.
    fileprivate var isFlat: Bool {
        guard let first = statements.firstIndex(where: \.isHeader), first < statements.count - 1 else { return false }
        return statements[first...].allSatisfy(\.indent.isEmpty)
    }
}
