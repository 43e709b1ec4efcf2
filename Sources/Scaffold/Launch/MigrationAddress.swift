/// Whether Alembic would go to a database of its own, whatever variables say.
enum MigrationAddress {
    /// Words by which an `env.py` takes its address from the app or from the environment.
    private static let links = [
        "set_main_option", "environ", "getenv", "settings", "config.", "create_engine", "get_url", "DATABASE", "engine",
    ]

    /// - Returns: where `alembic.ini` names a database on the developer's own machine that nothing overrides; nil else.
    static func fixed(_ facts: Facts, _ project: Project) -> Place? {
        guard let (text, place) = unlinked(facts, project),
            text.contains("@localhost") || text.contains("@127.0.0.1") || text.contains("//localhost")
        else { return nil }
        return place
    }

    /// - Returns: where `alembic.ini` names a database at one of some hosts, with its password, that nothing overrides.
    static func place(
        of engine: Facts.Database.Engine,
        at hosts: [String],
        _ facts: Facts,
        _ project: Project
    ) -> Place? {
        guard let (text, place) = unlinked(facts, project), WrittenAddress.isFixed(text, engine, at: hosts) else {
            return nil
        }
        return place
    }

    /// - Returns: where `alembic.ini` names a SQLite file that nothing overrides; nil else.
    static func fixedFile(_ facts: Facts, _ project: Project) -> Place? {
        guard let (text, place) = unlinked(facts, project), text.hasPrefix("sqlite") else { return nil }
        return place
    }

    /// The address of `alembic.ini`, where `env.py` takes it from nowhere else.
    private static func unlinked(_ facts: Facts, _ project: Project) -> (text: String, place: Place)? {
        guard let migrations = facts.migrations, migrations.tool == .alembic, let config = migrations.config,
            let path = [TreePath.joined(facts.root, config), config].first(where: project.has),
            let text = project.text(path), let value = INIFile(text)["alembic", "sqlalchemy.url"]
        else { return nil }
        let folder = TreePath.folder(of: path)
        let scripts = project.files.filter { TreePath.name(of: $0) == "env.py" && TreePath.lies($0, in: folder) }
        guard !scripts.isEmpty, scripts.allSatisfy({ !isLinked(project.text($0) ?? "") }) else { return nil }
        return (value.text, Place(path, value.line))
    }

    /// What every generated `env.py` says of `config` is no link.
    private static func isLinked(_ script: String) -> Bool {
        let usual = [
            "config = context.config", "config.config_file_name", "config.get_main_option(\"sqlalchemy.url\")",
            "config.get_section", "config.config_ini_section", "engine_from_config", "logging.config",
            "config.attributes", "connectable", "# ",
        ]
        return script.textLines.contains { line in
            let code = line.prefix { $0 != "#" }
            return links.contains(where: code.contains) && !usual.contains(where: code.contains)
        }
    }
}
