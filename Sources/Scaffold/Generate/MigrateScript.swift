import Toolkit

/// Writes `migrate.py`: the project's own migration command under a lock of the database, so that replicas that start
/// together wait instead of racing.
package enum MigrateScript {
    package static let defaultPath = "migrate.py"

    /// Writes the script for a project's driver.
    ///
    /// - Parameters:
    ///   - facts: tool, command, driver and the variable with the address of the database.
    ///   - stamp: without the sign of a comment.
    ///   - path: within the app's folder.
    /// - Returns: nil when there is nothing to lock: no migrations, or the app runs them itself, or SQLite; or nothing to lock
    ///   with: no driver among the dependencies, or no single variable with the address.
    package static func make(_ facts: Facts, stamp: String, path: String = defaultPath) -> Artefact? {
        guard let migrations = facts.migrations, !migrations.command.isEmpty, !facts.migratesItself,
            let database = facts.database, let driver = driver(facts), let variable = variable(facts)
        else { return nil }
        let key = lockKey(facts.name)
        let words = "[" + migrations.command.map { Quoting.python($0) }.joined(separator: ", ") + "]"
        let depth = path.split(separator: "/").count - 1
        let place = (0..<depth).map { _ in ".." } + migrations.workingDirectory.split(separator: "/").map(String.init)
        let lock: [String]
        switch database.engine {
        case .postgresql: lock = postgresql(driver, key)
        case .mysql: lock = mysql(driver, "roost-migrate-\(key)")
        default: return nil
        }
        let lines =
            [Stamp.line(stamp)]
            + header(database.engine == .mysql ? "MySQL" : "PostgreSQL")
            + imports(driver, database.engine, MigrationScheme(facts) == nil ? [] : ["import re"])
            + [
                "COMMAND = \(words)", "FOLDER = \(folder(place))", "VARIABLE = \(Quoting.python(variable))",
                "# The way past a pooler, which may hand each statement to another session.",
                "DIRECT = \(Quoting.python("DIRECT_" + variable))", "", "",
                "def migrate(url):",
            ] + address(facts) + [
                "    env = {**os.environ, VARIABLE: url} if url else None",
                "    return subprocess.run(COMMAND, cwd=FOLDER, env=env, check=False).returncode", "", "",
            ] + lock
        return Artefact(path, lines.joined(separator: "\n") + "\n")
    }

    /// The command that a release runs: the script when there is one, else the project's own.
    static func command(_ facts: Facts, hasScript: Bool, path: String = defaultPath) -> [String]? {
        guard let migrations = facts.migrations, !migrations.command.isEmpty, !facts.migratesItself else { return nil }
        if hasScript { return ["python", path] }
        guard !migrations.workingDirectory.isEmpty else { return migrations.command }
        let words = migrations.command
        return ["sh", "-c", "cd \(Quoting.shell(migrations.workingDirectory)) && exec \(Quoting.shell(words))"]
    }

    // MARK: - Private

    private static let drivers: [String: (engine: Facts.Database.Engine, packages: Set<String>)] = [
        "asyncpg": (.postgresql, ["asyncpg"]),
        "psycopg": (.postgresql, ["psycopg", "psycopg-binary"]),
        "psycopg2": (.postgresql, ["psycopg2", "psycopg2-binary"]),
        "pymysql": (.mysql, ["pymysql", "aiomysql"]),
        "aiomysql": (.mysql, ["aiomysql"]),
        "asyncmy": (.mysql, ["asyncmy"]),
        "mysqlclient": (.mysql, ["mysqlclient"]),
        "mysqldb": (.mysql, ["mysqlclient"]),
        "mysqlconnector": (.mysql, ["mysql-connector-python"]),
    ]

    /// The driver that is there in the image and that we have words for.
    private static func driver(_ facts: Facts) -> String? {
        guard let name = facts.database?.driver, let row = drivers[name], row.engine == facts.database?.engine else {
            return nil
        }
        let isThere = facts.dependencies.isEmpty || facts.dependencies.contains { row.packages.contains($0.name) }
        guard isThere else { return nil }
        // aiomysql is built on PyMySQL and brings it along.
        return ["aiomysql": "pymysql", "mysqldb": "mysqlclient"][name] ?? name
    }

    private static func variable(_ facts: Facts) -> String? {
        facts.database?.variable.flatMap { Quoting.isVariableName($0) ? $0 : nil }
    }

    private static func folder(_ parts: [String]) -> String {
        let own = "os.path.dirname(os.path.abspath(__file__))"
        return parts.isEmpty ? own : "os.path.join(\(own), \(parts.map { Quoting.python($0) }.joined(separator: ", ")))"
    }

    /// FNV-1a of the app's name, as a positive number of 63 bits: a constant of its own for each app.
    static func lockKey(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } >> 1
    }

    private static func header(_ engine: String) -> [String] {
        [#""""Runs the migrations under a lock of \#(engine): replicas that start together wait instead of racing.""""#]
    }

    /// The address in the form that the project's own scripts open, where the app wants another.
    private static func address(_ facts: Facts) -> [String] {
        guard let scheme = MigrationScheme(facts) else { return [] }
        return ["    url = re.sub(r\"\(scheme.pattern)\", \"\(scheme.scheme):\", url)"]
    }

    private static func imports(_ driver: String, _ engine: Facts.Database.Engine, _ more: [String]) -> [String] {
        var standard = ["import os"] + more + ["import subprocess", "import sys"]
        if driver == "asyncpg" || driver == "asyncmy" { standard.insert("import asyncio", at: 0) }
        standard.append("import urllib.parse")
        let module = ["mysqlclient": "MySQLdb", "mysqlconnector": "mysql.connector"][driver] ?? driver
        return [""] + standard + ["", "import \(module)", ""]
    }

    private static let address = [
        #"def address():"#, #"    return os.environ.get(DIRECT) or os.environ.get(VARIABLE, "")"#, "", "",
    ]

    /// The scheme without SQLAlchemy's driver, and only the parameters that the server's own library knows.
    private static func cleaned(_ known: String) -> [String] {
        address + [
            "def plain(url):", "    parts = urllib.parse.urlsplit(url)",
            "    query = urllib.parse.parse_qsl(parts.query)",
            #"    named = [("sslmode" if name == "ssl" else name, value) for name, value in query]"#,
            "    kept = [pair for pair in named if pair[0] in {\(known)}]",
            #"    return urllib.parse.urlunsplit(("postgresql", parts.netloc, parts.path, urllib.parse.urlencode(kept), ""))"#,
            "", "",
        ]
    }

    /// Another kind of database, or an address that only the code knows, has no lock to wait for.
    private static func unlocked(_ schemes: String) -> [String] {
        ["    if not url.startswith(\(schemes)):", "        return migrate(url)"]
    }

    private static func postgresql(_ driver: String, _ key: UInt64) -> [String] {
        let shared = #""host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey""#
        guard driver == "asyncpg" else {
            return cleaned(shared + #", "options", "channel_binding""#) + [
                "def main():", "    url = address()",
            ] + unlocked(#""postgres""#) + [
                "    connection = \(driver).connect(plain(url), connect_timeout=30)",
                "    connection.autocommit = True", "    try:",
                #"        connection.cursor().execute("SELECT pg_advisory_lock(%s)", (\#(key),))"#,
                "        return migrate(url)", "    finally:",
                "        connection.close()  # a session's lock ends with the session",
            ] + tail("main()")
        }
        return cleaned(shared) + [
            "async def main():", "    url = address()",
        ] + unlocked(#""postgres""#) + [
            "    connection = await asyncpg.connect(plain(url), timeout=30)",
            "    try:",
            // Until somebody else is done: the release's own limit ends it.
            #"        await connection.execute("SELECT pg_advisory_lock(\#(key))")"#,
            "        return migrate(url)", "    finally:",
            "        await connection.close()  # a session's lock ends with the session",
        ] + tail("asyncio.run(main())")
    }

    private static func mysql(_ driver: String, _ name: String) -> [String] {
        let parameters = [
            "def parameters(url):", "    parts = urllib.parse.urlsplit(url)", "    return {",
            #"        "host": parts.hostname,"#, #"        "port": parts.port or 3306,"#,
            #"        "user": urllib.parse.unquote(parts.username or ""),"#,
            #"        "password": urllib.parse.unquote(parts.password or ""),"#, #"        "connect_timeout": 30,"#,
            "    }",
            "", "",
        ]
        let ask = #""SELECT GET_LOCK('\#(name)', 600)""#
        let refused = #"            sys.exit("another migration has held the lock for ten minutes")"#
        if driver == "asyncmy" {
            return address + parameters + [
                "async def main():", "    url = address()",
            ] + unlocked(#"("mysql", "mariadb")"#) + [
                "    connection = await asyncmy.connect(**parameters(url))",
                "    try:", "        async with connection.cursor() as cursor:",
                "            await cursor.execute(\(ask))",
                "            row = await cursor.fetchone()", "        if row[0] != 1:", refused,
                "        return migrate(url)", "    finally:",
                "        connection.close()  # a session's lock ends with the session",
            ] + tail("asyncio.run(main())")
        }
        let words = parameters.map {
            driver == "mysqlconnector" ? $0.replacing("\"connect_timeout\"", with: "\"connection_timeout\"") : $0
        }
        let module = ["mysqlclient": "MySQLdb", "mysqlconnector": "mysql.connector"][driver] ?? driver
        return address + words + [
            "def main():", "    url = address()",
        ] + unlocked(#"("mysql", "mariadb")"#) + [
            "    connection = \(module).connect(**parameters(url))", "    try:",
            "        cursor = connection.cursor()", "        cursor.execute(\(ask))",
            "        if cursor.fetchone()[0] != 1:", refused, "        return migrate(url)", "    finally:",
            "        connection.close()  # a session's lock ends with the session",
        ] + tail("main()")
    }

    private static func tail(_ call: String) -> [String] {
        ["", "", #"if __name__ == "__main__":"#, "    sys.exit(\(call))"]
    }
}

extension Facts {
    /// The app or its own image runs the migrations at each start, so that a release must not run them a second time.
    package var migratesItself: Bool {
        guard let migrations else { return false }
        return migrations.tool == .inApp || startRunner != nil
    }

    /// Who runs the migrations at each start of the app; nil as well where a release does it first, after which a start
    /// finds nothing left to do.
    package var startRunner: Migrations.Runner? {
        let runners = migrations?.runBy ?? []
        guard !runners.contains(where: { $0.kind == .release }) else { return nil }
        return runners.first { runner in
            switch runner.kind {
            case .lifespan: true
            // A script of the image runs only when that image is used.
            case .entrypoint, .prestart: existing.dockerfile != nil
            case .release, .compose, .ci, .initContainer: false
            }
        }
    }
}
