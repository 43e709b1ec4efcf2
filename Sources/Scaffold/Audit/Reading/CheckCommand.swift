import Foundation
import Model
import Toolkit

/// A command that says whether a container is well: of `HEALTHCHECK`, Compose, ECS or a probe.
struct CheckCommand: Sendable {
    /// As written, words joined by blanks.
    let text: String
    /// Simple commands with the operator before each: `||`, `;`, `|`, empty for the first.
    let parts: [(sign: String, words: [String])]

    init(shell text: String) {
        self.text = text
        var parts: [(String, [String])] = []
        var sign = ""
        var words: [String] = []
        for token in ShellLexer.tokens(of: text) {
            switch token.kind {
            case .word(let pieces): words.append(pieces.map(\.text).joined())
            case .sign(let next):
                if !words.isEmpty {
                    parts.append((sign, words))
                    sign = ""
                }
                words = []
                if next != "(" && next != ")" { sign = next }
            }
        }
        if !words.isEmpty { parts.append((sign, words)) }
        self.parts = parts
    }

    init(words: [String]) {
        let stripped = CommandWrappers.strip(words)
        if let inner = stripped.text {
            self.init(shell: inner)
        } else {
            self.init(text: words.joined(separator: " "), parts: [("", words)])
        }
    }

    private init(text: String, parts: [(sign: String, words: [String])]) {
        self.text = text
        self.parts = parts
    }

    /// What stands after `HEALTHCHECK` and its flags; nil for `NONE`.
    init?(_ item: Dockerfile.Instruction) {
        let rest = ImageWords.trimmed(item.text)
        guard rest.uppercased().hasPrefix("CMD") else { return nil }
        let body = ImageWords.trimmed(rest.dropFirst(3))
        if body.hasPrefix("["), let words = WordList.read(String(body)) {
            self.init(words: words)
        } else {
            self.init(shell: String(body))
        }
    }

    /// `test:` of Compose and `command` of ECS: text, or a list that begins with `CMD` or `CMD-SHELL`; nil for `NONE`.
    init?(_ node: ConfigNode?) {
        guard let node else { return nil }
        if let text = node.string {
            self.init(shell: text)
            return
        }
        let words = node.items.compactMap(\.scalar)
        switch words.first {
        case "CMD": self.init(words: Array(words.dropFirst()))
        case "CMD-SHELL": self.init(shell: words.dropFirst().joined(separator: " "))
        case "NONE", nil: return nil
        default: self.init(words: words)
        }
    }

    /// Programs that fetch an address, and Python, as far as they occur.
    var tools: [String] {
        let known: Set<String> = ["curl", "wget", "nc", "http", "python", "python3", "pg_isready", "redis-cli", "jq"]
        var found = parts.compactMap { $0.words.first.map(CommandWrappers.name) }.filter(known.contains)
        for tool in ["curl", "wget"] where !found.contains(tool) && Self.mentions(text, tool) { found.append(tool) }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }

    /// The code after `python -c`.
    var python: String? {
        for part in parts {
            guard let first = part.words.first, CommandWrappers.isPython(first) else { continue }
            if let flag = part.words.firstIndex(of: "-c"), flag + 1 < part.words.count { return part.words[flag + 1] }
        }
        return nil
    }

    /// Modules that the Python code imports, top names.
    var modules: [String] {
        guard let python else { return [] }
        var names: [String] = []
        let statements = python.split { $0 == ";" || $0 == "\n" }
        for statement in statements {
            let words = statement.split { $0.isWhitespace || $0 == "," }.map(String.init)
            guard let place = words.firstIndex(where: { $0 == "import" || $0 == "from" }), place == 0 else { continue }
            if words[0] == "from", words.count > 1 {
                names.append(words[1])
            } else {
                var skips = false
                for word in words.dropFirst() {
                    if skips { skips = false } else if word == "as" { skips = true } else { names.append(word) }
                }
            }
        }
        return names.map { String($0.prefix { $0 != "." && $0 != ")" }) }
    }

    /// Addresses that it asks: port and path where they are plain.
    var addresses: [(port: Int?, path: String)] {
        TextSearch.all(text, "://").compactMap { place in
            let rest = text.utf8.dropFirst(place + 3)
            let whole = String(rest.prefix { !" '\"`|;)&<>".utf8.contains($0) }) ?? ""
            let authority = whole.prefix { $0 != "/" && $0 != "?" }
            let host = authority.prefix { $0 != ":" }
            guard ["localhost", "127.0.0.1", "0.0.0.0", "[", "$HOSTNAME"].contains(where: host.hasPrefix) else {
                return nil
            }
            let path = whole.dropFirst(authority.count).prefix { $0 != "?" }
            guard let colon = authority.lastIndex(of: ":") else {
                return (whole.hasSuffix(":") ? nil : 80, String(path))
            }
            return (Int(authority[authority.index(after: colon)...]), String(path))
        }
    }

    // MARK: - Private

    private static func mentions(_ text: String, _ tool: String) -> Bool {
        text.split { $0.isWhitespace || "();|&\"'`$".contains($0) }.contains {
            CommandWrappers.name(String($0)) == tool
        }
    }
}

/// A list of words in JSON.
enum WordList {
    /// Nil when it is anything else.
    static func read(_ text: String) -> [String]? {
        try? JSONDecoder().decode([String].self, from: Data(text.utf8))
    }
}

extension CheckCommand {
    /// Why it says "well" although the app is not.
    enum Weakness: Sendable, Equatable {
        /// Whatever happens, it ends with 0; the words that make it so.
        case neverFails(String)
        /// It notices a dead server, but not one that answers 503.
        case ignoresStatus(String)
    }

    var weakness: Weakness? {
        if let last = parts.last, parts.count > 1, !isConditional {
            let words = last.words.joined(separator: " ")
            let isCalm =
                ["true", ":", "echo", "printf"].contains(last.words.first ?? "") || words == "exit 0" || words == "exit"
            if isCalm, [";", "||", "\n"].contains(last.sign) { return .neverFails("\(last.sign) \(words)") }
        }
        if let python { return Self.weakness(ofPython: python) }
        let isInspected = parts.contains { $0.sign == "|" } || text.contains("$(") || text.contains("http_code")
        for part in parts where !isInspected {
            guard let first = part.words.first, CommandWrappers.name(first) == "curl" else { continue }
            let fails = part.words.dropFirst().contains { word in
                word.hasPrefix("--fail")
                    || (word.hasPrefix("-") && !word.hasPrefix("--") && Self.shortFlags(word).contains("f"))
            }
            if !fails { return .ignoresStatus("curl without --fail") }
        }
        return nil
    }

    // MARK: - Private

    private var isConditional: Bool {
        parts.contains { ["if", "case", "while", "until", "for"].contains($0.words.first ?? "") }
    }

    /// The flags of `-sSf`; letters after one that takes a value are its value.
    private static func shortFlags(_ word: String) -> Substring {
        let letters = word.dropFirst()
        guard let valued = letters.firstIndex(where: { "omHXdwuAeT".contains($0) }) else { return letters }
        return letters[...valued]
    }

    private static func weakness(ofPython code: String) -> Weakness? {
        for call in ["requests.get(", "requests.head(", "httpx.get(", "httpx.head("] where code.contains(call) {
            let looks = ["raise_for_status", "status_code", "assert", "exit(", ".ok", "is_success", "is_error"]
            if !looks.contains(where: code.contains) {
                return .ignoresStatus("\(call.dropLast()) without raise_for_status()")
            }
        }
        if code.contains("http.client"), code.contains("getresponse()"), !code.contains("status") {
            return .ignoresStatus("getresponse() without a look at its status")
        }
        return nil
    }
}
