import Toolkit

/// The simple commands of a shell text, with variables filled in as far as they can be told; nothing is run.
struct ShellScript {
    struct Line {
        var words: [String]
        /// Set before the command, or exported before it.
        var environment: [String: String]
        /// Where `cd` led, as written and from where the text starts; nil when that can't be told.
        var folder: String?
        var line: Int
        /// In a branch that only development takes.
        var isDevelopment = false
        /// In a branch or a loop of any kind, or after a test.
        var isConditional = false
        /// It is asked by an `if` or a loop.
        var isTest = false
    }

    /// An open `if` or `case`.
    private struct Branch {
        var isCase = false
        /// The first branch is over.
        var isPast = false
        /// What the first branch set.
        var names: Set<String> = []
        /// What the condition says of the mode; see ``ShellCondition``.
        var mode: Bool?
        /// The branch that is open is one of development.
        var isDevelopment = false
    }

    private var variables: [String: String]
    private var exported: [String: String] = [:]
    private var arguments: [String]
    private var folder: String? = ""
    private var folders: [String?] = []
    private var lines: [Line] = []
    private var branches: [Branch] = []
    /// A test stands before `&&`, and holds in development only.
    private var isGuarded = false
    /// What stands before `&&` or `||` is a test, or may fail.
    private var isTested = false
    /// How many are open around a line.
    private var loops = 0

    /// Takes shell text apart.
    ///
    /// - Parameters:
    ///   - text: a script, or what stands after `sh -c`.
    ///   - environment: variables that are set before.
    ///   - arguments: what `"$@"` stands for.
    /// - Returns: one line for each simple command, in order; those of all branches.
    static func lines(
        of text: String,
        environment: [String: String] = [:],
        arguments: [String] = []
    ) -> [Line] {
        var script = ShellScript(variables: environment, arguments: arguments)
        var command: [ShellLexer.Token] = []
        for token in ShellLexer.tokens(of: text) {
            guard case .sign(let sign) = token.kind else {
                command.append(token)
                continue
            }
            script.take(command)
            script.note(sign: sign, after: command)
            command = []
            if sign == "(" { script.folders.append(script.folder) }
            if sign == ")", let before = script.folders.popLast() { script.folder = before }
        }
        script.take(command)
        return script.lines
    }

    private init(variables: [String: String], arguments: [String]) {
        self.variables = variables
        self.arguments = arguments
    }

    // MARK: - Private

    private static let reserved: Set<String> = [
        "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "!", "time", "esac",
    ]

    private mutating func take(_ tokens: [ShellLexer.Token]) {
        guard let line = tokens.first?.line, lines.count < 5_000 else { return }
        var words = tokens[...]
        var isTest = false
        while let word = words.first.map(Self.literal), Self.reserved.contains(word) {
            isTest = isTest || ["if", "elif", "while", "until"].contains(word)
            words = words.dropFirst()
            note(word, condition: words)
        }
        if let word = words.first.map(Self.literal), ["for", "case", "function", "select"].contains(word) {
            if word == "case" { branches.append(Branch(isCase: true)) }
            return
        }
        var environment: [String: String] = [:]
        while let pair = words.first.flatMap(assignment) {
            environment[pair.name] = pair.value
            words = words.dropFirst()
        }
        let plain = words.flatMap(expand)
        guard let first = plain.first else {
            for (name, value) in environment { set(name, value) }
            return
        }
        switch first {
        case "export", "declare", "local", "readonly", "typeset":
            for pair in words.dropFirst().compactMap(assignment) {
                set(pair.name, pair.value)
                if first == "export" { exported[pair.name] = variables[pair.name] }
            }
            for name in plain.dropFirst() where variables[name] != nil { exported[name] = variables[name] }
        case ":": assignDefaults(words.dropFirst())
        // `set -- uvicorn main:app` is what `exec "$@"` starts; in a branch, where nothing else was given.
        case "set" where plain.count > 2 && plain[1] == "--" && (branches.isEmpty || arguments.isEmpty):
            if !isDevelopment { arguments = Array(plain.dropFirst(2)) }
        case "cd", "pushd": change(to: plain.dropFirst().first { !$0.hasPrefix("-") })
        default:
            let all = exported.merging(environment) { _, new in new }
            var made = Line(words: plain, environment: all, folder: folder, line: line)
            made.isDevelopment = isDevelopment
            made.isConditional = !branches.isEmpty || isTested || loops > 0
            made.isTest = isTest
            lines.append(made)
        }
    }

    private var isDevelopment: Bool { isGuarded || branches.contains(where: \.isDevelopment) }

    private mutating func note(_ word: String, condition: ArraySlice<ShellLexer.Token>) {
        switch word {
        case "if":
            let mode = ShellCondition.isDevelopment(condition.map(Self.written))
            branches.append(Branch(mode: mode, isDevelopment: mode == true))
        case "elif", "else":
            guard var branch = branches.popLast() else { return }
            branch.isPast = true
            // What is left when it is not production is development.
            branch.isDevelopment = branch.mode == false
            if word == "elif" {
                branch.isDevelopment = ShellCondition.isDevelopment(condition.map(Self.written)) == true
            }
            branches.append(branch)
        case "fi", "esac": _ = branches.popLast()
        case "do": loops += 1
        case "done": loops = max(0, loops - 1)
        default: break
        }
    }

    /// What stands between commands: the end of a label, of a branch, or of a test.
    private mutating func note(sign: String, after command: [ShellLexer.Token]) {
        let words = command.map(Self.written)
        let mode = ["&&", "||"].contains(sign) ? ShellCondition.isDevelopment(words) : nil
        isGuarded = mode == (sign == "&&")
        isTested = sign == "||" || (sign == "&&" && (isTested || ["[", "[[", "test"].contains(words.first ?? "")))
        guard var branch = branches.last, branch.isCase else { return }
        if sign == ")" { branch.isDevelopment = ShellCondition.isDevelopment(label: words) }
        if sign == ";;" { branch.isDevelopment = false }
        branches[branches.count - 1] = branch
    }

    /// The first branch counts: which one will be taken can't be told, and the usual case stands first.
    private mutating func set(_ name: String, _ value: String) {
        // `DEV_OPTIONS="--reload"` stays empty everywhere else.
        guard !isDevelopment else {
            variables[name] = variables[name] ?? ""
            return
        }
        if let branch = branches.last {
            if branch.isPast, branch.names.contains(name) { return }
            // `if [ -n "$OTHER" ]; then PORT="$OTHER"; fi` says nothing when nobody set the other.
            if value.contains("$"), variables[name] != nil { return }
            branches[branches.count - 1].names.insert(name)
        }
        variables[name] = value
    }

    /// Defaults that a line is there for: `: ${PORT:=8000}`.
    private mutating func assignDefaults(_ words: ArraySlice<ShellLexer.Token>) {
        for word in words {
            guard case .word(let pieces) = word.kind else { continue }
            for piece in pieces where piece.text.hasPrefix("${") && piece.text.contains("=") {
                let name = Variables.name(in: piece.text.dropFirst(2))
                guard !name.isEmpty, variables[name] == nil else { continue }
                variables[name] = fill(piece.text)
            }
        }
    }

    private mutating func change(to path: String?) {
        guard let path, !path.contains("$"), let now = folder else {
            folder = nil
            return
        }
        if path.hasPrefix("/") || path.hasPrefix("~") {
            folder = path
        } else {
            folder = now.isEmpty ? path : now + "/" + path
        }
    }

    private func fill(_ text: String) -> String {
        Variables.expand(text) { name in
            guard let number = Int(name) else { return variables[name] }
            return arguments.indices.contains(number - 1) ? arguments[number - 1] : nil
        }
    }

    private static func literal(_ token: ShellLexer.Token) -> String {
        guard case .word(let pieces) = token.kind, pieces.allSatisfy({ !$0.isQuoted }) else { return "" }
        return pieces.map(\.text).joined()
    }

    /// A word without its quotes, with its variables as they stand there.
    private static func written(_ token: ShellLexer.Token) -> String {
        guard case .word(let pieces) = token.kind else { return "" }
        return pieces.map(\.text).joined()
    }

    /// `NAME=value` in front of a command, or alone.
    private func assignment(_ token: ShellLexer.Token) -> (name: String, value: String)? {
        guard case .word(let pieces) = token.kind, let first = pieces.first, !first.isQuoted else { return nil }
        let name = Variables.name(in: first.text)
        guard !name.isEmpty else { return nil }
        var rest = first.text.dropFirst(name.count)
        if rest.hasPrefix("+=") { rest = rest.dropFirst() }
        guard rest.first == "=" else { return nil }
        let head = fill(String(rest.dropFirst()))
        return (name, head + pieces.dropFirst().map { $0.expands ? fill($0.text) : $0.text }.joined())
    }

    /// One word becomes several when it stands for all arguments, or when a variable outside quotes holds blanks.
    private func expand(_ token: ShellLexer.Token) -> [String] {
        guard case .word(let pieces) = token.kind else { return [] }
        if pieces.count == 1, let only = pieces.first, only.expands {
            if ["$@", "$*", "${@}", "${*}"].contains(only.text) { return arguments }
            if only.text.hasPrefix("${@:") || only.text.hasPrefix("${@}") { return arguments }
        }
        var words: [String] = []
        var word: String?
        for piece in pieces {
            guard piece.expands, !piece.isQuoted, piece.text.contains("$") else {
                word = (word ?? "") + (piece.expands ? positional(fill(piece.text)) : piece.text)
                continue
            }
            let text = positional(fill(piece.text))
            let parts = text.contains("$(") ? [text[...]] : text.split(whereSeparator: \.isWhitespace)
            guard let first = parts.first else { continue }
            if text.first?.isWhitespace == true, let done = word {
                words.append(done)
                word = nil
            }
            word = (word ?? "") + first
            for part in parts.dropFirst() {
                words.append(word ?? "")
                word = String(part)
            }
        }
        if let word { words.append(word) }
        return words
    }

    /// `$1` of a script that is called with arguments.
    private func positional(_ text: String) -> String {
        guard text.count == 2, text.first == "$", let digit = text.last.flatMap({ Int(String($0)) }), digit > 0 else {
            return text
        }
        return arguments.indices.contains(digit - 1) ? arguments[digit - 1] : text
    }
}
