/// Commands that bring a database's schema up to date.
enum Migrating {
    /// Whether a command line has one of the tools' commands in it.
    static func isCommand(_ text: String) -> Bool {
        let plain = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return commands.contains(where: plain.contains)
            || plain.split { $0 == " " || $0 == ";" || $0 == "&" }.contains { word in
                let name = TreePath.name(of: String(word))
                return ["migrate.py", "migrate.sh", "run_migrations.sh", "run-migrations.sh", "migrations.sh"].contains(
                    name
                )
            }
    }

    /// The tool's own file that a command needs, by its first words.
    static func needsAlembic(_ words: [String]) -> Bool {
        let plain = CommandWrappers.strip(words).words
        return plain.first.map(CommandWrappers.name) == "alembic" && plain.contains { $0 == "upgrade" }
    }

    // MARK: - Private

    private static let commands = [
        "alembic upgrade", "aerich upgrade", "manage.py migrate", "flask db upgrade", "piccolo migrations forwards",
        "prisma migrate deploy", "yoyo apply", "beanie migrate", "django-admin migrate", "alembic -c",
        "rails db:migrate",
    ]
}
