import Model

/// Commands of other platforms as a `fly.toml` takes them: words without a shell.
enum ImportedCommand {
    /// Words of a command that runs without a shell.
    static func words(_ words: [String], port: Int?) -> String {
        Quoting.shell(words.map { filled($0, port: port) })
    }

    /// A line that a shell runs; it stays one only where it needs to.
    static func shell(_ line: String, port: Int?) -> String {
        let line = filled(line, port: port)
        if !needsShell(line), let words = try? Words.split(line), !words.isEmpty { return Quoting.shell(words) }
        return Quoting.shell(["sh", "-c", line])
    }

    // MARK: - Private

    /// The port in the place of its variable, which Fly does not set.
    private static func filled(_ text: String, port: Int?) -> String {
        guard let port else { return text }
        return text.replacing(/\$(?:PORT\b|\{PORT(?::?[-?][^}]*)?\})/, with: String(port))
    }

    /// Whether something in a line means more to a shell than itself.
    private static func needsShell(_ line: String) -> Bool {
        if line.contains(/^\s*[A-Za-z_][A-Za-z0-9_]*=/)
            || line.contains(/^\s*(?:cd|exec|export|source|\.|set|test|\[)\s/)
        {
            return true
        }
        var quote: Character?
        for character in line {
            switch (quote, character) {
            case ("'", "'"), ("\"", "\""): quote = nil
            case ("'", _): break
            case ("\"", "$"), ("\"", "`"), ("\"", "\\"): return true
            case ("\"", _): break
            case (nil, "'"), (nil, "\""): quote = character
            case (nil, let other) where "$`&|;<>()*?~\\\n#{}[]!".contains(other): return true
            default: break
            }
        }
        return quote != nil
    }
}
