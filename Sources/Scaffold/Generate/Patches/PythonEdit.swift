/// Changes to one Python file, collected against its text as it is and made all at once.
struct PythonEdit {
    let source: SourceLines
    private var changes: [(range: Range<Int>, text: String)] = []

    init(_ source: SourceLines) {
        self.source = source
    }

    /// The file with its changes; nil when two of them meet.
    var result: String? {
        var bytes = source.bytes
        let ordered = changes.enumerated().sorted {
            ($0.element.range.lowerBound, $0.offset) < ($1.element.range.lowerBound, $1.offset)
        }
        for (one, next) in zip(ordered, ordered.dropFirst())
        where one.element.range.upperBound > next.element.range.lowerBound {
            return nil
        }
        for (_, change) in ordered.reversed() { bytes.replaceSubrange(change.range, with: Array(change.text.utf8)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func replace(_ range: Range<Int>, with text: String) {
        changes.append((range, text))
    }

    /// Puts lines before a line; an empty one stays empty.
    mutating func insert(_ lines: [String], beforeLine line: Int, indent: String = "") {
        let text = lines.map { $0.isEmpty ? source.newline : indent + $0 + source.newline }.joined()
        let start = source.start(ofLine: line)
        // The last line of a file may lack its end.
        let lacksEnd = start == source.bytes.count && start > 0 && source.bytes[start - 1] != 0x0A
        changes.append((start..<start, lacksEnd ? source.newline + text : text))
    }

    mutating func removeLines(_ lines: Range<Int>) {
        changes.append((source.start(ofLine: lines.lowerBound)..<source.start(ofLine: lines.upperBound), ""))
    }

    /// Adds an argument by keyword at the end of a call, in the way in which the call is laid out.
    mutating func addArgument(_ argument: String, open: Int, close: Int) {
        let inner = source.tokens[(open + 1)..<close].filter { $0.kind != .comment }
        let closeStart = source.tokens[close].range.lowerBound
        guard let last = inner.last, let first = inner.first else {
            return replace(closeStart..<closeStart, with: argument)
        }
        let hasComma = source.text(last) == ","
        let end = last.range.upperBound
        let closeLine = source.line(of: closeStart)
        let isAlone =
            source.content(ofLine: closeLine).drop { $0 == " " || $0 == "\t" }.first.map { ")" == $0 } ?? false
        if isAlone, source.line(of: end - 1) < closeLine {
            if !hasComma { replace(end..<end, with: ",") }
            let indent = source.indent(ofLine: source.line(of: first.range.lowerBound))
            insert(["\(argument),"], beforeLine: closeLine, indent: indent)
        } else {
            replace(end..<end, with: (hasComma ? " " : ", ") + argument)
        }
    }

    /// Brings in modules and names, those left out that are there at the top already.
    ///
    /// - Parameters:
    ///   - wanted: lines such as `import os` and `from starlette.requests import Request`.
    ///   - known: the module as it is.
    mutating func addImports(_ wanted: [String], known: PythonModule) {
        let top = known.imports.filter { source.indent(ofLine: $0.line).isEmpty }
        let missing = wanted.filter { line in
            let words = line.split(separator: " ").map(String.init)
            let (name, target) = words.count == 4 ? (words[3], "\(words[1]).\(words[3])") : (words[1], words[1])
            let simple = name.split(separator: ".").first.map(String.init) ?? name
            return !top.contains { $0.name == simple && Self.same($0.target, target) }
        }
        guard !missing.isEmpty else { return }
        insert(missing, beforeLine: importLine(top))
    }

    // MARK: - Private

    /// What FastAPI hands on from Starlette is the same thing.
    private static func same(_ left: String, _ right: String) -> Bool {
        func plain(_ name: String) -> String {
            name.hasPrefix("fastapi.Request")
                ? "starlette.requests.Request" : name.replacing("fastapi.responses", with: "starlette.responses")
        }
        return plain(left) == plain(right)
    }

    /// The first import that is none of the future, else after the docstring.
    private func importLine(_ imports: [PythonModule.Import]) -> Int {
        let lines = imports.map(\.line).filter { line in
            let text = source.content(ofLine: line)
            return (text.hasPrefix("import ") || text.hasPrefix("from ")) && !text.hasPrefix("from __future__")
        }
        if let first = lines.min() { return first }
        let futures = imports.map(\.line).filter { source.content(ofLine: $0).hasPrefix("from __future__") }
        if let last = futures.max() { return source.lineAfterStatement(at: last) }
        guard let first = source.tokens.first(where: { $0.kind != .comment }) else { return 1 }
        let line = source.line(of: first.range.lowerBound)
        return first.kind == .string ? source.lineAfterStatement(at: line) : line
    }
}
