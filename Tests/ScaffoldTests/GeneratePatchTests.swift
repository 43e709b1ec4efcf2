import Foundation
import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Changes to code that are offered", .enabled(if: Command.find("python3") != nil, "no python3"))
struct GeneratePatchTests {
    @Test("each applies with patch, and gives Python that compiles", arguments: cases)
    func applies(_ row: Case) async throws {
        let patches = try await Self.patches(row)
        #expect(patches.map(\.title) == row.titles)
        for patch in patches {
            let folder = try ScratchFolder()
            for (path, text) in row.files { try folder.write(text, to: path) }
            let file = try folder.write(patch.diff, to: "change.patch")
            if Command.find("patch") != nil {
                let outcome = try await Command(
                    "patch",
                    ["-p1", "--binary", "-i", file],
                    workingDirectory: folder.path
                ).run()
                #expect(outcome.code == 0, "\(outcome.output)\(patch.diff)")
                let data = FileManager.default.contents(atPath: "\(folder.path)/\(patch.path)") ?? Data()
                #expect(Array(data) == Array(patch.text.utf8))
            }
            let compile = ["-I", "-c", "import sys; compile(sys.stdin.read(), 'x.py', 'exec')"]
            let compiled = try await Command("python3", compile, input: patch.text).run()
            #expect(compiled.code == 0, "\(compiled.error)\(patch.text)")
            #expect(!patch.rules.isEmpty)
        }
        for part in row.has {
            #expect(patches.contains { $0.text.contains(part) }, "\(part) in \(patches.map(\.text))")
        }
        for part in row.lacks { #expect(!patches.contains { $0.text.contains(part) }, "\(part)") }
    }

    @Test("none is offered twice: what was changed is left alone", arguments: cases)
    func once(_ row: Case) async throws {
        for patch in try await Self.patches(row) {
            var again = row
            again.files[patch.path] = patch.text
            again.change = { facts in
                row.change(&facts)
                if patch.title == "health routes" {
                    facts.health.live = "/healthz"
                    facts.health.ready = "/readyz"
                }
            }
            #expect(!(try await Self.patches(again)).contains { $0.title == patch.title && $0.path == patch.path })
        }
    }

    @Test("the health routes answer", .enabled(if: Validators.missing == nil, "\(Validators.missing ?? "")"))
    func answers() async throws {
        let folder = try ScratchFolder()
        for patch in try await Self.patches(Self.cases[0]) where patch.title != "no schema in production" {
            try folder.write(patch.text, to: patch.title == "health routes" ? "health.py" : "span.py")
        }
        // Without a database, to be sure that its being away is said.
        try folder.write("async def connect(*args, **kwargs):\n    raise OSError\n", to: "asyncpg.py")
        let script = """
            import os, sys
            sys.path.insert(0, sys.argv[1])
            os.environ["DATABASE_URL"] = "postgresql+asyncpg://nowhere/x"
            from fastapi.testclient import TestClient
            import health, span
            with TestClient(health.app) as client:
                print(client.get("/healthz").status_code, client.get("/readyz").status_code, client.get("/").json())
            with TestClient(span.app) as client:
                print(client.get("/").json())
            print(span.EVENTS)
            """
        let outcome = try await Validators.python(script, [folder.path])
        #expect(
            outcome.output == "200 503 {'hello': 'world'}\n{'hello': 'world'}\n['open', 'warm', 'close']\n",
            "\(outcome.error)"
        )
    }

    // MARK: - Cases

    struct Case: CustomStringConvertible, Sendable {
        var description: String
        var files: [String: String]
        var titles: [String]
        var has: [String] = []
        var lacks: [String] = []
        var change: @Sendable (inout Facts) -> Void = { _ in }
    }

    private static func patches(_ row: Case) async throws -> [CodePatch] {
        var facts = GoldenFacts.make()
        facts.health = Facts.Health()
        row.change(&facts)
        let project = Project(files: row.files)
        return CodePatch.offered(facts, project: project, python: try await PythonSources.read(project))
    }

    private static let schema = "no schema in production"
    private static let span = "lifespan instead of on_event"

    private static let cases: [Case] = [
        Case(
            description: "a plain app with handlers",
            files: ["app/main.py": plain],
            titles: ["health routes", schema, span],
            has: [
                #"app.add_route("/healthz", healthz, include_in_schema=False)"#,
                "await asyncio.wait_for(ping_database(), timeout=2)",
                #"openapi_url=None if os.environ.get("ENVIRONMENT") == "production" else "/openapi.json")"#,
                "async def lifespan(_: FastAPI) -> AsyncIterator[None]:\n    open_pool()\n    await warm()\n    try:\n",
                "    finally:\n        await close_pool()\n", #"app = FastAPI(title="x", lifespan=lifespan)"#,
            ]
        ),
        Case(
            description: "a factory with a call over several lines",
            files: ["app/main.py": factory],
            titles: ["health routes", schema],
            has: [
                "    @api.get(\"/\")", "    api.add_route(\"/healthz\", healthz, include_in_schema=False)\n",
                "        version=\"1\",  # of the API\n        openapi_url=None if os.environ.get(\"APP_ENV\")",
            ],
            change: { facts in
                facts.entry = Facts.Entry(kind: .factory, target: "app.main:create_app")
                facts.environment = [Facts.Variable("APP_ENV", isRequired: false, isSecret: false)]
            }
        ),
        Case(
            description: "CRLF, no end of the last line, a docstring and a future import",
            files: [
                "app/main.py":
                    "\"\"\"The app.\"\"\"\r\nfrom __future__ import annotations\r\n\r\nimport fastapi\r\n\r\napp = fastapi.FastAPI()"
            ],
            titles: ["health routes", schema],
            has: [
                "annotations\r\n\r\nimport os\r\nimport psycopg2\r\n",
                "def readyz(request: Request) -> JSONResponse:\r\n",
            ],
            lacks: ["asyncio", "async def readyz"],
            change: { $0.database?.driver = "psycopg2" }
        ),
        Case(
            description: "health routes that are there, and a schema that is guarded",
            files: ["app/main.py": "from fastapi import FastAPI\n\napp = FastAPI(**settings)\n"],
            titles: [],
            change: { facts in
                facts.health.live = "/live"
                facts.health.ready = "/ready"
            }
        ),
        Case(
            description: "an app that a function of another module makes",
            files: [
                "app/main.py": "from app.factory import make\n\napp = make()\n",
                "app/factory.py":
                    "from fastapi import FastAPI\n\n\ndef make():\n    api = FastAPI()\n    return api\n",
            ],
            titles: ["health routes", schema],
            has: ["    api.add_route(\"/healthz\", healthz, include_in_schema=False)\n"],
            lacks: ["app = make()"]
        ),
        Case(
            description: "handlers that can't be moved",
            files: [
                "app/main.py":
                    "from fastapi import FastAPI\n\napp = FastAPI(openapi_url=None)\n\n\n@app.on_event(\"startup\")\ndef a():\n    pass\n",
                "app/other.py": "from app.main import app\n\n\n@app.on_event(\"startup\")\ndef b():\n    pass\n",
            ],
            titles: ["health routes"]
        ),
        Case(
            description: "origins split at commas",
            files: ["app/main.py": "", "app/settings.py": origins],
            titles: ["origins without blanks"],
            has: [
                #"ORIGINS = [part.strip() for part in os.environ["ORIGINS"].split(",") if part.strip()]"#,
                #"allow_origins=[part.strip() for part in os.getenv("CORS_ORIGINS", "").split(",") if part.strip()],"#,
                #"names = os.environ["NAMES"].split(",")"#, #"[o.strip() for o in os.environ["ORIGINS"].split(",")]"#,
                #"    return [part.strip() for part in self.cors_origins.lower().split(",") if part.strip()]"#,
            ]
        ),
        Case(
            description: "Alembic's own env.py",
            files: ["app/main.py": "", "alembic/env.py": alembic],
            titles: ["a lock around migrations"],
            has: [
                "        with context.begin_transaction():\n            # Whoever comes second waits here until the first is done.\n"
                    + "            context.execute(\"SELECT pg_advisory_xact_lock("
            ]
        ),
        Case(
            description: "Alembic on MySQL",
            files: ["app/main.py": "", "alembic/env.py": alembic],
            titles: ["a lock around migrations"],
            has: ["GET_LOCK('roost-migrate-"],
            change: { $0.database?.engine = .mysql }
        ),
        Case(
            description: "Alembic on SQLite",
            files: ["alembic/env.py": alembic],
            titles: [],
            change: { $0.database?.engine = .sqlite }
        ),
        Case(
            description: "Python that does not parse",
            files: ["app/main.py": "from fastapi import FastAPI\napp = FastAPI(\n"],
            titles: []
        ),
        Case(
            description: "other drivers",
            files: ["app/main.py": plain],
            titles: ["health routes", schema, span],
            has: ["psycopg.AsyncConnection"],
            change: { $0.database?.driver = "psycopg" }
        ),
        Case(
            description: "MySQL",
            files: ["app/main.py": plain],
            titles: ["health routes", schema, span],
            has: ["pymysql.connect("],
            change: { facts in
                facts.database?.engine = .mysql
                facts.database?.driver = "aiomysql"
            }
        ),
        Case(
            description: "MongoDB",
            files: ["app/main.py": plain],
            titles: ["health routes", schema, span],
            has: ["MongoClient(os.environ["],
            change: { $0.database?.engine = .mongodb }
        ),
        Case(
            description: "no database",
            files: ["app/main.py": plain],
            titles: ["health routes", schema, span],
            lacks: ["readyz"],
            change: { $0.database = nil }
        ),
    ]

    private static let plain = """
        from fastapi import FastAPI

        EVENTS = []

        # The app itself.
        app = FastAPI(title="x")


        @app.on_event("startup")
        def open_pool():
            EVENTS.append("open")


        @app.on_event(
            "startup"
        )
        async def warm():
            EVENTS.append("warm")


        @app.on_event("shutdown")
        async def close_pool():
            EVENTS.append("close")


        @app.get("/")
        def hello():
            return {"hello": "world"}

        """

    private static let factory = """
        import os
        from fastapi import FastAPI


        def create_app() -> FastAPI:
            \"\"\"Makes it.\"\"\"
            api = FastAPI(
                title="x (y",
                version="1"  # of the API
            )

            @api.get("/")
            def hello():
                return {}

            return api

        """

    private static let origins = """
        import os

        from fastapi.middleware.cors import CORSMiddleware

        ORIGINS = os.environ["ORIGINS"].split(",")
        names = os.environ["NAMES"].split(",")
        done = [o.strip() for o in os.environ["ORIGINS"].split(",")]


        def add(app):
            app.add_middleware(
                CORSMiddleware,
                allow_origins=os.getenv("CORS_ORIGINS", "").split(","),
            )


        class Settings:
            def origins(self):
                return self.cors_origins.lower().split(",")

        """

    private static let alembic = """
        from alembic import context


        def run_migrations_offline():
            context.configure(url="x", literal_binds=True)

            with context.begin_transaction():
                context.run_migrations()


        def run_migrations_online():
            with connectable.connect() as connection:
                context.configure(connection=connection)

                with context.begin_transaction():
                    context.run_migrations()


        run_migrations_online()

        """
}
