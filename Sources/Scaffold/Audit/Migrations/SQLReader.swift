/// Takes a text of SQL apart into the words of its statements.
struct SQLReader {
    private let text: [Character]
    private var place = 0
    private var line: Int
    private var words: [Substring] = []
    private var start: Int?
    /// What ends the body that is read as statements.
    private var open: [Character]?
    private var found: [SQLChanges.Statement] = []

    init(_ text: String, _ line: Int) {
        self.text = Array(text)
        self.line = line
    }

    mutating func all() -> [SQLChanges.Statement] {
        while let next = peek() {
            if next.isWhitespace {
                step()
            } else if next == "-", peek(1) == "-" {
                skip { $0.isNewline }
            } else if next == "/", peek(1) == "*" {
                skipComment()
            } else if next == "'" {
                add("''", at: line)
                skipText(isEscaped: place > 0 && "eE".contains(text[place - 1]))
            } else if next == "$", let mark = dollarMark() {
                // The body of a function runs later; that of DO runs now.
                if words.first == "DO" || open == mark {
                    open = open == nil ? mark : nil
                    place += mark.count
                } else {
                    skipBody(mark)
                }
            } else if let end = Self.quotes[next] {
                step()
                let begin = place
                skip { $0 == end }
                add(String(text[begin..<place]).uppercased()[...], at: line)
                step()
            } else if next == ";" {
                step()
                close()
            } else if Self.isWord(next) {
                let begin = place
                skip { !Self.isWord($0) }
                add(String(text[begin..<place]).uppercased()[...], at: line)
            } else {
                add(String(next)[...], at: line)
                step()
            }
        }
        close()
        return found
    }

    // MARK: - Private

    private static let quotes: [Character: Character] = ["\"": "\"", "`": "`", "[": "]"]

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    private func peek(_ ahead: Int = 0) -> Character? {
        place + ahead < text.count ? text[place + ahead] : nil
    }

    private mutating func step() {
        guard place < text.count else { return }
        if text[place].isNewline { line += 1 }
        place += 1
    }

    private mutating func skip(until isEnd: (Character) -> Bool) {
        while let next = peek(), !isEnd(next) { step() }
    }

    private mutating func skipComment() {
        while peek() != nil, !(peek() == "*" && peek(1) == "/") { step() }
        place = min(place + 2, text.count)
    }

    private mutating func skipText(isEscaped: Bool) {
        step()
        while let next = peek() {
            if isEscaped, next == "\\", peek(1) != nil { step() }
            if next == "'" {
                guard peek(1) == "'" else { break }
                step()
            }
            step()
        }
        if peek() != nil { step() }
    }

    /// `$$` or `$body$`; nil for a parameter.
    private func dollarMark() -> [Character]? {
        guard let end = text[(place + 1)...].prefix(64).firstIndex(of: "$") else { return nil }
        let name = text[(place + 1)..<end]
        guard name.allSatisfy(Self.isWord), name.first?.isNumber != true else { return nil }
        return Array(text[place...end])
    }

    private mutating func skipBody(_ mark: [Character]) {
        add("''", at: line)
        place += mark.count
        while peek() != nil, !(text[place] == "$" && text[place...].starts(with: mark)) { step() }
        place = min(place + mark.count, text.count)
    }

    private mutating func add(_ word: Substring, at line: Int) {
        start = start ?? line
        words.append(word)
    }

    private mutating func close() {
        if let start { found.append(SQLChanges.Statement(line: start, words: words)) }
        start = nil
        words = []
    }
}
