/// Writes foreign text into the syntaxes that we emit, so that it stays one value whatever is in it.
///
/// Each function gives text that its reader turns back into what went in. Where a syntax can't hold a value at all the
/// function says so: nil, or a sentence in its documentation about what is lost.
package enum Quoting {
    /// A string of JSON.
    package static func json(_ text: String) -> String {
        quoted(text) { scalar in
            // A surrogate pair, since JSON has no escape for what lies above it.
            surrogates(scalar).map { "\\u" + hex($0, 4) }.joined()
        }
    }

    /// The exec form of `CMD`, `ENTRYPOINT` and `HEALTHCHECK`: a list of JSON.
    ///
    /// NUL, which no argument can hold, is dropped.
    package static func exec(_ words: [String]) -> String {
        "[" + words.map { json(withoutNUL($0)) }.joined(separator: ", ") + "]"
    }

    /// A word of a POSIX shell, and of the commands in `fly.toml`.
    ///
    /// NUL is dropped.
    package static func shell(_ text: String) -> String {
        let text = withoutNUL(text)
        if !text.isEmpty, text.utf8.allSatisfy({ isPlain($0) || "=,@%+:".utf8.contains($0) }) { return text }
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// A word of a `RUN` line.
    ///
    /// A Dockerfile is cut into lines before anything else, so line ends become blanks; NUL is dropped.
    package static func run(_ text: String) -> String { shell(comment(text)) }

    /// A command of several words.
    package static func shell(_ words: [String]) -> String { words.map { shell($0) }.joined(separator: " ") }

    /// A basic string of TOML.
    package static func toml(_ text: String) -> String { quoted(text, escape: wide) }

    /// A key of TOML, bare when it can be.
    package static func tomlKey(_ text: String) -> String {
        let isBare = !text.isEmpty && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F }
        return isBare ? text : toml(text)
    }

    /// A scalar of YAML that is a string for every reader; in double quotes when in doubt.
    package static func yaml(_ text: String) -> String {
        guard let first = text.utf8.first, isLetter(first) || first == 0x2F || first == 0x5F,
            let last = text.utf8.last, last != 0x3A,
            text.utf8.allSatisfy({ isPlain($0) || $0 == 0x3A || $0 == 0x40 }),
            !yamlWords.contains(text.lowercased())
        else { return quoted(text, escape: wide) }
        return text
    }

    /// A string of Python.
    package static func python(_ text: String) -> String { quoted(text, escape: wide) }

    /// The value of an `ENV` line in a Dockerfile.
    ///
    /// A Dockerfile is cut into lines before anything else, so line ends become blanks; NUL is dropped.
    package static func dockerEnvironment(_ text: String) -> String {
        let text = comment(text)
        if !text.isEmpty, text.utf8.allSatisfy({ isPlain($0) || "=,@%+:".utf8.contains($0) }) { return text }
        return "\"" + escaped(text, ["\"", "\\", "$"]) + "\""
    }

    /// The value of a line in an env file; nil when the readers of such files (Compose, python-dotenv, systemd, a shell) do
    /// not agree about any form of it: line ends, or a single quote together with `"`, `\`, `$` or a backquote.
    package static func dotenv(_ text: String) -> String? {
        if text.isEmpty { return "" }
        if text.utf8.allSatisfy({ isPlain($0) || "=,@%+:".utf8.contains($0) }) { return text }
        if text.unicodeScalars.contains(where: isHidden) { return nil }
        if !text.contains("'") { return text.hasSuffix("\\") ? nil : "'\(text)'" }
        return text.contains(where: { "\"\\$`".contains($0) }) ? nil : "\"\(text)\""
    }

    /// A parameter of an nginx directive; nil for `$`, which nginx can't escape, and for control characters.
    package static func nginx(_ text: String) -> String? {
        let known: [Unicode.Scalar: String] = ["\n": "\\n", "\r": "\\r", "\t": "\\t", "\"": "\\\"", "\\": "\\\\"]
        var result = ""
        for scalar in text.unicodeScalars {
            if let escape = known[scalar] {
                result += escape
            } else if scalar == "$" || isHidden(scalar) {
                return nil
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return "\"\(result)\""
    }

    /// A word of `ExecStart=` in a systemd unit.
    ///
    /// NUL is dropped. The first word may not come from a project: `@`, `-`, `:`, `+` and `!` at its start have a meaning even in quotes.
    package static func systemdWord(_ text: String) -> String {
        systemd(text.replacing("$", with: "$$"))
    }

    /// What stands after `Environment=` in a systemd unit.
    ///
    /// NUL is dropped.
    package static func systemdEnvironment(_ name: String, _ value: String) -> String { systemd("\(name)=\(value)") }

    /// Text in which GitHub Actions finds no expression; still to be written as YAML.
    package static func githubActions(_ text: String) -> String { text.replacing("${{", with: "${{ '${{' }}") }

    /// Text for a comment, in which nothing ends the line or changes its direction.
    package static func comment(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars where scalar != "\0" {
            result.unicodeScalars.append(isHidden(scalar) ? " " : scalar)
        }
        return result
    }

    /// Whether a path may stand in a `COPY` line or an ignore file as it is: nothing there that is a pattern or a variable.
    package static func isPlainPath(_ path: String) -> Bool {
        !path.isEmpty && path.utf8.allSatisfy { isPlain($0) || "@+".utf8.contains($0) }
            && path.utf8.first != UInt8(ascii: "-")
            && !path.split(separator: "/").contains("..")
    }

    /// Whether text is the name of an environment variable.
    package static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) || first == 0x5F else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x5F }
    }

    // MARK: - Private

    /// Words that some reader of YAML takes for no string.
    private static let yamlWords: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

    /// Text in double quotes, with a backslash before what ends it and an escape for what is not seen.
    private static func quoted(_ text: String, escape: (Unicode.Scalar) -> String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case let scalar where isHidden(scalar): result += escape(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// `\u0000` or `\U00000000`, which TOML, YAML and Python share.
    private static func wide(_ scalar: Unicode.Scalar) -> String {
        scalar.value > 0xFFFF ? "\\U" + hex(scalar.value, 8) : "\\u" + hex(scalar.value, 4)
    }

    private static func hex(_ value: some BinaryInteger, _ width: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func surrogates(_ scalar: Unicode.Scalar) -> [UInt16] { Array(String(scalar).utf16) }

    private static func systemd(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars where scalar != "\0" {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case "%": result += "%%"
            case let scalar where isHidden(scalar):
                // Bytes of UTF-8 would each be a character of their own, so others than ASCII are named as such.
                result += scalar.isASCII ? "\\x" + hex(scalar.value, 2) : wide(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func escaped(_ text: String, _ special: Set<Unicode.Scalar>) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if special.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    private static func withoutNUL(_ text: String) -> String { text.replacing("\0", with: "") }

    /// Characters that end a line, turn it round, or are not to be seen.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || (48...57).contains(byte) }

    /// Characters without a meaning in any of the syntaxes.
    private static func isPlain(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "_-./".utf8.contains(byte) }
}
