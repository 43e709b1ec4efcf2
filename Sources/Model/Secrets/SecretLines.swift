/// Reads `NAME=VALUE` lines, as `roost secrets import` takes them.
///
/// Quotes around a value are taken off; double ones know `\n`, `\r`, `\"` and `\\`. A value that begins with three double
/// quotes goes on over lines until the next three. Empty lines and those that begin with `#` say nothing, `export` before
/// a name neither.
///
/// > Source: `cli`, section 4, and what dotenv files look like.
package enum SecretLines {
    /// - Throws: ``Fault`` `invalidRequest` with the line's number; no word of the line itself, which may be secret.
    package static func parse(_ text: String) throws(Fault) -> [String: String] {
        var values: [String: String] = [:]
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        var index = 0
        while index < lines.count {
            let number = index + 1
            var line = lines[index].drop { $0 == " " || $0 == "\t" }
            index += 1
            if line.isEmpty || line.first == "#" { continue }
            if line.hasPrefix("export ") { line = line.dropFirst(7) }
            guard let equals = line.firstIndex(of: "=") else {
                throw Fault(.invalidRequest, "line \(number) is not NAME=VALUE")
            }
            let name = trimmed(line[..<equals])
            guard SecretRules.isName(name) else {
                throw Fault(.invalidRequest, "line \(number): what stands before = can't be the name of a secret")
            }
            let rest = line[line.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
            if rest.hasPrefix(threeQuotes) {
                values[name] = try several(rest.dropFirst(3), lines, &index, from: number)
            } else {
                values[name] = unquoted(Substring(trimmed(rest)))
            }
        }
        return values
    }

    // MARK: - Private

    private static let threeQuotes = "\"\"\""

    private static func several(
        _ first: Substring,
        _ lines: [Substring],
        _ index: inout Int,
        from number: Int
    ) throws(Fault) -> String {
        var line = first
        var parts: [String] = []
        while true {
            if let end = line.firstRange(of: threeQuotes) {
                parts.append(String(line[..<end.lowerBound]))
                // Quotes on lines of their own stand for no empty line.
                if parts.first == "" { parts.removeFirst() }
                if parts.last == "", parts.count > 1 { parts.removeLast() }
                return parts.joined(separator: "\n")
            }
            parts.append(String(line))
            guard index < lines.count else {
                throw Fault(
                    .invalidRequest,
                    "the value that begins in line \(number) has no end: three quotes close it"
                )
            }
            line = lines[index]
            index += 1
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
        return String(text)
    }

    private static func unquoted(_ text: Substring) -> String {
        guard let quote = text.first, text.count > 1, text.last == quote, quote == "\"" || quote == "'" else {
            return String(text)
        }
        let inner = text.dropFirst().dropLast()
        guard quote == "\"" else { return String(inner) }
        var result = ""
        var isEscaped = false
        for character in inner {
            if isEscaped {
                result.append(character == "n" ? "\n" : character == "r" ? "\r" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
