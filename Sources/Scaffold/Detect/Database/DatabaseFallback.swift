/// The SQLite file that an app takes where nobody says where its database is.
enum DatabaseFallback {
    /// Looks for it.
    ///
    /// - Parameters:
    ///   - variable: what holds the address of the app's database.
    ///   - variables: all that the app reads, without values of what is secret.
    ///   - signals: the addresses that the project names.
    ///   - code: the app's own.
    ///   - project: what the code is read in.
    /// - Returns: nil where the app does not start without the variable, or starts with an address of another kind.
    static func find(
        _ variable: String?,
        _ variables: [Facts.Variable],
        _ signals: DatabaseSignals,
        _ code: AppCode,
        _ project: Project
    ) -> Facts.Database.Fallback? {
        let files = signals.urls.filter { $0.url.engine == .sqlite && $0.url.file != nil }
        guard let variable, !files.isEmpty, variables.first(where: { $0.name == variable })?.stopsImport != true else {
            return nil
        }
        let uses = (SettingsFields.uses(in: code) + EnvironmentCalls.uses(in: code, project: project)).filter {
            $0.name == variable && !$0.isAssigned
        }
        // An address is a secret by its name, so that facts keep no default of it.
        if let use = uses.first(where: { $0.defaultValue?.isEmpty == false }), let value = use.defaultValue {
            guard let url = DatabaseURL(value), let file = url.file else { return nil }
            return .init(file: file, driver: url.driver, place: use.place)
        }
        // `url = os.getenv("X") or f"sqlite:///{HERE}/app.db"`, `if not url: url = "sqlite:///app.db"`
        guard !uses.contains(where: \.isRequired) else { return nil }
        let near = files.filter { file in
            file.weight >= 1 && !isOfTests(file.url) && uses.contains { isBeside(file.place, $0.place) }
        }
        guard let chosen = near.max(by: { $0.weight < $1.weight }), let file = chosen.url.file else { return nil }
        return .init(file: file, driver: chosen.url.driver, place: chosen.place)
    }

    // MARK: - Private

    /// In the same statement, or in the `if` behind it: what stands farther off is about something else.
    private static func isBeside(_ file: Place, _ use: Place) -> Bool {
        guard file.file == use.file, let line = file.line, let read = use.line else { return false }
        return (read - 2...read + 5).contains(line)
    }

    private static func isOfTests(_ url: DatabaseURL) -> Bool { url.file?.lowercased().contains("test") == true }
}

extension Facts {
    /// The same app where nobody gives it its database: it keeps its data in a file; nil when it can't.
    var withoutDatabase: Facts? {
        guard let known = database, known.engine != .sqlite, let fallback = known.fallback else { return nil }
        var facts = self
        var file = Database(.sqlite)
        file.orm = known.orm
        file.isAsync = known.isAsync
        file.variable = known.variable
        file.file = fallback.file
        file.driver = fallback.driver ?? "pysqlite"
        file.evidence = [Evidence(fallback.place, "a SQLite file")]
        facts.database = file
        return facts
    }
}
