import Toolkit

/// Splits shell text into words and operators, with the quoting that decides about expansion.
struct ShellLexer {
    /// A part of a word that is quoted in one way.
    struct Piece {
        var text: String
        /// Variables in it are filled in.
        var expands: Bool
        /// Blanks in it do not split the word.
        var isQuoted: Bool
    }

    struct Token {
        enum Kind {
            case word([Piece])
            /// `&&`, `;`, `(`; a line's end is `\n`.
            case sign(String)
        }

        var kind: Kind
        var line: Int
    }

    /// More than this is no script that starts a server.
    private static let maximumTokens = 40_000
    private static let maximumBytes = 256 << 10

    private let text: [Character]
    private var index = 0
    private var line = 1
    private var tokens: [Token] = []
    private var pieces: [Piece] = []
    private var plain = ""
    private var wordLine = 1
    private var heredocs: [(name: String, stripsTabs: Bool)] = []

    static func tokens(of text: String) -> [Token] {
        var lexer = ShellLexer(text)
        lexer.run()
        return lexer.tokens
    }

    private init(_ text: String) {
        self.text = text.utf8.count > Self.maximumBytes ? [] : Array(text.replacing("\r\n", with: "\n"))
    }

    // MARK: - Private

    private mutating func run() {
        while index < text.count, tokens.count < Self.maximumTokens {
            let character = text[index]
            switch character {
            case "\n": endLine()
            case " ", "\t", "\r":
                endWord()
                index += 1
            case "\\": escape()
            case "'": single()
            case "\"": double()
            case "`": backticks()
            case "#" where plain.isEmpty && pieces.isEmpty:
                while index < text.count, text[index] != "\n" { index += 1 }
            case "$" where next == "(": substitution()
            case "$" where next == "{":
                let end = braces(from: index + 2)
                flush()
                append(Piece(text: String(text[index..<end]), expands: true, isQuoted: false))
                index = end
            case "<", ">": redirection()
            case "&" where next == ">":
                index += 1
                redirection()
            case "&", "|", ";", "(", ")": sign(character)
            default:
                add(character)
                index += 1
            }
        }
        endWord()
    }

    private var next: Character? { index + 1 < text.count ? text[index + 1] : nil }

    private mutating func add(_ character: Character) {
        if plain.isEmpty, pieces.isEmpty { wordLine = line }
        plain.append(character)
    }

    private mutating func append(_ piece: Piece) {
        if pieces.isEmpty { wordLine = line }
        pieces.append(piece)
    }

    private mutating func flush() {
        guard !plain.isEmpty else { return }
        append(Piece(text: plain, expands: true, isQuoted: false))
        plain = ""
    }

    private mutating func endWord() {
        flush()
        guard !pieces.isEmpty else { return }
        tokens.append(Token(kind: .word(pieces), line: wordLine))
        pieces = []
    }

    private mutating func endLine() {
        endWord()
        tokens.append(Token(kind: .sign("\n"), line: line))
        index += 1
        line += 1
        for heredoc in heredocs {
            while index < text.count {
                let end = text[index...].firstIndex(of: "\n") ?? text.count
                var body = text[index..<end]
                if heredoc.stripsTabs { body = body.drop { $0 == "\t" } }
                index = min(end + 1, text.count)
                line += 1
                if String(body) == heredoc.name { break }
            }
        }
        heredocs = []
    }

    private mutating func escape() {
        guard let following = next else {
            index += 1
            return
        }
        index += 2
        if following == "\n" {
            line += 1
        } else {
            flush()
            append(Piece(text: String(following), expands: false, isQuoted: true))
        }
    }

    private mutating func single() {
        flush()
        let end = text[(index + 1)...].firstIndex(of: "'") ?? text.count
        append(Piece(text: String(text[(index + 1)..<end]), expands: false, isQuoted: true))
        line += text[index..<end].count { $0 == "\n" }
        index = min(end + 1, text.count)
    }

    private mutating func double() {
        flush()
        var body = ""
        index += 1
        let start = line
        while index < text.count, text[index] != "\"" {
            let character = text[index]
            if character == "\\", let following = next {
                if following == "$" {
                    body += "\\$"
                } else if following == "\n" {
                    line += 1
                } else {
                    if !"\"\\`".contains(following) { body.append("\\") }
                    body.append(following)
                }
                index += 2
            } else if character == "$", next == "{" || next == "(" {
                let end = next == "{" ? braces(from: index + 2) : parentheses(from: index + 2)
                body += String(text[index..<end])
                index = end
            } else {
                if character == "\n" { line += 1 }
                body.append(character)
                index += 1
            }
        }
        index += 1
        if pieces.isEmpty { wordLine = start }
        pieces.append(Piece(text: body, expands: true, isQuoted: true))
    }

    private mutating func backticks() {
        let end = text[(index + 1)...].firstIndex(of: "`") ?? text.count
        flush()
        append(Piece(text: "$(" + String(text[(index + 1)..<end]) + ")", expands: false, isQuoted: true))
        index = min(end + 1, text.count)
    }

    private mutating func substitution() {
        let end = parentheses(from: index + 2)
        flush()
        append(Piece(text: String(text[index..<end]), expands: false, isQuoted: true))
        line += text[index..<end].count { $0 == "\n" }
        index = end
    }

    /// The place after the brace that closes.
    private func braces(from start: Int) -> Int { closing("{", "}", from: start) }

    private func parentheses(from start: Int) -> Int { closing("(", ")", from: start) }

    private func closing(_ open: Character, _ close: Character, from start: Int) -> Int {
        var depth = 1
        var place = start
        while place < text.count {
            if text[place] == open { depth += 1 }
            if text[place] == close { depth -= 1 }
            place += 1
            if depth == 0 { break }
        }
        return place
    }

    private mutating func sign(_ character: Character) {
        endWord()
        var sign = String(character)
        if let following = next, following == character, "&|;".contains(character) { sign.append(following) }
        tokens.append(Token(kind: .sign(sign), line: line))
        index += sign.count
    }

    /// `> file`, `2>&1`, `<<EOF`, `<<< "$text"`: gone, with what they name.
    private mutating func redirection() {
        if plain.allSatisfy({ $0.isNumber }) { plain = "" }
        endWord()
        // Three are a text of one word, behind which no lines belong to it.
        let isHeredoc = text[index] == "<" && next == "<" && text.dropFirst(index + 2).first != "<"
        while index < text.count, "<>&-".contains(text[index]) { index += 1 }
        let stripsTabs = isHeredoc && text[index - 1] == "-"
        while index < text.count, text[index] == " " || text[index] == "\t" { index += 1 }
        let start = index
        while index < text.count, !text[index].isWhitespace, !";|&()<>".contains(text[index]) { index += 1 }
        let name = ImageWords.plain(String(text[start..<index]))
        if isHeredoc, !name.isEmpty { heredocs.append((name, stripsTabs)) }
    }
}
