extension DatabaseRules {
    static let schemes = Rule(
        "B07",
        .error,
        "The address and the driver do not fit",
        why:
            "SQLAlchemy knows no `postgres://` since 1.4, an asynchronous engine needs an asynchronous driver, and since 2.1 "
            + "bare `postgresql://` means psycopg 3: each is an exception at the start.",
        fix: "Write the driver: `postgresql+asyncpg://`, `postgresql+psycopg://`; rewrite what a platform hands over.",
        reference: "https://docs.sqlalchemy.org/en/20/changelog/changelog_14.html",
        exceptions: "Code that rewrites the scheme; Tortoise and others whose scheme it is.",
        bad: [
            "db.py": """
            from sqlalchemy.ext.asyncio import create_async_engine as make

            URL = "postgresql://shop@db/shop"
            engine = make(URL, pool_pre_ping=True)

            async def shutdown():
                await engine.dispose()
            """
        ],
        good: [
            "db.py": """
            import os
            from sqlalchemy.ext.asyncio import create_async_engine as make

            URL = os.environ["DATABASE_URL"].replace("postgres://", "postgresql+asyncpg://")
            engine = make(URL, pool_pre_ping=True)

            async def shutdown():
                await engine.dispose()
            """
        ],
        at: ["db.py:3"]
    ) { context in
        let code = context.code
        let rewrites = code.modules.contains { module in
            module.calls.contains { call in
                ["replace", "sub", "startswith", "removeprefix", "set"].contains(call.method)
                    && (call.arguments + call.keywords.map(\.value)).contains {
                        $0.text.map { $0.hasPrefix("postgres") } == true
                    }
            }
        }
        return context.engines.compactMap { engine in
            guard engine.kind == .sqlalchemy || engine.kind == .sqlalchemyAsync, !rewrites else { return nil }
            guard let (message, fix) = misfit(engine, context) else { return nil }
            let place = engine.urlConstant?.place ?? engine.app.place
            let replaceable = engine.urlConstant.map { $0.origin != .literal } ?? true
            return Finding(
                "B07",
                replaceable ? .warning : .error,
                at: place,
                found: masked(place, code),
                message + (replaceable ? ", unless the environment replaces the default" : ""),
                fix: fix
            )
        }
    }

    static let plainText = Rule(
        "B08",
        .warning,
        "The database is reached over the internet without TLS",
        why: "Password and data pass other networks in the clear, or with a certificate that nobody checks.",
        fix: "`sslmode=verify-full` (libpq), `ssl` in connect_args (asyncpg).",
        reference: "https://www.postgresql.org/docs/current/libpq-ssl.html",
        exceptions: "Private networks and local sockets; MongoDB's `+srv`, which is TLS.",
        bad: [
            "db.py": """
            import os
            import psycopg

            def connect():
                return psycopg.connect("postgresql://shop@db.shop-data.net:5432/shop", password=os.environ["DB_PASSWORD"])
            """
        ],
        good: [
            "db.py": """
            import os
            import psycopg

            def connect():
                return psycopg.connect("postgresql://shop@db.shop-data.net/shop?sslmode=verify-full", password=os.environ["DB_PASSWORD"])

            def local():
                return psycopg.connect("postgresql://shop@db.internal/shop", password=os.environ["DB_PASSWORD"])
            """
        ],
        at: ["db.py:5"]
    ) { context in
        let code = context.code
        let secured = context.engines.contains { engine in
            engine["ssl"] != nil
                || engine.connectArguments(code)?.pairs.contains { $0.key.text?.hasPrefix("ssl") == true } == true
        }
        guard !secured else { return [] }
        var places = code.modules.flatMap { module in
            module.strings.filter { isOpen($0.value) }.map { Place(module.path, $0.line) }
        }
        for path in context.settingFiles {
            for (index, line) in context.code.text.lines(path).enumerated() where line.contains("://") {
                let text = line.drop { $0 != ":" && $0 != "=" }.dropFirst().blanksTrimmed.quotesTrimmed
                if line.blanksTrimmed.first != "#", isOpen(text) { places.append(Place(path, index + 1)) }
            }
        }
        return places.map { place in
            Finding(
                "B08",
                .warning,
                at: place,
                found: masked(place, code),
                "this address leads over a public name and asks for no TLS",
                fix: "?sslmode=verify-full, or ssl in connect_args"
            )
        }
    }

    static let passwords = Rule(
        "B14",
        .error,
        "A database's password is written down",
        why: "Whoever has the repository or the image can read and change the data, for as long as its history exists.",
        fix: "Take the address from the environment, and change the password.",
        reference: "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        exceptions:
            "Addresses of the developer's own machine; services of a Compose file by their bare name are a warning.",
        bad: [
            "db.py": """
            import psycopg

            def connect():
                return psycopg.connect("postgresql://shop:Kx7vQ2pL9@db.shop-data.net/shop?sslmode=verify-full")
            """
        ],
        good: [
            "db.py": """
            import os
            import psycopg

            def connect():
                user, password = "shop", os.environ["DB_PASSWORD"]
                return psycopg.connect(f"postgresql://{user}:{password}@db.shop-data.net/shop?sslmode=verify-full")

            def local():
                return psycopg.connect("postgresql://shop:shop@localhost/shop")
            """,
            "alembic.ini": "[alembic]\nsqlalchemy.url = driver://user:pass@localhost/dbname\n",
        ],
        at: ["db.py:4"]
    ) { context in
        let code = context.code
        var found: [(text: String, place: Place)] = code.modules.flatMap { module in
            module.strings.filter { $0.isFormat != true }.map { ($0.value, Place(module.path, $0.line)) }
        }
        let inis = context.project.files.filter { path in
            TreePath.name(of: path).hasSuffix(".ini") && TreePath.lies(path, in: context.facts.root)
                && CodeRole.of(path, root: code.root) != .test
        }
        for path in inis + context.documents.keys.filter(ComposeFile.isOne).sorted() where !isForDevelopment(path) {
            for (index, line) in code.text.lines(path).enumerated()
            where line.contains("://") && line.blanksTrimmed.first != "#" {
                let words = line.split {
                    $0.isWhitespace || $0 == "\"" || $0 == "'" || $0 == "=" && !line.contains("?")
                }
                if let text = words.last(where: { $0.contains("://") }) {
                    found.append((String(text), Place(path, index + 1)))
                }
            }
        }
        return found.compactMap { text, place in
            guard let password = SecretText.password(inURL: text), DatabaseURL(text) != nil || isStore(text) else {
                return nil
            }
            guard let severity = severity(of: text, password: password, in: place.file) else { return nil }
            return Finding(
                "B14",
                severity,
                at: place,
                found: LiteralSecret.masked(password, in: code.found(place)),
                "the password of the database is written here",
                fix: "os.environ[\"DATABASE_URL\"]"
            )
        }
    }

    // MARK: - Private

    /// Why an engine can't be made from its address.
    private static func misfit(_ engine: DatabaseEngine, _ context: AuditContext) -> (message: String, fix: String)? {
        guard let url = engine.url, let mark = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<mark.lowerBound]
        guard !scheme.contains("{"), !scheme.contains("$") else { return nil }
        if scheme == "postgres" {
            return ("SQLAlchemy has no dialect postgres: NoSuchModuleError", "postgresql+psycopg://")
        }
        let async: Set<String> = [
            "asyncpg", "psycopg", "psycopg_async", "aiomysql", "asyncmy", "aiosqlite", "aioodbc", "oracledb",
            "oracledb_async",
        ]
        if engine.kind == .sqlalchemyAsync {
            if let driver = engine.driver {
                return async.contains(driver)
                    ? nil : ("\(driver) is no asynchronous driver: InvalidRequestError", "+asyncpg")
            }
            let isNewer = isNewSQLAlchemy(context)
            if scheme == "postgresql", isNewer, context.uses("psycopg") { return nil }
            let drivers = ["postgresql": "asyncpg", "mysql": "aiomysql", "sqlite": "aiosqlite", "mariadb": "aiomysql"]
            return drivers[String(scheme)].map {
                ("an asynchronous engine needs an asynchronous driver, and \(scheme):// has none", "\(scheme)+\($0)://")
            }
        }
        if let driver = engine.driver, ["asyncpg", "aiomysql", "asyncmy", "aiosqlite"].contains(driver) {
            return ("\(driver) needs create_async_engine: MissingGreenlet at the first query", "create_async_engine")
        }
        let onlyOld =
            context.uses("psycopg2", "psycopg2-binary") && !context.facts.dependencies.contains { $0.name == "psycopg" }
        if scheme == "postgresql", onlyOld, isNewSQLAlchemy(context) {
            return (
                "since SQLAlchemy 2.1 postgresql:// means psycopg 3, and only psycopg2 is installed",
                "postgresql+psycopg2://"
            )
        }
        return nil
    }

    /// Whether the project asks for SQLAlchemy 2.1 or later.
    private static func isNewSQLAlchemy(_ context: AuditContext) -> Bool {
        let text = context.facts.dependencies.first { $0.name == "sqlalchemy" }?.version ?? ""
        let signs = ["==", ">=", "~=", "^"]
        guard let part = text.split(separator: ",").first(where: { part in signs.contains { part.contains($0) } })
        else { return false }
        let numbers = part.drop { !$0.isNumber }.split(separator: ".").prefix(2).compactMap {
            Int($0.prefix(while: \.isNumber))
        }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (2, 1)
    }

    /// An address of a server with a public name that asks for no TLS.
    private static func isOpen(_ text: String) -> Bool {
        guard let url = DatabaseURL(text), [.postgresql, .mysql].contains(url.engine) else { return false }
        guard !text.contains("ssl"), !text.contains("tls"), isPublic(url.authority) else { return false }
        return !["example", "your", "placeholder", "hostname"].contains { url.authority.contains($0) }
    }

    /// Whether a host is known by a public name: not a bare one, not a private ending, not an address.
    private static func isPublic(_ authority: String) -> Bool {
        let host = authority.prefix { $0 != ":" }.lowercased()
        let labels = host.split(separator: ".")
        guard labels.count > 1, let last = labels.last, !host.contains("{"), !host.contains("$"), !host.contains("<")
        else { return false }
        let inner: Set<Substring> = [
            "internal", "local", "lan", "svc", "localdomain", "flycast", "test", "localhost", "home", "docker",
            "cluster",
        ]
        guard !inner.contains(last), !labels.contains("svc") else { return false }
        return last.allSatisfy(\.isLetter) && last.count >= 2
    }

    private static func isStore(_ text: String) -> Bool {
        ["redis://", "rediss://", "amqp://", "amqps://", "mongodb", "clickhouse"].contains { text.hasPrefix($0) }
    }

    private static func severity(of text: String, password: String, in file: String) -> Severity? {
        guard let mark = text.firstRange(of: "@") else { return nil }
        let authority = text[mark.upperBound...].prefix { $0 != "/" && $0 != "?" }
        let host = authority.prefix { $0 != ":" }.lowercased()
        guard !["localhost", "127.0.0.1", "0.0.0.0", "host.docker.internal", ""].contains(host) else { return nil }
        guard !["example", "your", "<", "%"].contains(where: host.contains), !SecretText.isPlaceholder(password) else {
            return nil
        }
        let words: Set<String> = ["password", "pass", "passwd", "pwd", "secret", "username", "user", "pw"]
        if isPublic(String(authority)) { return words.contains(password.lowercased()) ? nil : .error }
        // The defaults of a Compose file are another rule's.
        return ComposeFile.isOne(file) || words.contains(host) || host == "host" ? nil : .warning
    }

    private static func isForDevelopment(_ path: String) -> Bool {
        let name = TreePath.name(of: path).lowercased()
        return ["dev", "test", "local", "override", "example", "ci"].contains { name.contains($0) }
    }
}
