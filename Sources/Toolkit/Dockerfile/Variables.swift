/// Variables in text, as shells and Dockerfiles write them: `$X`, `${X}`, `${X:-default}`.
package enum Variables {
    /// Fills in what is known; an unknown variable stays as `$X`, one with a default becomes the default.
    ///
    /// - Parameters:
    ///   - text: without quotes, or with: they mean nothing here.
    ///   - known: a variable's value.
    /// - Returns: the text with values instead of variables.
    package static func expand(_ text: some StringProtocol, _ known: (String) -> String?) -> String {
        expand(Array(text), depth: 0, known)
    }

    /// Whether text begins like a name, and the name.
    package static func name(in text: some StringProtocol) -> String {
        guard let first = text.first, isFirst(first) else { return "" }
        return String(text.prefix(while: isPart))
    }

    // MARK: - Private

    /// Defaults within defaults deeper than this stay as they are.
    private static let maximumDepth = 8
    /// More than this has no place in a command: variables that double themselves would fill the memory.
    private static let maximumBytes = 64 << 10
    /// How far the brace that ends a variable may be.
    private static let maximumReach = 4_096

    private static func isFirst(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character == "_")
    }

    private static func isPart(_ character: Character) -> Bool {
        isFirst(character) || character.isASCII && character.isNumber
    }

    private static func expand(_ text: [Character], depth: Int, _ known: (String) -> String?) -> String {
        var result = ""
        var index = 0
        while index < text.count, result.utf8.count < maximumBytes {
            let character = text[index]
            if character == "\\", index + 1 < text.count, text[index + 1] == "$" {
                result.append("$")
                index += 2
            } else if character == "$", index + 1 < text.count, let (value, end) = variable(text, index, depth, known) {
                result += value
                index = end
            } else {
                result.append(character)
                index += 1
            }
        }
        return result
    }

    /// The variable that begins at a dollar sign: what it stands for and the place after it.
    private static func variable(
        _ text: [Character],
        _ start: Int,
        _ depth: Int,
        _ known: (String) -> String?
    ) -> (value: String, end: Int)? {
        guard text[start + 1] == "{" else {
            let name = String(text[(start + 1)...].prefix(while: isPart))
            guard let first = name.first, isFirst(first) else { return nil }
            return (known(name) ?? "$\(name)", start + 1 + name.count)
        }
        guard let close = closing(text, from: start + 2) else { return nil }
        let inner = Array(text[(start + 2)..<close])
        // `${1:-web}` has a number for a name.
        let name = String(inner.prefix(while: isPart))
        guard let first = name.first, isFirst(first) || name.allSatisfy(\.isNumber) else { return nil }
        let rest = inner.dropFirst(name.count)
        let value = known(name)
        guard let sign = rest.first else { return (value ?? "$\(name)", close + 1) }
        let hasColon = sign == ":"
        let body = Array(rest.dropFirst(hasColon ? 2 : 1))
        let isSet = value.map { !hasColon || !$0.isEmpty } ?? false
        switch hasColon ? rest.dropFirst().first : sign {
        case "-", "=":
            if isSet { return (value ?? "", close + 1) }
            let filled = depth < maximumDepth ? expand(body, depth: depth + 1, known) : String(body)
            return (ImageWords.plain(filled), close + 1)
        case "+":
            return (isSet ? ImageWords.plain(expand(body, depth: depth + 1, known)) : "", close + 1)
        case "?": return (value ?? "$\(name)", close + 1)
        default: return (value ?? "$\(name)", close + 1)
        }
    }

    private static func closing(_ text: [Character], from start: Int) -> Int? {
        var depth = 1
        for index in start..<min(text.count, start + maximumReach) {
            if text[index] == "{", text[index - 1] == "$" { depth += 1 }
            if text[index] == "}" { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }
}
