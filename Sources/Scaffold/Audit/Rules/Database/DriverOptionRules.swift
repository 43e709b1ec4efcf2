extension DatabaseRules {
    static let sslmode = Rule(
        "B01",
        .error,
        "asyncpg is told sslmode",
        why:
            "`sslmode` is libpq's word. In an SQLAlchemy address or in `connect_args` it reaches asyncpg's `connect()`, "
            + "which raises TypeError at the first connection.",
        fix: "`connect_args={\"ssl\": \"require\"}`, and no `?sslmode=` in the address.",
        reference: "https://github.com/sqlalchemy/sqlalchemy/issues/6275",
        exceptions: "Code that takes the option off first; addresses handed to asyncpg itself, which knows it there.",
        bad: [
            "db.py": """
            from sqlalchemy.ext.asyncio import create_async_engine

            engine = create_async_engine(
                "postgresql+asyncpg://shop@db/shop?sslmode=require",
                pool_pre_ping=True,
            )

            async def shutdown():
                await engine.dispose()
            """
        ],
        good: [
            "db.py": """
            from sqlalchemy.ext.asyncio import create_async_engine

            engine = create_async_engine(
                "postgresql+asyncpg://shop@db/shop",
                connect_args={"ssl": "require"},
                pool_pre_ping=True,
            )
            note = "psycopg: postgresql+psycopg://db/shop?sslmode=require"

            async def shutdown():
                await engine.dispose()
            """
        ],
        at: ["db.py:4"]
    ) { context in
        guard !stripsMode(context.code) else { return [] }
        let code = context.code
        let addresses = code.modules.flatMap { module in
            module.strings.filter { $0.value.contains("+asyncpg://") && $0.value.contains("sslmode=") }.map {
                Place(module.path, $0.line)
            }
        }
        let arguments = options(["sslmode", "sslrootcert", "sslcert", "sslkey"], context)
        let files = addressLines(context, having: "+asyncpg://", and: "sslmode=")
        return (addresses + arguments.map(\.place) + files).map { place in
            Finding(
                "B01",
                .error,
                at: place,
                found: masked(place, code),
                "asyncpg does not know sslmode: every connection fails with TypeError",
                fix: "connect_args={\"ssl\": \"require\"}"
            )
        }
    }

    static let libpqWords = Rule(
        "B02",
        .error,
        "asyncpg is given options of libpq",
        why:
            "`connect_timeout`, `application_name`, `keepalives` and `options` are libpq's words: asyncpg's `connect()` "
            + "raises TypeError at the first connection.",
        fix: "`timeout` for the time limit, `server_settings={\"application_name\": …}` for settings of the session.",
        reference: "https://magicstack.github.io/asyncpg/current/api/index.html#connection",
        bad: [
            "db.py": """
            from sqlalchemy.ext import asyncio as sa

            options = {
                "application_name": "shop",
            }
            engine = sa.create_async_engine("postgresql+asyncpg://shop@db/shop", pool_pre_ping=True, connect_args=options)

            async def shutdown():
                await engine.dispose()
            """
        ],
        good: [
            "db.py": """
            from sqlalchemy.ext import asyncio as sa

            options = {"timeout": 5, "server_settings": {"application_name": "shop"}}
            engine = sa.create_async_engine("postgresql+asyncpg://shop@db/shop", pool_pre_ping=True, connect_args=options)

            async def shutdown():
                await engine.dispose()
            """
        ],
        at: ["db.py:4"]
    ) { context in
        let words: Set<String> = [
            "connect_timeout", "application_name", "keepalives", "keepalives_idle", "keepalives_interval",
            "keepalives_count",
            "options", "client_encoding", "fallback_application_name", "tcp_user_timeout",
        ]
        return options(words, context).map { word, place in
            Finding(
                "B02",
                .error,
                at: place,
                found: masked(place, context.code),
                "asyncpg does not know \(word): every connection fails with TypeError",
                fix: word.contains("timeout") ? "\"timeout\": 5" : "\"server_settings\": {\"\(word)\": …}"
            )
        }
    }

    // MARK: - Private

    /// Options of some names that reach asyncpg, with the line of each.
    private static func options(_ words: Set<String>, _ context: AuditContext) -> [(word: String, place: Place)] {
        let code = context.code
        return context.engines.filter(context.speaksAsyncpg).flatMap { engine -> [(word: String, place: Place)] in
            if engine.kind == .asyncpg {
                return engine.app.call.keywords.filter { words.contains($0.name) }.map {
                    ($0.name, code.place(of: $0.name, in: engine.app))
                }
            }
            guard let (pairs, place) = engine.connectArguments(code) else { return [] }
            return pairs.compactMap { pair in
                guard let word = pair.key.text, words.contains(word) else { return nil }
                return (word, line(of: word, after: place, code))
            }
        }
    }

    /// The line of a key in a dictionary that begins at a place.
    private static func line(of word: String, after place: Place, _ code: CodeMap) -> Place {
        let first = place.line ?? 1
        let lines = code.text.lines(place.file)
        for number in first..<(first + 30) where lines.indices.contains(number - 1) {
            if lines[number - 1].contains("\"\(word)\"") || lines[number - 1].contains("'\(word)'") {
                return Place(place.file, number)
            }
        }
        return place
    }

    /// Whether the code takes the option off the address.
    private static func stripsMode(_ code: CodeMap) -> Bool {
        let methods: Set<String> = [
            "replace", "pop", "sub", "split", "remove", "difference_update_query", "removesuffix", "partition",
        ]
        return code.modules.contains { module in
            module.calls.contains { call in
                // A method of a literal, `"postgresql://…".replace(…)`, has no name.
                (call.function.isEmpty || methods.contains(call.method))
                    && call.arguments.contains { $0.text?.contains("sslmode") == true }
            }
        }
    }
}

extension DatabaseRules {
    /// A line with the password of its address hidden.
    static func masked(_ place: Place, _ code: CodeMap) -> String { masked(code.found(place)) }

    /// A line with the password of its address hidden.
    static func masked(_ line: String) -> String {
        guard let password = SecretText.password(inURL: line) else { return line }
        return LiteralSecret.masked(password, in: line)
    }

    /// Lines of configuration files of the project that have two pieces of text.
    static func addressLines(_ context: AuditContext, having first: String, and second: String) -> [Place] {
        context.settingFiles.flatMap { path -> [Place] in
            guard let text = context.project.text(path), TextSearch.contains(text, first) else { return [] }
            return context.code.text.lines(path).enumerated().compactMap { index, line in
                guard line.contains(first), line.contains(second), line.first(where: { !$0.isWhitespace }) != "#" else {
                    return nil
                }
                return Place(path, index + 1)
            }
        }
    }
}

extension AuditContext {
    /// Files that set variables: `.env` files, Compose, Kubernetes, `fly.toml`, ini files; no tests, no examples by folder.
    var settingFiles: [String] {
        memo.value("settingFiles") {
            project.files.filter { path in
                let name = TreePath.name(of: path).lowercased()
                let ending = name.split(separator: ".").last ?? ""
                let isKind =
                    name.hasPrefix(".env") || name.hasSuffix(".env")
                    || ["yml", "yaml", "toml", "ini", "cfg"].contains(ending)
                guard isKind, !name.contains("lock"), TreePath.lies(path, in: facts.root) || !path.contains("/") else {
                    return false
                }
                guard !path.hasPrefix(".github/"), !name.contains("test") else { return false }
                return [.production, .migration].contains(CodeRole.of(path, root: facts.root))
            }
        }
    }
}
