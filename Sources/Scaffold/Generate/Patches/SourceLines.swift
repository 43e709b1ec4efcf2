/// A Python file as bytes and tokens: enough to change a call or to put in a line, and to leave all else as it is.
struct SourceLines {
    let bytes: [UInt8]
    /// Without blanks and ends of lines.
    let tokens: [Token]
    /// Where each line begins.
    private let starts: [Int]

    struct Token: Equatable {
        enum Kind { case name, string, comment, other }

        var kind: Kind
        var range: Range<Int>
    }

    /// Nil for a file whose strings or brackets do not end.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.bytes = bytes
        starts = [0] + bytes.indices.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
        var scanner = Scanner(bytes: bytes)
        guard scanner.run() else { return nil }
        tokens = scanner.tokens
    }

    /// The token's own text.
    func text(_ token: Token) -> String { String(decoding: bytes[token.range], as: UTF8.self) }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Whether a token is one character such as `(`.
    func isSign(_ index: Int, _ sign: Character) -> Bool {
        guard tokens.indices.contains(index), tokens[index].kind == .other, tokens[index].range.count == 1 else {
            return false
        }
        return bytes[tokens[index].range.lowerBound] == sign.asciiValue
    }

    /// The line of a byte, from 1.
    func line(of offset: Int) -> Int {
        var (low, high) = (0, starts.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// Where a line begins; the end of the text for one beyond it.
    func start(ofLine line: Int) -> Int {
        line < 1 ? 0 : line <= starts.count ? starts[line - 1] : bytes.count
    }

    /// A line without its end.
    func content(ofLine line: Int) -> String {
        text(start(ofLine: line)..<start(ofLine: line + 1)).filter { !$0.isNewline }
    }

    /// The blanks at the begin of a line.
    func indent(ofLine line: Int) -> String { String(content(ofLine: line).prefix { $0 == " " || $0 == "\t" }) }

    /// `\r\n` when the file is written so.
    var newline: String { bytes.contains(0x0D) && text(0..<bytes.count).contains("\r\n") ? "\r\n" : "\n" }

    /// The first token on or after a line.
    func firstToken(fromLine line: Int) -> Int? {
        let start = start(ofLine: line)
        return tokens.firstIndex { $0.range.lowerBound >= start }
    }

    /// The bracket that ends the one at a place.
    func closing(of index: Int) -> Int? {
        var depth = 0
        for place in index..<tokens.count where tokens[place].kind == .other {
            switch bytes[tokens[place].range.lowerBound] {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth == 0 { return place }
        }
        return nil
    }

    /// The bracket that begins the one that ends at a place.
    func opening(of index: Int) -> Int? {
        var depth = 0
        for place in stride(from: index, through: 0, by: -1) where tokens[place].kind == .other {
            switch bytes[tokens[place].range.lowerBound] {
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth += 1
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth -= 1
            default: break
            }
            if depth == 0 { return place }
        }
        return nil
    }

    /// The first line after the statement that begins on a line: brackets and strings may go over several.
    func lineAfterStatement(at line: Int) -> Int {
        var depth = 0
        var last = line
        guard let first = firstToken(fromLine: line) else { return line + 1 }
        for token in tokens[first...] {
            let begin = self.line(of: token.range.lowerBound)
            let isContinued = last > 0 && content(ofLine: last).hasSuffix("\\")
            if begin > last, depth == 0, !isContinued { break }
            last = max(last, self.line(of: token.range.upperBound - 1))
            guard token.kind == .other else { continue }
            switch bytes[token.range.lowerBound] {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return last + 1
    }

    // MARK: - Private

    private struct Scanner {
        let bytes: [UInt8]
        var tokens: [Token] = []
        var place = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func run() -> Bool {
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
            while place < bytes.count {
                let byte = bytes[place]
                switch byte {
                case 0x20, 0x09, 0x0A, 0x0C, 0x0D: place += 1
                case UInt8(ascii: "#"):
                    let end = bytes[place...].firstIndex(of: 0x0A) ?? bytes.count
                    add(.comment, to: end)
                case UInt8(ascii: "\""), UInt8(ascii: "'"): guard string(from: place) else { return false }
                case let byte where Self.isWord(byte):
                    let end = bytes[place...].firstIndex { !Self.isWord($0) } ?? bytes.count
                    let isQuote =
                        end < bytes.count && (bytes[end] == UInt8(ascii: "\"") || bytes[end] == UInt8(ascii: "'"))
                    if isQuote, isPrefix(bytes[place..<end]) {
                        guard string(from: end) else { return false }
                    } else {
                        add(.name, to: end)
                    }
                default: add(.other, to: place + 1)
                }
            }
            return true
        }

        private mutating func add(_ kind: Token.Kind, to end: Int) {
            tokens.append(Token(kind: kind, range: place..<end))
            place = end
        }

        /// `r`, `b`, `f`, `u`, `t` and pairs of them.
        private func isPrefix(_ word: ArraySlice<UInt8>) -> Bool {
            word.count <= 2 && word.allSatisfy { "rbfutRBFUT".utf8.contains($0) }
        }

        private mutating func string(from quote: Int) -> Bool {
            let mark = bytes[quote]
            let isTriple = quote + 2 < bytes.count && bytes[quote + 1] == mark && bytes[quote + 2] == mark
            var end = quote + (isTriple ? 3 : 1)
            while end < bytes.count {
                switch bytes[end] {
                case UInt8(ascii: "\\"): end += 2
                case mark where !isTriple:
                    add(.string, to: end + 1)
                    return true
                case mark where end + 2 < bytes.count && bytes[end + 1] == mark && bytes[end + 2] == mark:
                    add(.string, to: end + 3)
                    return true
                case 0x0A where !isTriple: return false
                default: end += 1
                }
            }
            return false
        }

        private static func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case 48...57, 65...90, 97...122, 0x5F, 0x80...0xFF: true
            default: false
            }
        }
    }
}
