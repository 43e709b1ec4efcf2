/// The text of an nginx configuration as a tree of directives.
///
/// > Source: nginx.org/en/docs/beginners_guide.html, "Configuration File's Structure"; `src/core/ngx_conf_file.c` for
/// > quotes and comments.
struct NginxText: Sendable {
    struct Directive: Sendable {
        var name: String
        var arguments: [String]
        /// Nil for a simple directive.
        var block: [Directive]?
        var line: Int

        /// All simple directives of a name in its block, not deeper.
        func all(_ name: String) -> [Directive] { (block ?? []).filter { $0.name == name } }

        var text: String { ([name] + arguments).joined(separator: " ") }
    }

    private(set) var directives: [Directive] = []
    /// Braces that do not pair, with the line.
    private(set) var problem: (line: Int, message: String)?

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var count = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        directives = block(depth: 0)
    }

    /// Every directive of a name, at any depth, with the blocks that it stands in, outermost first.
    func find(_ name: String) -> [(directive: Directive, inside: [Directive])] {
        var found: [(Directive, [Directive])] = []
        func walk(_ list: [Directive], _ inside: [Directive]) {
            for item in list {
                if item.name == name { found.append((item, inside)) }
                if let block = item.block { walk(block, inside + [item]) }
            }
        }
        walk(directives, [])
        return found
    }

    // MARK: - Private

    private static let maximumDirectives = 20_000

    private enum Token {
        case word(String)
        case end, open, close
    }

    private mutating func block(depth: Int) -> [Directive] {
        var list: [Directive] = []
        var words: [String] = []
        var first = line
        while count < Self.maximumDirectives, let (token, place) = next() {
            switch token {
            case .word(let word):
                if words.isEmpty { first = place }
                words.append(word)
            case .end:
                if let name = words.first {
                    list.append(Directive(name: name, arguments: Array(words.dropFirst()), line: first))
                }
                words = []
                count += 1
            case .open:
                let inner = depth < 32 ? block(depth: depth + 1) : []
                if let name = words.first {
                    list.append(Directive(name: name, arguments: Array(words.dropFirst()), block: inner, line: first))
                }
                words = []
                count += 1
            case .close:
                if !words.isEmpty { note(first, "\"\(words[0])\" has no \";\" at its end") }
                if depth > 0 { return list }
                note(place, "\"}\" closes nothing")
            }
        }
        if depth > 0 { note(line, "a block never ends") }
        return list
    }

    private mutating func note(_ line: Int, _ message: String) {
        if problem == nil { problem = (line, message) }
    }

    private mutating func next() -> (Token, Int)? {
        skipBlanks()
        guard index < bytes.count else { return nil }
        let place = line
        switch bytes[index] {
        case UInt8(ascii: ";"):
            index += 1
            return (.end, place)
        case UInt8(ascii: "{"):
            index += 1
            return (.open, place)
        case UInt8(ascii: "}"):
            index += 1
            return (.close, place)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return (.word(quoted()), place)
        default: return (.word(plain()), place)
        }
    }

    private mutating func skipBlanks() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x0A:
                line += 1
                index += 1
            case 0x20, 0x09, 0x0D: index += 1
            case UInt8(ascii: "#"):
                while index < bytes.count, bytes[index] != 0x0A { index += 1 }
            default: return
            }
        }
    }

    private mutating func quoted() -> String {
        let quote = bytes[index]
        var result: [UInt8] = []
        index += 1
        while index < bytes.count, bytes[index] != quote {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count, bytes[index + 1] == quote { index += 1 }
            if bytes[index] == 0x0A { line += 1 }
            result.append(bytes[index])
            index += 1
        }
        index += 1
        return String(decoding: result, as: UTF8.self)
    }

    /// `${name}` is a part of a word, as every other brace is not.
    private mutating func plain() -> String {
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "{"), index > start, bytes[index - 1] == UInt8(ascii: "$") {
                while index < bytes.count, bytes[index] != UInt8(ascii: "}"), bytes[index] != 0x0A { index += 1 }
            } else if byte == UInt8(ascii: "\\") {
                index += 1
            } else if byte <= 0x20 || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "{")
                || byte == UInt8(ascii: "}")
            {
                break
            }
            index += 1
        }
        index = min(index, bytes.count)
        if index == start { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }
}
