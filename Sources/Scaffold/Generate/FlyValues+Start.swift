import Model

extension FlyValues {
    /// Puts migrations of a database that is a file of the Machine before its server: no release command reaches it.
    mutating func decideStart(_ facts: Facts, _ options: FlyConfigOptions) {
        guard let words = atStart else { return }
        let line = Quoting.shell(words)
        if let place = facts.migrations?.tablesMadeAt {
            // Revisions that were made beside such tables often begin in the middle.
            notes.append(
                "no release command: it would run where the SQLite file is not; the app makes its tables itself "
                    + "(\(Quoting.comment(place.description)))"
            )
            return
        }
        guard let start = web ?? Self.start(facts, options, port: port), !start.isEmpty else {
            notes.append(
                "the SQLite file is on the Machine, where no release command reaches it: run "
                    + "`\(Quoting.comment(line))` before the server, in the script that starts the image"
            )
            return
        }
        web = ["sh", "-c", "\(line) && \(Self.last(start))"]
        notes.append(
            "the migrations run before the server at each start (web in [processes] of fly.toml): the SQLite file is on the "
                + "Machine, where no release command reaches it"
        )
    }

    // MARK: - Private

    /// The last command of a shell: in its place, so that signals reach it.
    private static func last(_ words: [String]) -> String {
        guard words.count == 3, words[0] == "sh", words[1] == "-c" else { return "exec \(Quoting.shell(words))" }
        let text = words[2]
        let isOne = ShellLexer.tokens(of: text).allSatisfy { if case .word = $0.kind { true } else { false } }
        let first = text.prefix { !$0.isWhitespace }
        return isOne && first != "exec" && !first.contains("=") ? "exec \(text)" : text
    }

    /// The words that start the server in the image.
    private static func start(_ facts: Facts, _ options: FlyConfigOptions, port: Int) -> [String]? {
        if facts.existing.dockerfile != nil { return options.imageCommand }
        guard facts.recipe == nil, facts.entry != nil else { return nil }
        return ServerStart(facts, port: port, minor: BaseImage(facts.python?.chosen).minor).command
    }
}
