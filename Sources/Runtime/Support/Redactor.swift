import Model

/// Hides what nobody else may see in texts that leave the host.
///
/// What is known to be private is hidden wherever it stands; of what is not known, whatever has the looks of it: passwords
/// in addresses, queries, tokens, keys.
package struct Redactor: Sendable {
    private let known: BuildSecrets

    /// - Parameter values: what is private, such as values of variables; those of fewer than four characters stand in many
    ///   words by chance, and are left.
    package init(_ values: some Sequence<String>) {
        let pairs = Set(values).enumerated().map { ("\($0.offset)", $0.element) }
        known = BuildSecrets(Dictionary(pairs) { first, _ in first })
    }

    /// The text with dots in place of all that.
    package func redacted(_ text: String) -> String {
        var isInKey = false
        let lines = known.redacted(text).split(separator: "\n", omittingEmptySubsequences: false).map {
            line -> String in
            // A key in one line of a log has its line ends as "\n".
            if line.contains("-----BEGIN "), !line.contains("-----END ") {
                isInKey = true
                return Self.dots
            }
            if isInKey {
                if line.contains("-----END ") { isInKey = false }
                return Self.dots
            }
            return line.contains("-----BEGIN ") ? Self.dots : Self.line(Self.members(String(line)))
        }
        return lines.joined(separator: "\n")
    }

    // MARK: - Private

    private static let dots = "•••"
    /// Words after which a credential follows, as in `Authorization: Bearer …`.
    private static let announcing: Set = ["bearer", "basic", "flyv1"]
    private static let privateNames = ["password", "passwd", "secret", "token", "api_key", "apikey", "private_key"]

    /// Members of JSON, also of JSON within a text of JSON, whose names tell what the values are: all up to the quote that
    /// ends the value.
    private static func members(_ line: String) -> String {
        let bytes = Array(line.utf8)
        var result: [UInt8] = []
        // Where the name between quotes begins that was read last, and whether it is followed by a colon.
        var (index, isPrivateName) = (0, false)
        var isAnnounced = false
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\"") else {
                if ![UInt8(ascii: " "), UInt8(ascii: "\\"), UInt8(ascii: ":")].contains(bytes[index]) {
                    isAnnounced = false
                }
                if bytes[index] == UInt8(ascii: ":") { isAnnounced = isPrivateName }
                result.append(bytes[index])
                index += 1
                continue
            }
            let end = closing(bytes, from: index + 1)
            let content = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
            result.append(bytes[index])
            if isAnnounced {
                result += Array((content.hasSuffix("\\") ? "\(dots)\\" : dots).utf8)
            } else {
                result += Array((content.contains("\\\"") ? members(content) : content).utf8)
            }
            let name = content.lowercased().filter { $0 != "\\" }
            (isPrivateName, isAnnounced) = (isPrivate(name), false)
            if end < bytes.count { result.append(bytes[end]) }
            index = end + 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The quote that ends a text; one behind a backslash ends only what began behind one.
    private static func closing(_ bytes: [UInt8], from start: Int) -> Int {
        func isEscaped(_ index: Int) -> Bool { index > 0 && bytes[index - 1] == UInt8(ascii: "\\") }
        let isInner = isEscaped(start - 1)
        return bytes[start...].indices.first { bytes[$0] == UInt8(ascii: "\"") && (isInner || !isEscaped($0)) }
            ?? bytes.count
    }

    private static func line(_ line: String) -> String {
        var announced = false
        var result = ""
        for part in parts(of: line) {
            guard part.first.map(isWordCharacter) == true else {
                result += part
                continue
            }
            result += announced && part.count >= 4 ? dots : word(part)
            announced = announces(part.lowercased())
        }
        return result
    }

    /// Whether the next word is private: after `Bearer` and after `password:`.
    private static func announces(_ word: String) -> Bool {
        let name = word.filter { $0.isLetter || $0.isNumber || $0 == "_" }
        return announcing.contains(name) || (word.last == ":" || word.last == "=") && isPrivate(name)
    }

    private static func isPrivate(_ name: String) -> Bool { privateNames.contains { name.hasSuffix($0) } }

    /// A line as words and what is between them, in turn.
    private static func parts(of line: String) -> [String] {
        var parts: [String] = []
        for character in line {
            if let last = parts.last?.first, isWordCharacter(last) == isWordCharacter(character) {
                parts[parts.count - 1].append(character)
            } else {
                parts.append(String(character))
            }
        }
        return parts
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        !character.isWhitespace && !"\"'<>()[]{},;".contains(character)
    }

    private static func word(_ word: String) -> String {
        var word = word
        if let mark = word.firstRange(of: "://") {
            let authority = word[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            if let at = authority.lastIndex(of: "@") { word.replaceSubrange(authority.startIndex..<at, with: dots) }
        }
        if let question = word.firstIndex(of: "?"), word[question...].contains("=") {
            word.replaceSubrange(question..., with: "?\(dots)")
        }
        for prefix in ["\(APIToken.prefix)_", "fm1_", "fm2_", "fo1_"] {
            while let place = word.firstRange(of: prefix) {
                let end = word[place.upperBound...].firstIndex { !$0.isLetter && !$0.isNumber && !"_-+/=".contains($0) }
                word.replaceSubrange(place.lowerBound..<(end ?? word.endIndex), with: dots)
            }
        }
        return nameAndValue(word)
    }

    /// `API_TOKEN=…` and `password:…`, whose names tell what the values are.
    private static func nameAndValue(_ word: String) -> String {
        guard let sign = word.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return word }
        let value = word[word.index(after: sign)...]
        guard isPrivate(word[..<sign].lowercased()), !value.isEmpty, value != dots else { return word }
        return word[...sign] + dots
    }
}
