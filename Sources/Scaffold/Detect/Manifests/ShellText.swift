/// Splits shell text into simple commands, as far as it is needed to find a tool and its options.
enum ShellText {
    /// The words of each command; quotes and backslashes resolved, operators gone, comments left out.
    static func commands(in text: String) -> [[String]] {
        var commands: [[String]] = []
        var words: [String] = []
        var word: String?
        var quote: Character?
        var escaped = false
        var isComment = false
        func endWord() {
            if let word { words.append(word) }
            word = nil
        }
        func endCommand() {
            endWord()
            if !words.isEmpty { commands.append(words) }
            words = []
        }
        for character in text {
            if isComment {
                guard character.isNewline else { continue }
                isComment = false
                endCommand()
            } else if escaped {
                // A continued line: `\` at its end is nothing.
                if !character.isNewline { word = (word ?? "") + String(character) }
                escaped = false
            } else if character == "\\", quote != "'" {
                escaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == "#", word == nil {
                isComment = true
            } else if character.isNewline || "&|;(){}`".contains(character) && !(character == "{" || character == "}") {
                endCommand()
            } else if character.isWhitespace {
                endWord()
            } else {
                word = (word ?? "") + String(character)
            }
        }
        endCommand()
        return commands
    }
}
