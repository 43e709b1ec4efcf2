/// The logical lines of a Dockerfile: continuations joined, comments gone, heredocs taken out.
struct DockerfileLines {
    struct Line {
        /// Without the escape characters; parts joined by blanks.
        var text: String
        var first: Int
        var last: Int
        var heredocs: [String] = []
    }

    private(set) var directives: [String: String] = [:]
    private(set) var lines: [Line] = []
    private(set) var problems: [Dockerfile.Problem] = []
    private(set) var escape: Character = "\\"

    private let source: [Substring]
    private var next = 0

    /// More than this is no Dockerfile; the rest is not read.
    private static let maximumLines = 50_000
    /// No instruction is longer; what exceeds it is left out.
    private static let maximumBytes = 64 << 10

    init(_ text: String) {
        source = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .prefix(Self.maximumLines)
            .map { Substring($0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0) }
        readDirectives()
        while next < source.count { readLine() }
    }

    // MARK: - Private

    /// `# name=value` lines, which count only before everything else.
    private mutating func readDirectives() {
        while next < source.count {
            var line = ImageWords.trimmed(source[next])
            if next == 0, line.first == "\u{FEFF}" { line.removeFirst() }
            guard line.first == "#", let equals = line.firstIndex(of: "=") else { return }
            let name = ImageWords.trimmed(line[line.index(after: line.startIndex)..<equals]).lowercased()
            let isName = !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
            guard isName, directives[name] == nil else { return }
            directives[name] = String(ImageWords.trimmed(line[line.index(after: equals)...]))
            if name == "escape", directives[name] == "`" { escape = "`" }
            next += 1
        }
    }

    private mutating func readLine() {
        let first = next
        var parts: [Substring] = []
        var isOpen = true
        var last = first
        var bytes = 0
        while isOpen, next < source.count {
            var line = ImageWords.trimmed(source[next])
            if next == 0, line.first == "\u{FEFF}" { line.removeFirst() }
            next += 1
            if line.first == "#" || line.isEmpty {
                // A comment or an empty line between continued lines does not end the instruction.
                if parts.isEmpty { return }
                continue
            }
            last = next - 1
            isOpen = line.last == escape
            bytes += line.utf8.count
            if bytes <= Self.maximumBytes { parts.append(isOpen ? ImageWords.trimmed(line.dropLast()) : line) }
        }
        if bytes > Self.maximumBytes {
            let message = "the instruction is longer than \(Self.maximumBytes >> 10) KiB"
            problems.append(.init(line: first + 1, message: message, nearest: nil))
        }
        let text = parts.filter { !$0.isEmpty }.joined(separator: " ")
        guard !text.isEmpty else { return }
        next = last + 1
        var line = Line(text: text, first: first + 1, last: last + 1)
        readHeredocs(of: &line)
        lines.append(line)
    }

    private mutating func readHeredocs(of line: inout Line) {
        let word = line.text.prefix { !$0.isWhitespace }.uppercased()
        let isNested = word == "ONBUILD"
        guard isNested || ["RUN", "COPY", "ADD"].contains(word) else { return }
        for mark in Self.heredocMarks(in: line.text) {
            var body: [Substring] = []
            var isClosed = false
            while next < source.count, !isClosed {
                let raw = mark.stripsTabs ? source[next].drop { $0 == "\t" } : source[next]
                next += 1
                isClosed = raw == mark.name
                if !isClosed { body.append(raw) }
            }
            line.last = next
            line.heredocs.append(body.joined(separator: "\n"))
            if !isClosed {
                let shown = mark.name.prefix(40)
                problems.append(.init(line: line.first, message: "the heredoc \(shown) never ends", nearest: nil))
            }
        }
    }

    /// `<<EOF`, `<<-EOF`, `3<<"EOF"` at the beginning of words outside quotes.
    private static func heredocMarks(in text: String) -> [(name: String, stripsTabs: Bool)] {
        var marks: [(name: String, stripsTabs: Bool)] = []
        for word in ImageWords.raw(text) where marks.count < 20 {
            var rest = word.drop { $0.isNumber }
            guard rest.hasPrefix("<<"), !rest.hasPrefix("<<<") else { continue }
            rest.removeFirst(2)
            let strips = rest.first == "-"
            if strips { rest.removeFirst() }
            let name = ImageWords.plain(rest)
            guard !name.isEmpty, !name.contains("<") else { continue }
            marks.append((name, strips))
        }
        return marks
    }
}
