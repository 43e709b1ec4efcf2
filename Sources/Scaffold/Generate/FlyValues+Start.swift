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
        web = ["sh", "-c", "\(line) && \(ShellLast.text(start))"]
        notes.append(
            "the migrations run before the server at each start (web in [processes] of fly.toml): the SQLite file is on the "
                + "Machine, where no release command reaches it"
        )
    }

    /// Puts what the script of the project's image did before its server, in an image that is made without it.
    mutating func decideBefore(_ facts: Facts, _ options: FlyConfigOptions) {
        guard let script = options.startScript, !script.before.isEmpty,
            let start = web ?? Self.start(facts, options, port: port), !start.isEmpty
        else { return }
        // Migrations are a release's, or stand before the server already.
        var rest = script
        rest.migrates = false
        web = rest.words(before: start, migrations: nil)
        notes.append(
            "web in [processes] of fly.toml runs before the server what the image's start script does: "
                + Quoting.comment(script.before.map { Quoting.shell($0) }.joined(separator: ", "))
        )
    }

    // MARK: - Private

    /// The words that start the server in the image.
    private static func start(_ facts: Facts, _ options: FlyConfigOptions, port: Int) -> [String]? {
        if facts.existing.dockerfile != nil { return options.imageCommand }
        guard facts.recipe == nil, facts.entry != nil else { return nil }
        return ServerStart(facts, port: port, minor: BaseImage(facts.python?.chosen).minor).command
    }
}
