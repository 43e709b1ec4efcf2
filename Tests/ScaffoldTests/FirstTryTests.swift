import Model
import Testing
import Toolkit

@testable import Scaffold

/// Shapes that kept unread projects from coming up, and what launch makes of them now.
@Suite("What a first try meets")
struct FirstTryTests {
    private static func scan(_ files: [String: String]) async throws -> ScanResult {
        try await Scan.run(Project(files: files))
    }

    private static func plan(_ files: [String: String], hasDatabase: Bool = false) async throws -> LaunchPlan {
        let scan = try await scan(files)
        var options = LaunchOptions()
        options.hasDatabase = hasDatabase
        return LaunchPlan.make(
            scan.facts,
            project: scan.context.project,
            python: scan.context.python,
            options: options
        )
    }

    // MARK: - A database that nobody gives

    private static func inventory(_ address: String) -> [String: String] {
        [
            "requirements.txt": "fastapi\nuvicorn\nsqlalchemy\npsycopg2-binary\n",
            "main.py": "from fastapi import FastAPI\nimport database\napp = FastAPI()\n",
            "database.py": """
            import os
            from sqlalchemy import create_engine
            \(address)
            if URL.startswith("postgres://"):
                URL = URL.replace("postgres://", "postgresql://", 1)
            engine = create_engine(URL)

            """,
        ]
    }

    @Test(
        "SQLite that stands in for PostgreSQL lies where it may be written, and is told",
        arguments: [
            #"URL = os.getenv("DATABASE_URL", "sqlite:///./inventory.db")"#,
            #"URL = os.environ.get("DATABASE_URL") or "sqlite:///./inventory.db""#,
            "URL = os.environ.get(\"DATABASE_URL\", \"\")\nif not URL:\n    URL = \"sqlite:///./inventory.db\"",
        ]
    )
    func standIn(address: String) async throws {
        let plan = try await Self.plan(Self.inventory(address))
        #expect(plan.facts.database?.engine == .postgresql)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains(#"DATABASE_URL = "sqlite:////data/inventory.db""#), "\(text)")
        #expect(text.contains(#"destination = "/data""#), "\(text)")
        #expect(plan.notes.contains { $0.hasPrefix("without DATABASE_URL") && $0.contains("SQLite (database.py:") })
        #expect(plan.notes.contains { $0.contains("--with postgres") && $0.contains("roost secrets set DATABASE_URL") })
        #expect(!plan.needed.contains { $0.hasPrefix("DATABASE_URL") }, "\(plan.needed)")
    }

    @Test("with a database of its own there is no file, and no volume for one")
    func given() async throws {
        let files = Self.inventory(#"URL = os.getenv("DATABASE_URL", "sqlite:///./inventory.db")"#)
        let plan = try await Self.plan(files, hasDatabase: true)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(!text.contains("[[mounts]]") && !text.contains("sqlite"), "\(text)")
        // And a later launch takes nothing back.
        let again = try await Self.plan(files.merging(["fly.toml": text]) { $1 })
        #expect(again.offers.allSatisfy { $0.path != "fly.toml" }, "\(again.offers)")
        let scan = try await Self.scan(files)
        #expect(TryoutPlan.givesDatabase(try TryoutSelection("postgres,redis"), scan))
        #expect(TryoutPlan.givesDatabase(.auto, scan))
        #expect(!TryoutPlan.givesDatabase(try TryoutSelection("redis"), scan))
    }

    @Test(
        "no file stands in where the app goes to a server by default, or ends without an address",
        arguments: [
            #"URL = os.getenv("DATABASE_URL", "postgresql://localhost/shop")\#nOTHER = "sqlite:///./x.db""#,
            #"URL = os.environ["DATABASE_URL"]\#nOTHER = "sqlite:///./x.db""#,
        ]
    )
    func noStandIn(address: String) async throws {
        let facts = try await Self.scan(Self.inventory(address)).facts
        #expect(facts.database != nil && facts.database?.fallback == nil)
    }

    // MARK: - Parts of addresses

    @Test("nested parts of addresses lead to throw-aways, whatever the broker's setting is called")
    func nested() async throws {
        let settings = """
            from pydantic import BaseModel
            from pydantic_settings import BaseSettings, SettingsConfigDict
            import aio_pika
            import redis
            import asyncpg

            class Database(BaseModel):
                host: str
                port: int
                username: str
                password: str
                name: str

            class Broker(BaseModel):
                host: str
                port: str
                username: str
                password: str
                vhost: str

            class Cache(BaseModel):
                host: str
                port: int
                db: int

            class Settings(BaseSettings):
                db: Database
                broker: Broker
                redis: Cache
                jwt: Broker
                model_config = SettingsConfigDict(env_nested_delimiter="__")

            settings = Settings()
            """
        let files = [
            "requirements.txt": "fastapi\nasyncpg\naio-pika\nredis\npydantic-settings\n",
            "main.py": "from fastapi import FastAPI\nimport settings\napp = FastAPI()\n", "settings.py": settings,
        ]
        let scan = try await Self.scan(files)
        let selection = try TryoutSelection("postgres,rabbitmq,redis")
        let plan = try TryoutPlan(selection, scan.context, facts: scan.facts, app: "x")
        let forms = plan.wishes.map { wish in
            Dictionary(uniqueKeysWithValues: wish.connections.map { ($0.variable, $0.form.text) })
        }
        #expect(
            forms.first == [
                "DB__HOST": "{host}", "DB__PORT": "{port}", "DB__USERNAME": "{user}", "DB__PASSWORD": "{password}",
                "DB__NAME": "{database}",
            ]
        )
        #expect(
            forms.dropFirst().first == [
                "BROKER__HOST": "{host}", "BROKER__PORT": "{port}", "BROKER__USERNAME": "{user}",
                "BROKER__PASSWORD": "{password}", "BROKER__VHOST": "/",
            ]
        )
        #expect(forms.last == ["REDIS__HOST": "{host}", "REDIS__PORT": "{port}", "REDIS__DB": "0"])
        for wish in plan.wishes { #expect(throws: Never.self) { try wish.check() } }
    }

    @Test("a part is the broker's that is there, and another family's is nobody's")
    func roles() {
        #expect(ServicePart.role("BROKER__HOST", among: [.rabbitmq, .redis]) == .rabbitmq)
        #expect(ServicePart.role("TASKIQ_BROKER_PORT", among: [.redis]) == .redis)
        #expect(ServicePart.role("CACHE__HOST", among: [.memcached]) == .memcached)
        #expect(ServicePart.role("KAFKA_BROKER_HOST", among: [.rabbitmq]) == nil)
        #expect(ServicePart.role("QUEUE_NAME", among: [.rabbitmq]) == nil)
        #expect(ConnectionForms.isDatabaseURL("APP__DATABASE__URL"))
    }

    // MARK: - Images without the code

    private static let package = [
        "requirements.txt": LaunchSample.needs, "src/main.py": "from api import routes\n" + LaunchSample.app,
        "src/api/__init__.py": "", "src/api/routes.py": "X = 1\n",
    ]

    @Test("an image that the code does not come into is not built; with it, it is")
    func noCode() async throws {
        let head = "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
        let compose = """
            services:
              web:
                build: .
                command: uvicorn main:app --host 0.0.0.0
                working_dir: /app/src
                volumes:
                  - .:/app
            """
        func text(_ dockerfile: String) async throws -> String {
            let files = Self.package.merging(["Dockerfile": dockerfile, "docker-compose.yml": compose]) { $1 }
            return LaunchSample.created("fly.toml", try await Self.plan(files))
        }
        let none = try await text(head)
        #expect(none.contains(#"builder = "python""#), "\(none)")
        #expect(none.contains("Dockerfile:1 leaves the app's code out of its image (docker-compose.yml:7 mounts it)"))
        let start = "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n"
        let whole = try await text(head + "COPY src/ ./\n" + start)
        #expect(whole.contains("dockerfile = \"Dockerfile\""), "\(whole)")
        let flat = try await text(head + "COPY src/* ./\n" + start)
        #expect(flat.contains("Dockerfile:5 leaves the app's code in one folder"), "\(flat)")
        // What is fetched, or comes with an image that nobody here knows, can't be told.
        let cloned = try await text(head + "RUN git clone https://example.com/x.git /app\n" + start)
        let based = try await text(head.replacing("python:3.12", with: "example.com/team/shop:1") + start)
        #expect(!cloned.contains("leaves the app") && !based.contains("leaves the app"))
    }

    @Test("a stage for production that copies the packages alone has no code")
    func stage() async throws {
        let files = Self.package.merging([
            "Dockerfile": """
            FROM python:3.12 AS builder
            COPY requirements.txt .
            RUN pip install --prefix /packages -r requirements.txt
            FROM python:3.12 AS dev
            COPY --from=builder /packages /usr/local
            COPY . /app
            FROM python:3.12-slim AS production
            COPY --from=builder /packages /usr/local
            WORKDIR /app/src
            CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
            """
        ]) { $1 }
        let text = LaunchSample.created("fly.toml", try await Self.plan(files))
        #expect(text.contains("Dockerfile:7 leaves the app's code out"), "\(text)")
    }

    // MARK: - Migrations

    private static func migrated(_ script: String, ini: String = "", settings: String = "") -> [String: String] {
        [
            "requirements.txt": "fastapi\nuvicorn\nsqlalchemy\nalembic\nasyncpg\npsycopg2-binary\npydantic-settings\n",
            "main.py": LaunchSample.app + "import db\n",
            "db.py": "from sqlalchemy.ext.asyncio import create_async_engine\nfrom settings import settings\n"
                + "engine = create_async_engine(settings.DATABASE_URL)\n",
            "settings.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n"
                + "    DATABASE_URL: str\n\(settings)settings = Settings()\n",
            "alembic.ini": "[alembic]\nscript_location = migrations\n\(ini)",
            "migrations/env.py": script, "migrations/versions/1_a.py": "revision = \"1\"\ndown_revision = None\n",
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
                + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
        ]
    }

    private static func release(_ files: [String: String]) async throws -> String {
        let text = LaunchSample.created("fly.toml", try await plan(files))
        return text.split(separator: "\n").first { $0.contains("release_command =") }.map(String.init) ?? text
    }

    private static let blocking = """
        from alembic import context
        from sqlalchemy import engine_from_config
        from settings import settings
        context.config.set_main_option("sqlalchemy.url", settings.DATABASE_URL)
        engine = engine_from_config(context.config.get_section("alembic"))

        """

    private static let awaiting = blocking.replacing("engine_from_config", with: "async_engine_from_config")
        .replacing("from sqlalchemy import", with: "from sqlalchemy.ext.asyncio import")

    @Test("Alembic finds the modules beside its configuration in an image that has them on no path")
    func path() async throws {
        let bare = try await Self.release(Self.migrated(Self.awaiting))
        #expect(bare.contains(#""env PYTHONPATH=. alembic upgrade head""#), "\(bare)")
        let prepended = try await Self.release(Self.migrated(Self.awaiting, ini: "prepend_sys_path = .\n"))
        #expect(prepended.contains(#""alembic upgrade head""#), "\(prepended)")
        let own = try await Self.release(Self.migrated("import sys\nsys.path.append('.')\n" + Self.awaiting))
        #expect(own.contains(#""alembic upgrade head""#), "\(own)")
        var files = Self.migrated(Self.awaiting)
        files["Dockerfile"]?.replace("WORKDIR", with: "ENV PYTHONPATH=/app/lib\nWORKDIR")
        #expect(try await Self.release(files).contains("PYTHONPATH=.:/app/lib "))
        files["Dockerfile"]?.replace("[\"uvicorn\"", with: "[\"uv\", \"run\", \"uvicorn\"")
        let wrapped = try await Self.release(files)
        #expect(wrapped.contains("uv run env PYTHONPATH=.:/app/lib alembic"), "\(wrapped)")
    }

    @Test("a blocking script gets the address in its form, and the app keeps its own")
    func blockingScript() async throws {
        let path = "prepend_sys_path = .\n"
        let release = try await Self.release(Self.migrated(Self.blocking, ini: path))
        #expect(release.contains("s/^postgres[a-z0-9+]*:/postgresql:/"), "\(release)")
        #expect(release.contains("export DATABASE_URL; exec alembic upgrade head"), "\(release)")
        #expect(try await !Self.release(Self.migrated(Self.awaiting, ini: path)).contains("sed"))
        // Who changes the address itself is left alone.
        let property = """
                @property
                def plain(self):
                    return self.DATABASE_URL.replace("+asyncpg", "")

            """
        let changed = Self.migrated(
            Self.blocking.replacing("settings.DATABASE_URL", with: "settings.plain"),
            ini: path,
            settings: property
        )
        #expect(try await !Self.release(changed).contains("sed"))
        // Towards the app is not away from it: the script still gets what was given.
        let towards = property.replacing(
            "\"+asyncpg\", \"\"",
            with: "\"postgresql://\", \"postgresql+asyncpg://\""
        )
        let given = Self.migrated(Self.blocking, ini: path, settings: towards)
        #expect(try await Self.release(given).contains("sed"))
    }

    @Test("the script that takes a lock first does the same, and the shell's line is one that a shell reads")
    func scheme() async throws {
        var files = Self.migrated(Self.blocking)
        files["Dockerfile"] = nil
        let plan = try await Self.plan(files)
        let script = LaunchSample.created("migrate.py", plan)
        #expect(script.contains(#"url = re.sub(r"^postgres[a-z0-9+]*:", "postgresql:", url)"#), "\(script)")
        #expect(script.contains("import re\n"))
        #expect(LaunchSample.created("fly.toml", plan).contains("python migrate.py"))
        var facts = Facts()
        facts.database = .init(.mysql)
        facts.database?.variable = "DB_URL"
        facts.database?.driver = "pymysql"
        facts.migrations = .init(.alembic, command: ["alembic", "upgrade", "head"])
        facts.migrations?.opening = .awaiting
        #expect(MigrationScheme(facts) == nil, "no driver that awaits")
        facts.dependencies = [.init("aiomysql")]
        let words = MigrationScheme(facts)?.wrapped(["sh", "-c", "cd x && exec alembic upgrade head"])
        #expect(
            words == [
                "sh", "-c",
                #"DB_URL="$(printf %s "$DB_URL" | sed "s/^mysql[a-z0-9+]*:/mysql+aiomysql:/")"; export DB_URL; "#
                    + "cd x && exec alembic upgrade head",
            ]
        )
    }

    @Test("an address that is for migrations alone has their form")
    func ownVariable() async throws {
        var files = Self.migrated(Self.blocking.replacing("settings.DATABASE_URL", with: "os.environ['ALEMBIC_DB_URL']"))
        files["migrations/env.py"] = "import os\n" + (files["migrations/env.py"] ?? "")
        files["settings.py"]?.replace("    DATABASE_URL: str\n", with: "    DATABASE_URL: str\n    ALEMBIC_DB_URL: str\n")
        let scan = try await Self.scan(files)
        let wish = try TryoutPlan(.named([.init(.postgres)]), scan.context, facts: scan.facts, app: "x").wishes.first
        let forms = wish.map { Dictionary(uniqueKeysWithValues: $0.connections.map { ($0.variable, $0.form.text) }) }
        #expect(forms?["DATABASE_URL"]?.hasPrefix("postgresql+asyncpg://") == true, "\(String(describing: forms))")
        #expect(forms?["ALEMBIC_DB_URL"]?.hasPrefix("postgresql://") == true, "\(String(describing: forms))")
    }

    @Test("no folder goes on the path for a module of Python's own, nor one that would hide such modules")
    func library() async throws {
        var files = Self.migrated("import logging\nfrom models import Base\n" + Self.awaiting, ini: "prepend_sys_path = .\n")
        files["app/logging.py"] = ""
        files["src/models.py"] = "Base = 1\n"
        #expect(try await Self.release(files).contains("env PYTHONPATH=src alembic"))
        files["src/types.py"] = ""
        #expect(try await Self.release(files).contains(#""alembic upgrade head""#))
    }

    @Test("revisions that change tables which none of them makes are not run on an empty database")
    func missingTables() async throws {
        func release(_ upgrade: String, _ more: String = "") async throws -> String {
            var files = Self.migrated(Self.awaiting, ini: "prepend_sys_path = .\n")
            files["migrations/versions/1_a.py"] =
                "revision = \"1\"\ndown_revision = None\ndef upgrade():\n    \(upgrade)\ndef downgrade():\n    op.drop_table('x')\n"
            files["migrations/versions/2_b.py"] =
                "revision = \"2\"\ndown_revision = \"1\"\ndef upgrade():\n    pass\n    \(more)\n"
            let plan = try await Self.plan(files)
            let isTold = plan.notes.contains { $0.contains("1_a.py:4 changes a table that no revision makes") }
            return LaunchSample.created("fly.toml", plan).contains("release_command =") ? "run" : isTold ? "told" : ""
        }
        #expect(try await release("op.add_column('sales', sa.Column('x'))") == "told")
        #expect(try await release("op.create_index(op.f('ix_a'), 'sales', ['x'])") == "told")
        #expect(try await release("op.add_column('sales', sa.Column('x'))", "op.create_table(\n        'sales',") == "run")
        #expect(try await release("op.add_column('sales', sa.Column('x'))", "op.execute('CREATE TABLE sales ()')") == "run")
        #expect(try await release("op.create_table('sales')") == "run")
    }

    @Test("an image that builds a front end is not done without, whatever it is based on")
    func frontEnd() async throws {
        let dockerfile = "FROM team/python-nodejs:3.12\nWORKDIR /app\nCOPY . .\nRUN npm install && npm run build\n"
        let files = Self.package.merging(["Dockerfile": dockerfile]) { $1 }
        let scan = try await Self.scan(files)
        #expect(!BuildWay.canDoWithout("Dockerfile", scan))
    }

    // MARK: - What the code reads and writes

    @Test("a function that reads the variable it is given the name of")
    func helpers() async throws {
        let facts = try await Self.scan([
            "requirements.txt": LaunchSample.needs,
            "config.py": """
            import os
            def need(key):
                value = os.getenv(key)
                if not value:
                    raise ValueError(key)
                return value
            def either(key, default=None):
                return os.environ.get(key, default)
            class Reader:
                def read(self, name):
                    return os.getenv(name, "none")
            KEY = need("SECRET_TOKEN")
            def load():
                return either("PLACE", "here"), either("OTHER"), Reader().read("THIRD"), need(str(1))

            """,
            "main.py": "from config import need\n" + LaunchSample.app + "PORT = need(key=\"FOURTH\")\n",
        ]).facts
        let found = Dictionary(uniqueKeysWithValues: facts.environment.map { ($0.name, $0) })
        #expect(found.keys.sorted() == ["FOURTH", "OTHER", "PLACE", "SECRET_TOKEN", "THIRD"])
        #expect(found["SECRET_TOKEN"]?.isRequired == true && found["FOURTH"]?.isRequired == true)
        #expect(found["PLACE"]?.defaultValue == "here" && found["THIRD"]?.isRequired == false)
    }

    @Test("a path that is filled into a text")
    func filledPaths() async throws {
        let facts = try await Self.scan([
            "requirements.txt": LaunchSample.needs,
            "app/__init__.py": "", "app/core/__init__.py": "",
            "app/core/config.py": "from pathlib import Path\nclass Config:\n"
                + "    ROOT = '%s' % Path(__file__).parent.parent\n    MEDIA = '%s/%s' % (ROOT, 'media/images')\n",
            "app/main.py": "import os\nfrom app.core.config import Config\n" + LaunchSample.app
                + "os.makedirs(f'{Config.ROOT}/logs', exist_ok=True)\nos.makedirs(Config.MEDIA, exist_ok=True)\n",
        ]).facts
        #expect(facts.writePaths == ["app/logs", "app/media/images"])
    }

    // MARK: - Others

    @Test(
        "checks ask for a host that the app answers to",
        arguments: [
            (#"["shop.example", "localhost"]"#, "shop.example"), (#"["*.shop.example"]"#, "www.shop.example"),
            (#"["*"]"#, nil), ("settings.ALLOWED_HOSTS", "api.shop.example"),
        ] as [(String, String?)]
    )
    func hosts(list: String, host: String?) async throws {
        let plan = try await Self.plan([
            "requirements.txt": LaunchSample.needs + "pydantic-settings\n",
            "settings.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n"
                + "    ALLOWED_HOSTS: list[str] = [\"api.shop.example\"]\nsettings = Settings()\n",
            "main.py": "from settings import settings\n" + LaunchSample.app
                + "from starlette.middleware.trustedhost import TrustedHostMiddleware\n"
                + "app.add_middleware(TrustedHostMiddleware, allowed_hosts=\(list))\n"
                + "@app.get(\"/health\")\ndef health(): return {}\n",
        ])
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("headers = { Host = ") == (host != nil), "\(text)")
        #expect(plan.notes.contains { $0.contains("TrustedHostMiddleware") } == (host != nil))
        if let host {
            #expect(text.contains(#"headers = { Host = "\#(host)" }"#), "\(text)")
            let root = try ConfigFormat(path: "fly.toml").parse(Array(text.utf8), file: "fly.toml")
            let config = try AppConfig.read(root, file: "fly.toml", regions: []).config
            #expect(config.httpService?.settings.checks.first?.headers == ["Host": host])
        }
    }

    @Test("a key whose default everybody can read is told, and one that the code makes is not")
    func publicDefaults() async throws {
        let plan = try await Self.plan([
            "requirements.txt": LaunchSample.needs,
            "main.py": LaunchSample.app + "import os, secrets\n"
                + "KEY = os.getenv(\"SECRET_KEY\", \"CHANGE_ME\")\n"
                + "JWT = os.getenv(\"JWT_SECRET\", \"9f86d081884c7d659a2feaa0c55ad015\")\n"
                + "API = os.getenv(\"API_KEY\", \"\")\n",
        ])
        let notes = plan.notes.filter { $0.contains("whoever reads the code") }
        #expect(notes.count == 1 && notes[0].contains("SECRET_KEY (main.py:") && !notes[0].contains("JWT_SECRET"))
        #expect(!notes[0].contains("API_KEY") && !notes[0].contains("CHANGE_ME"))
    }

    @Test("what a module does as a program of its own says less than what the app does")
    func mainGuard() async throws {
        let facts = try await Self.scan([
            "requirements.txt": "fastapi\nsqlalchemy\n",
            "main.py": LaunchSample.app + "import db\n",
            "db.py": "from sqlalchemy import create_engine\nengine = create_engine(\"sqlite:///./app.db\")\n"
                + "if __name__ == \"__main__\":\n    engine = create_engine(\"sqlite:///./trial.db\")\n",
        ]).facts
        #expect(facts.database?.file == "./app.db")
    }

    @Test("a form of which a file is kept is an upload, and one that signs in is none")
    func forms() async throws {
        func uploads(_ body: String) async throws -> Bool {
            try await Self.scan([
                "requirements.txt": LaunchSample.needs,
                "main.py": "from fastapi import Request\n" + LaunchSample.app
                    + "@app.post(\"/x\")\nasync def take(request: Request):\n    form = await request.form()\n\(body)",
            ]).facts.traits.uploads
        }
        let keeps = "    with open(\"uploads/x\", \"wb\") as file:\n        file.write(await form[\"file\"].read())\n"
        #expect(try await uploads(keeps))
        #expect(try await !uploads("    return form[\"user\"]\n"))
    }

    @Test("no volume goes over files that the project has; over pictures and its own database it may")
    func overFiles() async throws {
        func plan(_ more: [String: String]) async throws -> LaunchPlan {
            try await Self.plan(
                [
                    "requirements.txt": "fastapi\nsqlalchemy\n",
                    "main.py": LaunchSample.app + "from sqlalchemy import create_engine\n"
                        + "engine = create_engine(\"sqlite:///./data/app.db\")\n",
                ].merging(more) { $1 }
            )
        }
        let seeded = try await plan(["data/cities.json": "[]"])
        #expect(!LaunchSample.created("fly.toml", seeded).contains("[[mounts]]"))
        let own = try await plan(["data/app.db": "x", "data/logo.png": "x", "data/.gitkeep": ""])
        #expect(LaunchSample.created("fly.toml", own).contains("destination = \"/app/data\""))
    }

    @Test("what the image sets itself is not asked for")
    func imageVariables() async throws {
        let files = [
            "requirements.txt": LaunchSample.needs,
            "main.py": "import os\nPLACE = os.environ[\"PLACE\"]\nOTHER = os.environ[\"OTHER\"]\n" + LaunchSample.app,
            "Dockerfile": "FROM python:3.12\nENV PLACE=here\nWORKDIR /app\nCOPY . .\n"
                + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
        ]
        let needed = try await Self.plan(files).needed
        #expect(needed.contains("OTHER") && !needed.contains("PLACE"), "\(needed)")
    }

    @Test("what the code has no value for is as the Compose file for production has it, unless that is nobody's business")
    func composeValues() async throws {
        let files = [
            "requirements.txt": LaunchSample.needs,
            "main.py": "import os\n" + LaunchSample.app + "A = os.environ[\"ALGORITHM\"]\nB = os.getenv(\"STORE\", None)\n"
                + "C = os.getenv(\"MODE\", \"x\")\nD = os.environ[\"API_TOKEN\"]\nE = os.environ[\"SITE\"]\n"
                + "F = os.environ[\"LEVEL\"]\n",
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\n"
                + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
            "docker-compose.yml": """
            services:
              web:
                build: .
                environment:
                  ALGORITHM: HS256
                  STORE: local
                  MODE: y
                  API_TOKEN: abcdef
                  SITE: https://shop.example
                  LEVEL: ${LEVEL}
            """,
        ]
        let plan = try await Self.plan(files)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("ALGORITHM = \"HS256\"") && text.contains("STORE = \"local\""), "\(text)")
        #expect(!text.contains("MODE") && !text.contains("API_TOKEN") && !text.contains("SITE") && !text.contains("LEVEL"))
        #expect(plan.notes.contains("ALGORITHM in [env] is what docker-compose.yml:5 has"), "\(plan.notes)")
        #expect(!plan.needed.contains("ALGORITHM") && plan.needed.contains("SITE"), "\(plan.needed)")
        let aside = files.merging(["docker-compose.yml": "", "docker-compose.dev.yml": files["docker-compose.yml"] ?? ""]) { $1 }
        #expect(!LaunchSample.created("fly.toml", try await Self.plan(aside)).contains("ALGORITHM"))
    }

    @Test("of two factories the one is served that calls the other")
    func factories() async throws {
        let facts = try await Self.scan([
            "requirements.txt": LaunchSample.needs,
            "app/__init__.py": "",
            "app/base.py": "from fastapi import FastAPI\ndef create_app():\n    return FastAPI()\n",
            "app/service.py": "from app.base import create_app\ndef build_service():\n    app = create_app()\n"
                + "    app.title = \"x\"\n    return app\n",
        ]).facts
        #expect(facts.entry?.target == "app.service:build_service", "\(String(describing: facts.entry))")
    }
}
