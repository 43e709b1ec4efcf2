/// Splits a command into words without a shell.
package enum Words {
    /// Splits at blanks; quotes join, a backslash takes the next character as it is, `#` begins a comment.
    ///
    /// No variables and no operators: `&&` is a word like any other. Inside double quotes a backslash takes any
    /// next character, not only those that a shell would; inside single quotes it is itself.
    ///
    /// - Throws: ``Fault`` for a quote that is never closed or a backslash at the end, with its place in the text.
    ///
    /// > Source: github.com/google/shlex, `shlex.go`, which flyctl uses.
    package static func split(_ text: String) throws(Fault) -> [String] {
        var splitter = Splitter()
        for (offset, scalar) in text.unicodeScalars.enumerated() {
            splitter.take(scalar, at: offset + 1)
        }
        return try splitter.finish()
    }

    // MARK: - Private

    private enum State {
        case between
        case word
        case escape(inQuotes: Bool)
        case doubleQuotes
        case singleQuotes
        case comment
    }

    private struct Splitter {
        var state = State.between
        var words: [String] = []
        var word = String.UnicodeScalarView()
        /// Where the quote or the backslash that counts now stands, from 1.
        var opened = 0

        mutating func take(_ scalar: Unicode.Scalar, at place: Int) {
            switch state {
            case .between, .word: takeOutside(scalar, at: place)
            case .escape(let inQuotes):
                word.append(scalar)
                state = inQuotes ? .doubleQuotes : .word
            case .doubleQuotes:
                switch scalar {
                case "\"": state = .word
                case "\\": state = .escape(inQuotes: true)
                default: word.append(scalar)
                }
            case .singleQuotes:
                if scalar == "'" { state = .word } else { word.append(scalar) }
            case .comment:
                if scalar == "\n" { state = .between }
            }
        }

        mutating func takeOutside(_ scalar: Unicode.Scalar, at place: Int) {
            switch scalar {
            case " ", "\t", "\r", "\n": endWord()
            case "\"":
                state = .doubleQuotes
                opened = place
            case "'":
                state = .singleQuotes
                opened = place
            case "\\":
                state = .escape(inQuotes: false)
                opened = place
            case "#":
                if case .word = state { word.append(scalar) } else { state = .comment }
            default:
                word.append(scalar)
                state = .word
            }
        }

        mutating func endWord() {
            guard case .word = state else { return }
            words.append(String(word))
            word = String.UnicodeScalarView()
            state = .between
        }

        mutating func finish() throws(Fault) -> [String] {
            switch state {
            case .between, .word, .comment: break
            case .escape(inQuotes: false):
                throw Fault(.invalidConfig, "the backslash at character \(opened) has nothing after it")
            case .escape(inQuotes: true), .doubleQuotes:
                throw Fault(.invalidConfig, "the double quote at character \(opened) is never closed")
            case .singleQuotes:
                throw Fault(.invalidConfig, "the single quote at character \(opened) is never closed")
            }
            endWord()
            return words
        }
    }
}
