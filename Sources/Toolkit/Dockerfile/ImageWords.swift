/// The words of Dockerfile instructions that are no shell: `COPY`, `ENV`, `LABEL`.
package enum ImageWords {
    /// Splits at blanks outside quotes; quotes and escapes stay.
    package static func raw(_ text: some StringProtocol, escape: Character = "\\") -> [Substring] {
        var words: [Substring] = []
        let text = Substring(text)
        var start: Substring.Index?
        var quote: Character?
        var isEscaped = false
        for index in text.indices {
            let character = text[index]
            if start == nil, !character.isWhitespace { start = index }
            if isEscaped {
                isEscaped = false
            } else if character == escape, quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character.isWhitespace, let begin = start {
                words.append(text[begin..<index])
                start = nil
            }
        }
        if let start { words.append(text[start...]) }
        return words
    }

    /// A word without its quotes and escapes.
    package static func plain(_ word: some StringProtocol, escape: Character = "\\") -> String {
        var result = ""
        var quote: Character?
        var isEscaped = false
        for character in word {
            if isEscaped {
                result.append(character)
                isEscaped = false
            } else if character == escape, quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
            } else {
                result.append(character)
            }
        }
        return result
    }

    /// `A=1 B="x y"`, or the old form `A 1`, which takes the rest of the line.
    package static func pairs(_ text: String, escape: Character = "\\") -> [(name: String, value: String)] {
        let words = raw(text, escape: escape)
        guard let first = words.first else { return [] }
        guard first.contains("=") else {
            let value = trimmed(trimmed(text).dropFirst(first.count))
            return [(String(first), plain(value, escape: escape))]
        }
        return words.compactMap { word in
            guard let equals = word.firstIndex(of: "="), equals > word.startIndex else { return nil }
            return (plain(word[..<equals], escape: escape), plain(word[word.index(after: equals)...], escape: escape))
        }
    }

    /// Without blanks at both ends.
    package static func trimmed(_ text: some StringProtocol) -> Substring {
        let text = Substring(text)
        guard let first = text.firstIndex(where: { !$0.isWhitespace }) else { return text[text.endIndex...] }
        let last = text.lastIndex { !$0.isWhitespace } ?? first
        return text[first...last]
    }
}
