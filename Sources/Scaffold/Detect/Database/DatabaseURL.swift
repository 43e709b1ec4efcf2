/// The address of a database as code or a file has it: `postgresql+asyncpg://{user}:{password}@db/shop`.
struct DatabaseURL: Equatable, Sendable {
    var engine: Facts.Database.Engine
    /// Behind `+` in the scheme, or what the scheme itself names.
    var driver: String?
    /// What stands behind `://`.
    var rest: String

    /// More than a scheme, so that it can be connected to.
    var isWhole: Bool { !rest.isEmpty }

    /// Reads text that is a URL, maybe with a few signs before it; nil for prose and for other schemes.
    init?(_ text: some StringProtocol) {
        guard let mark = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<mark.lowerBound].reversed().prefix { $0.isLetter || $0.isNumber || "+_{}.".contains($0) }
        let before = text.distance(from: text.startIndex, to: mark.lowerBound) - scheme.count
        guard before < 12, let parsed = Self.dialect(String(scheme.reversed())) else { return nil }
        (engine, driver) = parsed
        rest = String(text[mark.upperBound...])
        if rest.withoutControls != rest || rest.prefix(while: { $0 != "{" }).contains(" ") { return nil }
    }

    /// The engine and driver that `postgresql+asyncpg`, `asyncpg` or `django.db.backends.mysql` names.
    static func dialect(_ text: some StringProtocol) -> (engine: Facts.Database.Engine, driver: String?)? {
        let lower = text.lowercased()
        for prefix in ["django.db.backends.", "django.contrib.gis.db.backends.", "tortoise.backends."]
        where lower.hasPrefix(prefix) {
            let name = lower.dropFirst(prefix.count)
            if prefix.hasPrefix("tortoise"), name == "asyncpg" || name == "psycopg" {
                return (.postgresql, String(name))
            }
            return engine(name).map { ($0, nil) }
        }
        let parts = lower.split(separator: "+", maxSplits: 1)
        guard let scheme = parts.first else { return nil }
        // Tortoise and some others name the driver where others name the engine.
        if parts.count == 1,
            let known = ["asyncpg": Facts.Database.Engine.postgresql, "psycopg": .postgresql][String(scheme)]
        {
            return (known, String(scheme))
        }
        guard let engine = engine(scheme) else { return nil }
        let names = [
            "psycopg_async": "psycopg", "psycopg2cffi": "psycopg2", "mysqldb": "mysqlclient",
            "mysqlconnector": "mysql-connector-python",
            "cx_oracle": "cx-oracle",
        ]
        guard parts.count == 2, engine != .mongodb, parts[1].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
        else {
            return (engine, nil)
        }
        return (engine, names[String(parts[1])] ?? String(parts[1]))
    }

    /// The file of an SQLite URL; nil for one that is in memory.
    var file: String? {
        guard engine == .sqlite else { return nil }
        let path = rest.prefix { $0 != "?" }.drop { $0 == " " }
        guard path.hasPrefix("/") else { return path.isEmpty || path.contains(":memory:") ? nil : String(path) }
        let name = String(path.dropFirst())
        return name.isEmpty || name.contains(":memory:") ? nil : name
    }

    /// Host and port as written; empty when there are none.
    var authority: String {
        let part = rest.prefix { $0 != "/" && $0 != "?" }
        return part.lastIndex(of: "@").map { String(part[part.index(after: $0)...]) } ?? String(part)
    }

    // MARK: - Private

    private static func engine(_ name: some StringProtocol) -> Facts.Database.Engine? {
        switch String(name) {
        case "postgresql", "postgres", "postgis", "psql", "cockroachdb", "postgresql_psycopg2", "postgresqlpool",
            "pgsql":
            .postgresql
        case "mysql", "mariadb": .mysql
        case "sqlite", "sqlite3", "spatialite": .sqlite
        case "mongodb", "mongo": .mongodb
        case "mssql", "sqlserver": .mssql
        case "oracle": .oracle
        default: nil
        }
    }
}
