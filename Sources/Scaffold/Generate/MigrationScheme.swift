/// The change that a database's address needs for migrations which open it in the other way than the app does.
struct MigrationScheme: Equatable {
    /// Drivers that only the half of SQLAlchemy takes that awaits.
    static let awaiting = ["asyncpg", "aiosqlite", "aiomysql", "asyncmy"]

    /// The variable that holds the address.
    var variable: String
    /// What the schemes of all its drivers begin with: `postgres`.
    var engine: String
    /// `postgresql`, `postgresql+asyncpg`.
    var scheme: String

    /// Nil when the address is right as it is, and where the project has no driver for the other way.
    init?(_ facts: Facts) {
        guard let database = facts.database, let opening = facts.migrations?.opening,
            let variable = database.variable, Quoting.isVariableName(variable),
            let driver = database.driver, Self.awaiting.contains(driver) == (opening == .blocking),
            let scheme = Self.scheme(database.engine, opening, facts)
        else { return nil }
        self.variable = variable
        self.scheme = scheme
        engine = database.engine == .postgresql ? "postgres" : database.engine.rawValue
    }

    /// The scheme of an address for a way of opening, by the drivers among the dependencies; nil without one.
    static func scheme(
        _ engine: Facts.Database.Engine,
        _ opening: Facts.Migrations.Opening,
        _ facts: Facts
    ) -> String? {
        let names = Set(facts.dependencies.map(\.name))
        func first(_ rows: [(String, String)]) -> String? { rows.first { names.contains($0.0) }?.1 }
        switch (engine, opening) {
        case (.postgresql, .blocking):
            return first([
                ("psycopg2", "postgresql"), ("psycopg2-binary", "postgresql"), ("psycopg", "postgresql+psycopg"),
                ("psycopg-binary", "postgresql+psycopg"), ("pg8000", "postgresql+pg8000"),
            ])
        case (.postgresql, .awaiting): return first([("asyncpg", "postgresql+asyncpg")])
        case (.mysql, .blocking):
            return first([
                ("pymysql", "mysql+pymysql"), ("mysqlclient", "mysql+mysqldb"), ("aiomysql", "mysql+pymysql"),
            ])
        case (.mysql, .awaiting): return first([("aiomysql", "mysql+aiomysql"), ("asyncmy", "mysql+asyncmy")])
        // The driver that blocks is in Python itself.
        case (.sqlite, .blocking): return "sqlite"
        case (.sqlite, .awaiting): return first([("aiosqlite", "sqlite+aiosqlite")])
        default: return nil
        }
    }

    /// What stands for the scheme of any driver, for `sed` and for Python's `re`.
    var pattern: String { "^\(engine)[a-z0-9+]*:" }

    /// A command with the variable changed for it alone: its value is in no argument of any program.
    func wrapped(_ command: [String]) -> [String] {
        let inner: String
        if command.count == 3, command[0] == "sh", command[1] == "-c" {
            inner = command[2]
        } else {
            inner = "exec \(Quoting.shell(command))"
        }
        let value = "$(printf %s \"$\(variable)\" | sed \"s/\(pattern)/\(scheme):/\")"
        return ["sh", "-c", "\(variable)=\"\(value)\"; export \(variable); \(inner)"]
    }
}
