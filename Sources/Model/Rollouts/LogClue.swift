/// A line of an app's log that says why it does not work.
package enum LogClue: Hashable, Sendable {
    /// It may not write there, or the file system takes no writes; the file's name when the line has one.
    case notWritable(path: String?, line: String)
    /// Code is missing or broken: the next try ends the same way.
    case code(String)
    /// Another process of the Machine has the port already.
    case addressInUse(String)

    /// Nil for all other lines.
    package init?(_ text: String) {
        let line = Self.plain(text)
        if Self.writeWords.contains(where: line.contains) {
            self = .notWritable(path: Self.quotedPath(line), line: line)
        } else if Self.codeWords.contains(where: line.hasPrefix) {
            self = .code(line)
        } else if line.contains("ddress already in use") {
            self = .addressInUse(line)
        } else {
            return nil
        }
    }

    /// The last line of those that says why.
    package static func last(in lines: [String]) -> LogClue? {
        lines.reversed().lazy.compactMap { LogClue($0) }.first
    }

    /// The line as it was written, without what surrounds it.
    package var line: String {
        switch self {
        case .notWritable(_, let line), .code(let line), .addressInUse(let line): line
        }
    }

    /// What to do about it.
    package var advice: String {
        switch self {
        case .notWritable(let path, _):
            let what = path.map { "\"\($0)\"" } ?? "that place"
            return "the app may not write to \(what): let it write below a volume, which is kept "
                + "([[mounts]] source = \"data\", destination = \"/data\" in fly.toml), or below /tmp, which is not"
        case .code(let line):
            return Self.missingPackage(line).map {
                "nothing that is installed brings it: add \($0) to what the project requires, then deploy again"
            } ?? "correct the code or its requirements, then deploy again"
        case .addressInUse: return "two processes of the Machine want the same port: start only one of them on it"
        }
    }

    // MARK: - Private

    /// The package that brings the module of `No module named 'x'`, where that is beyond doubt.
    private static func missingPackage(_ line: String) -> String? {
        guard line.hasPrefix("ModuleNotFoundError:"), let start = line.firstRange(of: "No module named '") else {
            return nil
        }
        return PythonDistributions.name(ofModule: line[start.upperBound...].prefix { $0 != "'" })
    }

    private static let writeWords = [
        "PermissionError", "Permission denied", "EACCES", "unable to open database file",
        "attempt to write a readonly database", "Read-only file system", "EROFS",
    ]

    private static let codeWords = [
        "ModuleNotFoundError:", "ImportError:", "SyntaxError:", "IndentationError:", "TabError:", "NameError:",
        "Error: Cannot find module", "ERROR:    Error loading ASGI app.", "Error: Could not import",
    ]

    /// At most 300 characters, without blanks and colours in front.
    private static func plain(_ text: String) -> String {
        var rest = text.prefix(2000)[...]
        while let first = rest.first, first == " " || first == "\t" || first == "|" || first == "+" {
            rest = rest.dropFirst()
        }
        return String(rest.prefix(300))
    }

    /// The last thing in quotes that can be a path.
    private static func quotedPath(_ line: String) -> String? {
        for quote: Character in ["'", "\""] {
            let parts = line.split(separator: quote, omittingEmptySubsequences: false)
            guard parts.count >= 3 else { continue }
            let inner = stride(from: 1, to: parts.count - 1, by: 2).map { String(parts[$0]) }
            if let path = inner.last(where: { !$0.isEmpty && $0.count <= 200 && !$0.contains(" ") }) { return path }
        }
        return nil
    }
}
