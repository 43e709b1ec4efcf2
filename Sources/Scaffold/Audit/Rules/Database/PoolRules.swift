import Model

extension DatabaseRules {
    static let prepared = Rule(
        "B03",
        .error,
        "Prepared statements behind a transaction pooler",
        why:
            "A pooler in transaction mode hands each transaction to another server connection, where the statement that "
            + "the driver prepared is unknown, or its name is taken: queries fail at random.",
        fix:
            "asyncpg: `statement_cache_size=0`, `prepared_statement_cache_size=0` and a `prepared_statement_name_func` with "
            + "random names; psycopg: `prepare_threshold=None`; or connect directly.",
        reference: "https://supabase.com/docs/guides/troubleshooting/disabling-prepared-statements-qL8lEL",
        exceptions: "pgbouncer from 1.21 on with `max_prepared_statements`; psycopg2, which prepares nothing.",
        bad: [
            "db.py": """
            import asyncpg

            async def lifespan(app):
                pool = await asyncpg.create_pool("postgresql://shop@aws-0.pooler.supabase.com:6543/postgres?sslmode=require")
                yield
                await pool.close()
            """
        ],
        good: [
            "db.py": """
            import asyncpg

            async def lifespan(app):
                pool = await asyncpg.create_pool(
                    "postgresql://shop@aws-0.pooler.supabase.com:6543/postgres?sslmode=require",
                    statement_cache_size=0,
                )
                yield
                await pool.close()
            """
        ],
        at: ["db.py:4"]
    ) { context in
        let code = context.code
        guard !allowsPrepared(context) else { return [] }
        return context.engines.compactMap { engine in
            let isPooled = engine.url.map(isTransactionPooler) ?? (context.facts.database?.pooler == .transaction)
            guard isPooled, !engine.isOpen, let missing = missingSetting(engine, context) else { return nil }
            return Finding(
                "B03",
                .error,
                at: engine.app.place,
                found: masked(engine.app.place, code),
                "this connects through a pooler in transaction mode and prepares statements, which then are missing",
                fix: missing
            )
        }
    }

    static let nullPool = Rule(
        "B04",
        .error,
        "NullPool on a direct connection",
        why: "Each session opens a connection of its own, with its TLS handshake, and nothing bounds how many. "
            + "NullPool has no `size()` or `checkedout()` either: a route that reads them answers 500.",
        fix: "Leave `poolclass` out, and size the pool; keep NullPool for a transaction pooler.",
        reference: "https://docs.sqlalchemy.org/en/20/core/pooling.html#switching-pool-implementations",
        exceptions: "Poolers in transaction mode, serverless functions, engines of task workers, tests.",
        bad: [
            "db.py": """
            import os
            from sqlalchemy import create_engine, pool

            engine = create_engine(
                os.environ["DATABASE_URL"],
                poolclass=pool.NullPool,
            )
            """
        ],
        good: [
            "db.py": """
            import os
            from sqlalchemy import create_engine
            from sqlalchemy.pool import NullPool

            engine = create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)
            """,
            "tests/db.py": """
            from sqlalchemy import NullPool, create_engine

            engine = create_engine("postgresql://db/test", poolclass=NullPool)
            """,
        ],
        at: ["db.py:6"]
    ) { context in
        let code = context.code
        let direct = context.engines.filter { $0.hasNullPool }
        guard !direct.isEmpty else { return [] }
        let metrics = code.web.flatMap { module in
            module.calls.filter { call in
                ["size", "checkedout", "checkedin", "overflow"].contains(call.method)
                    && call.function.contains(".pool.")
            }.map { call in
                let place = Place(module.path, call.line)
                return Finding(
                    "B04",
                    .error,
                    at: place,
                    found: code.found(place),
                    "NullPool has no \(call.method)(): this raises AttributeError",
                    fix: "measure another pool, or drop this"
                )
            }
        }
        let engines = direct.filter { engine in
            let path = engine.app.module.path.lowercased()
            let isTask = ["celery", "task", "worker", "job"].contains {
                path.contains($0) || engine.app.call.scope.lowercased().contains($0)
            }
            let isPooled = engine.url.map(isTransactionPooler) ?? (context.facts.database?.pooler == .transaction)
            return !isTask && !isPooled && !engine.isSQLite && !isServerless(context)
                && !code.isDevelopmentOnly(engine.app.module.path, engine.app.call.line)
        }.map { engine in
            let place = code.place(of: "poolclass", in: engine.app)
            return Finding(
                "B04",
                .warning,
                at: place,
                found: code.found(place),
                "every session opens and closes a connection of its own",
                fix: "drop poolclass; pool_size=5, max_overflow=5, pool_pre_ping=True"
            )
        }
        return engines + metrics
    }

    static let connectionSum = Rule(
        "B05",
        .error,
        "More connections than the database takes",
        why:
            "Each process has a pool of its own: pool size and overflow, times workers, times machines, twice during a "
            + "blue-green deploy. Beyond max_connections new sessions are refused.",
        fix: "Make the pools smaller, or put a pooler before the database.",
        reference: "https://www.postgresql.org/docs/current/runtime-config-connection.html",
        exceptions:
            "Poolers; where the limit is not known, the sum is told when it is above 80 of PostgreSQL's default of 100.",
        bad: [
            "db.py": """
            import os
            from sqlalchemy import create_engine

            engine = create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True, pool_size=40, max_overflow=80)
            """,
            "compose.yaml": """
            services:
              db:
                image: postgres:16
                command: postgres -c max_connections=100
            """,
        ],
        good: [
            "db.py": """
            import os
            from sqlalchemy import create_engine

            engine = create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True, pool_size=5, max_overflow=5)
            """,
            "compose.yaml": """
            services:
              db:
                image: postgres:16
            """,
        ],
        at: ["db.py:4"]
    ) { context in
        guard context.facts.database?.pooler == nil else { return [] }
        let code = context.code
        let counted = context.engines.compactMap { engine in connections(engine, code).map { (engine, $0) } }
        guard let (engine, each) = counted.max(by: { $0.1 < $1.1 }) else { return [] }
        let isBlueGreen = context.config?.deploy.strategy == .bluegreen
        let sum = each * max(1, context.workers) * max(1, context.machines) * (isBlueGreen ? 2 : 1)
        let known = maximumConnections(context)
        let limit = known ?? 100
        guard Double(sum) > 0.8 * Double(limit) else { return [] }
        // A limit that nobody wrote down may be another one in production.
        let assumed: Severity = databases(context).isEmpty ? .info : .warning
        let severity: Severity = known == nil ? assumed : sum > limit ? .error : .warning
        let factors =
            "\(each) × \(context.workers) workers × \(context.machines) machines"
            + (isBlueGreen ? " × 2 (blue-green)" : "")
        let place = engine["pool_size"] == nil ? engine.app.place : code.place(of: "pool_size", in: engine.app)
        return [
            Finding(
                "B05",
                severity,
                at: place,
                found: masked(place, code),
                "up to \(sum) connections (\(factors))"
                    + (known == nil
                        ? ", and PostgreSQL takes 100 unless it is told otherwise"
                        : ", and the database takes \(limit)"),
                fix: "a smaller pool_size and max_overflow, or a pooler"
            )
        ]
    }

    static let prePing = Rule(
        "B06",
        .warning,
        "Connections that died are used again",
        why: "Proxies and clouds close idle sessions without a word; the next query on such a connection fails.",
        fix: "`pool_pre_ping=True`, or `pool_recycle` below the proxy's limit, 600 seconds for instance.",
        reference: "https://docs.sqlalchemy.org/en/20/core/pooling.html#dealing-with-disconnects",
        exceptions: "SQLite, NullPool; without a proxy in sight it is an advice.",
        bad: [
            "db.py": """
            from sqlalchemy import create_engine

            engine = create_engine("postgresql+psycopg2://shop@aws-0.pooler.supabase.com:5432/postgres?sslmode=require")
            """
        ],
        good: [
            "db.py": """
            from sqlalchemy import create_engine

            engine = create_engine(
                "postgresql+psycopg2://shop@aws-0.pooler.supabase.com:5432/postgres?sslmode=require",
                pool_pre_ping=True,
            )
            """
        ],
        at: ["db.py:3"]
    ) { context in
        context.engines.compactMap { engine in
            guard engine.kind == .sqlalchemy || engine.kind == .sqlalchemyAsync, !engine.isSQLite, !engine.isOpen else {
                return nil
            }
            guard !engine.hasNullPool, !engine.hasStaticPool, engine["pool_pre_ping"] == nil,
                engine["pool_recycle"] == nil
            else { return nil }
            if engine.url == nil, context.facts.database?.engine == .sqlite { return nil }
            let isBehind =
                context.facts.database?.pooler != nil
                || engine.url.map { url in
                    ["pooler.", "pgbouncer", "flycast", ".internal", ":6432", ":6543"].contains(where: url.contains)
                } == true
            return Finding(
                "B06",
                isBehind ? .warning : .info,
                at: engine.app.place,
                found: masked(engine.app.place, context.code),
                isBehind
                    ? "the proxy before the database closes idle sessions, and nothing checks them before use"
                    : "a connection that the other side has closed is used once more, and that query fails",
                fix: "pool_pre_ping=True"
            )
        }
    }

    // MARK: - Private

    private static func isTransactionPooler(_ url: String) -> Bool {
        let authority = DatabaseURL(url)?.authority ?? url
        return authority.hasSuffix(":6543") || authority.hasSuffix(":6432") || authority.contains("pgbouncer")
    }

    /// The setting that is missing for the engine's driver; nil when nothing is.
    private static func missingSetting(_ engine: DatabaseEngine, _ context: AuditContext) -> String? {
        let code = context.code
        let arguments = Set(engine.connectArguments(code)?.pairs.compactMap(\.key.text) ?? [])
        func sets(_ name: String) -> Bool {
            arguments.contains(name) || engine[name] != nil || engine.url?.contains("\(name)=") == true
        }
        if context.speaksAsyncpg(engine) {
            return sets("statement_cache_size") || sets("prepared_statement_name_func")
                ? nil : "statement_cache_size=0 and prepared_statement_cache_size=0"
        }
        let isPsycopg =
            engine.kind == .psycopg || engine.driver == "psycopg"
            || engine.driver == nil && engine.kind == .sqlalchemy && context.facts.database?.driver == "psycopg"
        guard isPsycopg else { return nil }
        let inner = engine["kwargs"].map { String(describing: $0) } ?? ""
        return sets("prepare_threshold") || inner.contains("prepare_threshold")
            ? nil : "connect_args={\"prepare_threshold\": None}"
    }

    private static func allowsPrepared(_ context: AuditContext) -> Bool {
        context.settingFiles.contains { context.project.text($0)?.contains("max_prepared_statements") == true }
    }

    private static func isServerless(_ context: AuditContext) -> Bool {
        context.uses("mangum", "zappa", "chalice") || context.project.has("vercel.json")
            || context.project.has("serverless.yml")
            || context.target == .cloudrun
    }

    /// The most connections that one process opens; SQLAlchemy's pool has 5 and an overflow of 10 unless it is told.
    private static func connections(_ engine: DatabaseEngine, _ code: CodeMap) -> Int? {
        guard !engine.isSQLite, !engine.isOpen else { return nil }
        func number(_ name: String) -> Int? {
            engine[name].flatMap { code.constant($0, at: engine.app.key, line: engine.app.call.line)?.value }.flatMap {
                value in
                value.integer.flatMap { Int(exactly: $0) } ?? value.text.flatMap { Int($0) }
            }
        }
        switch engine.kind {
        case .sqlalchemy, .sqlalchemyAsync:
            guard !engine.hasNullPool, !engine.hasStaticPool else { return nil }
            // What can't be read would make the sum a guess.
            if engine["pool_size"] != nil, number("pool_size") == nil { return nil }
            return min(number("pool_size") ?? 5, 10_000) + min(max(0, number("max_overflow") ?? 10), 10_000)
        case .asyncpg, .psycopg:
            guard engine.app.call.method != "connect" else { return nil }
            return number("max_size").map { min($0, 10_000) } ?? (engine.kind == .asyncpg ? 10 : 4)
        case .databases: return nil
        }
    }

    /// Services of the project's Compose files that are PostgreSQL.
    private static func databases(_ context: AuditContext) -> [ConfigNode] {
        let stacks = context.documents.filter { ComposeFile.isOne($0.key) }.sorted { $0.key < $1.key }
        return stacks.flatMap { path, documents in
            documents.flatMap { Compose($0, path: path).services.map(\.node) }
        }
        .filter { $0["image"]?.string?.contains("postg") == true }
    }

    /// What the project's own PostgreSQL is told to take.
    private static func maximumConnections(_ context: AuditContext) -> Int? {
        let texts = context.project.files.filter {
            TreePath.name(of: $0).hasPrefix("postgresql") && $0.hasSuffix(".conf")
        }
        .compactMap { context.project.text($0) }
        for text in texts {
            for line in text.textLines where line.blanksTrimmed.hasPrefix("max_connections") {
                if let number = Int(line.filter(\.isNumber)) { return number }
            }
        }
        return databases(context).lazy.compactMap { service in
            let words =
                service["command"].map { $0.string ?? $0.items.compactMap(\.scalar).joined(separator: " ") } ?? ""
            return words.firstRange(of: "max_connections=").flatMap {
                Int(words[$0.upperBound...].prefix(while: \.isNumber))
            }
        }.first
    }
}
