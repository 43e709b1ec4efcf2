/// How the web process is started where no image says it.
struct StartCommand: Equatable, Sendable {
    enum Word: Equatable, Sendable {
        case text(String)
        /// The address to listen on, the port, or both with a colon between them, behind a prefix such as `--port=`.
        case place(prefix: String, host: Bool, port: Bool)
    }

    var words: [Word]

    /// Where it listens when nothing says otherwise.
    private static let anyHost = "0.0.0.0"

    /// A command as it was found; address and port are recognised by how they look.
    init(_ words: [String], port: Int) {
        self.words = words.map { Self.word($0, port: port) }
    }

    /// The same, where nothing but the command says on which port to listen.
    static func listening(_ words: [String], port: Int) -> StartCommand {
        let start = StartCommand(words, port: port)
        guard words.first == "uvicorn", !start.knowsPort else { return start }
        var words = words
        words.insert(contentsOf: ["--host", anyHost, "--port", String(port)], at: min(2, words.count))
        return StartCommand(words, port: port)
    }

    /// False when the command names no port, so that only the code can know it.
    var knowsPort: Bool {
        words.contains { word in
            if case .place(_, _, port: true) = word { return true }
            return false
        }
    }

    /// Words for a program that starts it without a shell.
    func words(host: String, port: Int) -> [String] {
        words.map { Self.text($0, host: host, port: String(port)) }
    }

    /// A line for a shell that knows `PORT`.
    var line: String {
        words.map { word in
            switch word {
            case .text(let text): Quoting.shell(text)
            case .place(let prefix, let host, let port):
                (prefix.isEmpty ? "" : Quoting.shell(prefix))
                    + Self.text(.place(prefix: "", host: host, port: port), host: Self.anyHost, port: "$PORT")
            }
        }
        .joined(separator: " ")
    }

    // MARK: - Private

    private static func text(_ word: Word, host: String, port: String) -> String {
        switch word {
        case .text(let text): text
        case .place(let prefix, true, true): "\(prefix)\(host):\(port)"
        case .place(let prefix, let isHost, _): prefix + (isHost ? host : port)
        }
    }

    private static func word(_ text: String, port: Int) -> Word {
        for number in [String(port), "$PORT", "${PORT}"] {
            for host in [anyHost, "127.0.0.1", "localhost"] {
                if let prefix = prefix(of: text, before: "\(host):\(number)") {
                    return .place(prefix: prefix, host: true, port: true)
                }
            }
            if let prefix = prefix(of: text, before: number) { return .place(prefix: prefix, host: false, port: true) }
        }
        return prefix(of: text, before: anyHost).map { .place(prefix: $0, host: true, port: false) } ?? .text(text)
    }

    /// What stands before the end of a word: nothing, or all up to an `=` or a `:`.
    private static func prefix(of text: String, before end: String) -> String? {
        guard text.hasSuffix(end) else { return nil }
        let prefix = text.dropLast(end.count)
        return prefix.isEmpty || prefix.last == "=" || prefix.last == ":" ? String(prefix) : nil
    }
}

extension ExportPlan {
    /// Nil when neither the configuration nor the scan tells.
    var startCommand: StartCommand? {
        let port = web?.port ?? ServerStart.port(facts)
        let words: [String]
        if let web, web.command != nil || !(web.entrypoint ?? []).isEmpty {
            words = (web.entrypoint ?? []) + (web.command ?? [])
        } else if facts.entry != nil {
            words = serverStart.command
        } else {
            words = facts.recipe?.start ?? []
        }
        guard !words.isEmpty else { return nil }
        return .listening(words, port: port)
    }

    /// As the image that we write starts it.
    var serverStart: ServerStart {
        let minor = BaseImage(facts.python?.chosen).minor
        return ServerStart(facts, port: web?.port ?? ServerStart.port(facts), minor: minor)
    }

    /// Packages that the start command needs and the project does not name.
    var missingPackages: [String] {
        guard web?.command == nil, facts.entry != nil else { return [] }
        return serverStart.packages.map { "the package \($0) among the project's dependencies" }
    }
}
