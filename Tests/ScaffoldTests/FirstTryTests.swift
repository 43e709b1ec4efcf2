import Model
import Testing
import Toolkit

@testable import Scaffold

/// A folder of texts, as a scan and as a launch see it.
enum FirstTry {
    static func scan(_ files: [String: String]) async throws -> ScanResult {
        try await Scan.run(Project(files: files))
    }

    static func plan(_ files: [String: String], hasDatabase: Bool = false) async throws -> LaunchPlan {
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
}

/// Shapes that kept unread projects from coming up, and what launch makes of them now.
@Suite("What a first try meets")
struct FirstTryTests {
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
        let plan = try await FirstTry.plan(Self.inventory(address))
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
        let plan = try await FirstTry.plan(files, hasDatabase: true)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(!text.contains("[[mounts]]") && !text.contains("sqlite"), "\(text)")
        // And a later launch takes nothing back.
        let again = try await FirstTry.plan(files.merging(["fly.toml": text]) { $1 })
        #expect(again.offers.allSatisfy { $0.path != "fly.toml" }, "\(again.offers)")
        let scan = try await FirstTry.scan(files)
        #expect(TryoutPlan.givesDatabase(try TryoutSelection("postgres,redis"), scan))
        #expect(TryoutPlan.givesDatabase(.auto, scan))
        #expect(!TryoutPlan.givesDatabase(try TryoutSelection("redis"), scan))
    }

    @Test(
        "no file stands in where the app goes to a server by default, or ends without an address",
        arguments: [
            #"URL = os.getenv("DATABASE_URL", "postgresql://localhost/shop")\#nOTHER = "sqlite:///./x.db""#,
            #"URL = os.environ["DATABASE_URL"]\#nOTHER = "sqlite:///./x.db""#,
            "URL = os.environ.get(\"DATABASE_URL\")\n\n\n\n\n\n\n\ndef trial():\n    return create_engine(\"sqlite:///./x.db\")",
        ]
    )
    func noStandIn(address: String) async throws {
        let facts = try await FirstTry.scan(Self.inventory(address)).facts
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
        let scan = try await FirstTry.scan(files)
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
        // Each name of a host is given the host, and no whole address.
        for end in ["HOST", "HOSTNAME", "SERVER", "IP"] {
            #expect(ServicePart(.redis, "REDIS_\(end)") == .host && DatabasePart("DB_\(end)") == .host, "\(end)")
        }
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
            return LaunchSample.created("fly.toml", try await FirstTry.plan(files))
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
        for line in [
            "--mount=type=bind,source=.,target=/src pip install /src", "pip install git+https://example.com/x",
        ] {
            let installed = try await text(head + "RUN \(line)\n" + start)
            #expect(!installed.contains("leaves the app"), "\(line)")
        }
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
        let text = LaunchSample.created("fly.toml", try await FirstTry.plan(files))
        #expect(text.contains("Dockerfile:7 leaves the app's code out"), "\(text)")
    }

    @Test("an image that builds a front end is not done without, whatever it is based on")
    func frontEnd() async throws {
        let dockerfile = "FROM team/python-nodejs:3.12\nWORKDIR /app\nCOPY . .\nRUN npm install && npm run build\n"
        let files = Self.package.merging(["Dockerfile": dockerfile]) { $1 }
        let scan = try await FirstTry.scan(files)
        #expect(!BuildWay.canDoWithout("Dockerfile", scan))
    }
}
