/// A command that brings a database up to date.
struct MigrationCommand: Sendable {
    var tool: Facts.Migrations.Tool
    /// Without what a migration needs not: `--sql`, the name of a log file.
    var words: [String]
    /// The folder it runs in, relative to the scanned folder.
    var folder: String
    /// The configuration that it names.
    var config: String?
    var section: String?
    var place: Place

    /// What a command migrates with; nil when it does not.
    static func of(_ command: FoundCommand) -> MigrationCommand? {
        if let found = alembic(command) { return found }
        let words = command.words
        guard let first = words.first.map(CommandWrappers.name) else { return nil }
        func made(_ tool: Facts.Migrations.Tool) -> MigrationCommand {
            MigrationCommand(tool: tool, words: words, folder: command.folder, place: command.place)
        }
        switch first {
        case "aerich": return words.contains("upgrade") ? made(.aerich) : nil
        case "piccolo": return words.contains("migrations") && words.contains("forwards") ? made(.piccolo) : nil
        case "yoyo", "yoyo-migrate": return words.contains("apply") ? made(.yoyo) : nil
        case "beanie": return words.contains("migrate") ? made(.beanie) : nil
        case "flask", "quart": return words.contains("db") && words.contains("upgrade") ? made(.flaskMigrate) : nil
        case "prisma": return words.contains("migrate") && words.contains("deploy") ? made(.prisma) : nil
        case "dbmate": return words.contains("up") || words.contains("migrate") ? made(.sqlFiles) : nil
        case "migrate", "goose", "atlas", "sqlx", "flyway", "liquibase", "pgroll", "sqitch", "refinery",
            "graphile-migrate":
            let verbs: Set<String> = ["up", "migrate", "apply", "update", "deploy", "run"]
            return words.dropFirst().contains(where: verbs.contains) ? made(.sqlFiles) : nil
        default: break
        }
        if words.contains(where: { CommandWrappers.name($0) == "manage.py" }) || first == "django-admin" {
            if words.contains("migrate") || words.contains("migrate_schemas") { return made(.django) }
            return words.contains("db") && words.contains("upgrade") ? made(.flaskMigrate) : nil
        }
        return nil
    }

    static func alembic(_ command: FoundCommand) -> MigrationCommand? {
        guard let first = command.words.first, CommandWrappers.name(first) == "alembic",
            let verb = command.words.firstIndex(of: "upgrade"), !command.words.contains("--sql")
        else { return nil }
        let options = CommandOptions(Array(command.words[1..<verb]), flags: ["--raiseerr", "-q", "--quiet"])
        let target = command.words.dropFirst(verb + 1).first { !$0.hasPrefix("-") } ?? "head"
        var words = ["alembic"]
        let config = options["-c"] ?? options["--config"]
        let section = options["-n"] ?? options["--name"]
        if let config { words += ["-c", config] }
        if let section { words += ["-n", section] }
        if let more = options["-x"] { words += ["-x", more] }
        words += ["upgrade", target]
        return MigrationCommand(
            tool: .alembic,
            words: words,
            folder: command.folder,
            config: config,
            section: section,
            place: command.place
        )
    }

    /// Whether it is about a configuration, as far as the folder it runs in can be told.
    func runs(_ alembic: AlembicConfig) -> Bool {
        guard section == alembic.section else { return false }
        guard let config else { return folder == TreePath.folder(of: alembic.path) }
        if config.hasPrefix("/") { return alembic.path.hasSuffix(config) || config.hasSuffix("/" + alembic.path) }
        return TreePath.joined(folder, config) == alembic.path
            || ("/" + alembic.path).hasSuffix("/" + TreePath.joined("", config))
    }
}
