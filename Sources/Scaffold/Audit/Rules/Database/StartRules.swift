import Model
import Toolkit

extension DatabaseRules {
    static let atStart = Rule(
        "B09",
        .error,
        "Migrations run wherever the app starts",
        why:
            "Machines that start together migrate together. Alembic takes no lock: one of them fails, or both change the "
            + "schema half. Each start waits for it, too.",
        fix: "Run migrations once a release (`release_command`), or under an advisory lock.",
        reference: "https://github.com/sqlalchemy/alembic/issues/633",
        exceptions: "One machine; a lock in `env.py` or in the script that migrates.",
        bad: [
            "fly.toml": """
            app = "shop"

            [http_service]
            internal_port = 8000
            min_machines_running = 2
            """,
            "main.py": """
            from contextlib import asynccontextmanager
            from alembic import command
            from alembic.config import Config
            from fastapi import FastAPI

            @asynccontextmanager
            async def lifespan(app):
                command.upgrade(Config("alembic.ini"), "head")
                yield

            app = FastAPI(openapi_url=None, lifespan=lifespan)

            @app.get("/health")
            def health():
                return {}
            """,
        ],
        good: [
            "fly.toml": """
            app = "shop"

            [deploy]
            release_command = "alembic upgrade head"

            [http_service]
            internal_port = 8000
            min_machines_running = 2
            """,
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}
            """,
        ],
        at: ["main.py:8"]
    ) { context in
        let code = context.code
        let starts: Set<Facts.Migrations.Runner.Kind> = [.entrypoint, .prestart, .lifespan, .initContainer]
        let runners = context.facts.migrations?.runBy ?? []
        var places = runners.filter { starts.contains($0.kind) }.map(\.place)
        for app in code.calls(of: ["alembic.command.upgrade", "aerich.Command().upgrade"], in: code.web)
        where !app.call.inMainGuard {
            places.append(app.place)
        }
        var seen: Set<Place> = []
        places = places.filter { seen.insert($0).inserted }
        guard let first = places.min() else { return [] }
        let releases =
            context.config?.deploy.releaseCommand.map { Migrating.isCommand($0.joined(separator: " ")) } ?? false
        if releases || runners.contains(where: { $0.kind == .release }) {
            return [
                Finding(
                    "B09",
                    .warning,
                    at: first,
                    found: code.found(first),
                    "migrations run here and in the release command: twice",
                    fix: "keep the release command"
                )
            ]
        }
        guard context.machines > 1, !locks(context) else { return [] }
        return [
            Finding(
                "B09",
                .error,
                at: first,
                found: code.found(first),
                "\(context.machines) machines migrate at once, and nothing makes them wait for one another",
                fix: "release_command, or pg_advisory_lock around it"
            )
        ]
    }

    static let createAll = Rule(
        "B10",
        .warning,
        "Tables are made at the start",
        why:
            "`create_all` makes tables that are missing and never changes one that is there, so the schema and the models "
            + "drift apart with the first change.",
        fix: "Migrations: Alembic for SQLAlchemy and SQLModel, aerich for Tortoise.",
        reference: "https://alembic.sqlalchemy.org/en/latest/autogenerate.html",
        exceptions: "Tests, scripts, functions that nothing of the app calls, demos on SQLite.",
        bad: [
            "main.py": """
            import os
            from fastapi import FastAPI
            from sqlmodel import SQLModel, create_engine

            app = FastAPI(openapi_url=None)
            engine = create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)
            SQLModel.metadata.create_all(engine)

            @app.get("/health")
            def health():
                return {}
            """
        ],
        good: [
            "main.py": """
            import os
            from fastapi import FastAPI
            from sqlmodel import SQLModel, create_engine

            app = FastAPI(openapi_url=None)
            engine = create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)
            # SQLModel.metadata.create_all(engine)

            @app.get("/health")
            def health():
                return {}
            """,
            "tests/conftest.py": "from sqlmodel import SQLModel\n\nSQLModel.metadata.create_all(None)\n",
        ],
        at: ["main.py:7"]
    ) { context in
        let code = context.code
        let engines = context.engines
        guard engines.isEmpty || !engines.allSatisfy(\.isSQLite) else { return [] }
        return code.web.flatMap { module in
            module.calls.filter { call in
                guard !call.inMainGuard, call.makesTables else { return false }
                return !code.isDevelopmentOnly(module.path, call.line)
                    && (call.scope.isEmpty || code.isUsed(CodeMap.Key(path: module.path, name: call.scope)))
            }.map { call in
                let place =
                    call["generate_schemas"] == nil
                    ? Place(module.path, call.line)
                    : code.place(of: "generate_schemas", in: AppCall(module: module, call: call))
                return Finding(
                    "B10",
                    .warning,
                    at: place,
                    found: code.found(place),
                    "tables are made when the app starts, and never changed",
                    fix: "migrations"
                )
            }
        }
    }

    static let syncSession = Rule(
        "B13",
        .warning,
        "A coroutine waits for the database on the event loop",
        why: "A synchronous session or driver in `async def` stops the whole process until the database has answered.",
        fix: "Make the handler a plain `def`, or use AsyncSession and an asynchronous driver.",
        reference: "https://fastapi.tiangolo.com/async/",
        exceptions: "Sessions handed to a thread: `run_in_threadpool`, `run_sync`.",
        bad: [
            "main.py": """
            from typing import Annotated
            from fastapi import Depends, FastAPI
            from sqlmodel import Session
            from db import session

            app = FastAPI(openapi_url=None)
            SessionDep = Annotated[Session, Depends(session)]

            @app.get("/health")
            def health():
                return {}

            @app.get("/users")
            async def users(db: SessionDep):
                return db.exec("select").all()
            """,
            "db.py": "def session():\n    yield None\n",
        ],
        good: [
            "main.py": """
            from fastapi import Depends, FastAPI
            from sqlalchemy.ext.asyncio import AsyncSession
            from sqlalchemy.orm import Session
            from db import session

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.get("/users")
            async def users(db: AsyncSession = Depends(session)):
                return (await db.execute("select")).all()

            @app.get("/old")
            def old(db: Session = Depends(session)):
                return db.execute("select").all()
            """,
            "db.py": "def session():\n    yield None\n",
        ],
        at: ["main.py:15"]
    ) { context in
        let code = context.code
        var found: [String: [(call: PythonCall, origin: String)]] = [:]
        for visit in context.requests.ordered where visit.isOnLoop {
            let first = code.calls(in: visit.key).first { SyncDatabase.blocks($0, at: visit.key, code) }
            if let first { found[visit.key.path, default: []].append((first, visit.origin)) }
        }
        return found.sorted { $0.key < $1.key }.compactMap { path, uses in
            guard let first = uses.min(by: { $0.call.line < $1.call.line }) else { return nil }
            let place = Place(path, first.call.line)
            let others = uses.count == 2 ? "does 1 more function" : "do \(uses.count - 1) more functions"
            let more = uses.count > 1 ? "; so \(others) of this file" : ""
            return Finding(
                "B13",
                .warning,
                at: place,
                found: code.found(place),
                "\(first.call.function) blocks the event loop for \(first.origin)\(more)",
                fix: "a plain def handler, or AsyncSession"
            )
        }
    }

    // MARK: - Private

    /// Whether what migrates takes a lock.
    private static func locks(_ context: AuditContext) -> Bool {
        let words = ["advisory_lock", "advisory_xact_lock", "GET_LOCK", "LOCK TABLE", "redlock", "flock"]
        return context.project.files.contains { path in
            let name = TreePath.name(of: path).lowercased()
            guard
                name == "env.py" || name.contains("migrat") || name.contains("prestart") || name.contains("entrypoint")
                    || name.hasSuffix(".sh")
            else {
                return false
            }
            guard let text = context.project.text(path) else { return false }
            return words.contains { TextSearch.contains(text, $0) }
        }
    }
}

/// Drivers and sessions that keep a thread waiting.
enum SyncDatabase {
    static func blocks(_ call: PythonCall, at key: CodeMap.Key, _ code: CodeMap) -> Bool {
        guard !call.isAwaited, !call.inLambda else { return false }
        if openers.contains(call.function) { return true }
        guard verbs.contains(call.method), let dot = call.function.lastIndex(of: ".") else { return false }
        let owner = String(call.function[..<dot])
        guard let type = code.typeName(of: owner, at: key) else { return false }
        if sessions.contains(type) { return true }
        guard type.hasSuffix("()") else { return false }
        // `db = SessionLocal()`, where `SessionLocal = sessionmaker(…)`
        let maker = code.followed(.name(String(type.dropLast(2))), at: key, line: call.line).value.call
        guard maker?.function == "sqlalchemy.orm.sessionmaker" || maker?.function == "sqlalchemy.orm.scoped_session"
        else { return false }
        return maker?["class_"] == nil
    }

    // MARK: - Private

    private static let sessions: Set<String> = [
        "sqlalchemy.orm.Session", "sqlmodel.Session", "sqlalchemy.orm.session.Session", "sqlmodel.Session()",
        "sqlalchemy.orm.Session()", "sqlmodel.orm.session.Session",
    ]

    private static let verbs: Set<String> = [
        "query", "execute", "commit", "scalars", "scalar", "get", "refresh", "exec", "flush", "merge", "rollback",
        "bulk_save_objects",
    ]

    private static let openers: Set<String> = [
        "psycopg2.connect", "sqlite3.connect", "pymysql.connect", "mysql.connector.connect", "MySQLdb.connect",
        "psycopg.connect",
    ]
}
