import Testing

@testable import Scaffold

/// Shapes of projects that were met in the wild and told wrongly at first.
@Suite("Projects that nobody here had read")
struct UnreadProjectTests {
    private static let migrated = [
        "requirements.txt": "fastapi\nuvicorn\npydantic-settings\nsqlalchemy\nalembic\npsycopg2-binary\n",
        "main.py": LaunchSample.app + "from sqlalchemy import create_engine\nfrom config import settings\n"
            + "engine = create_engine(settings.database_url)\n",
        "config.py": """
        import os, sys
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            database_url: str
            secret: str = "dev"
        settings = Settings()
        def validate_production():
            if os.getenv("ENVIRONMENT", "development") == "production":
                if settings.secret == "dev":
                    sys.exit(1)
        validate_production()

        """,
        "alembic.ini": "[alembic]\nscript_location = alembic\nsqlalchemy.url = driver://user:pass@localhost/dbname\n",
        "alembic/env.py": """
        from alembic import context
        from config import settings
        config = context.config
        config.set_main_option("sqlalchemy.url", settings.database_url)
        context.run_migrations()

        """,
        "alembic/versions/1_a.py": "revision = \"1\"\ndown_revision = None\ndef upgrade(): ...\n",
    ]

    @Test("lines that end as on Windows say the same")
    func windows() async throws {
        let plain = try await LaunchSample.plan(Self.migrated)
        let text = LaunchSample.created("fly.toml", plain)
        #expect(text.contains("release_command"), "\(text)")
        let windows = try await LaunchSample.plan(Self.migrated.mapValues { $0.replacing("\n", with: "\r\n") })
        func settings(_ plan: LaunchPlan) -> Substring { LaunchSample.created("fly.toml", plan).drop { $0 != "\n" } }
        #expect(settings(windows) == settings(plain))
        #expect(windows.needed == plain.needed)
    }

    @Test("a fly.toml with lines of Windows is offered the same, and keeps its line ends")
    func windowsConfig() async throws {
        let own = "app = \"x\"\n\n[deploy]\n  strategy = \"rolling\"\n\n[http_service]\n  internal_port = 8000\n"
        let plan = try await LaunchSample.plan([
            "requirements.txt": LaunchSample.needs, "fly.toml": own.replacing("\n", with: "\r\n"),
            "main.py": LaunchSample.app
                + "users = {}\n\n\n@app.post(\"/users\")\ndef add(name: str):\n    users[name] = 1\n",
        ])
        let offer = plan.offers.first { $0.path == "fly.toml" }
        #expect(offer?.text.contains("[deploy]\r\n  max_machines = 1\r\n") == true, "\(plan.text)")
    }

    @Test("a project of megabytes: what its modules write is seen all the same")
    func large() async throws {
        let storage = """
            import os
            os.makedirs("logs", exist_ok=True)
            def keep(name, data):
                with open(f"uploads/{name}", "wb") as file:
                    file.write(data)

            """
        var files = [
            "requirements.txt": LaunchSample.needs + "python-multipart\n", "store.py": storage,
            "main.py": "import store\nfrom fastapi import UploadFile\n" + LaunchSample.app
                + "@app.post(\"/up\")\nasync def up(file: UploadFile): store.keep(file.filename, await file.read())\n",
        ]
        #expect(try await Scan.run(Project(files: files)).facts.writePaths.contains("uploads"))
        files["words.py"] = "WORDS = [\n" + String(repeating: "    \"word\",\n", count: 120_000) + "]\n"
        let facts = try await Scan.run(Project(files: files)).facts
        #expect(Set(facts.writePaths).isSuperset(of: ["uploads", "logs"]), "\(facts.writePaths)")
    }

    @Test("several folders under one are one, unless something else lies there")
    func folders() async throws {
        let code = """
            import os
            for name in []: pass
            os.makedirs("/storage/users")
            os.makedirs("/storage/files")
            os.makedirs("media/a")
            os.makedirs("media/b")
            os.makedirs("static/a")
            os.makedirs("static/b")

            """
        let facts = try await Scan.run(
            Project(files: [
                "requirements.txt": LaunchSample.needs, "main.py": LaunchSample.app + code, "static/logo.svg": "<svg/>",
                "media/.gitkeep": "",
            ])
        ).facts
        #expect(facts.writePaths == ["/storage", "media", "static/a", "static/b"])
    }

    @Test("a list of pins is the list of requirements, whatever it is called")
    func pins() async throws {
        for name in ["pip_install.txt", "requeriments.txt"] {
            let facts = try await Scan.run(
                Project(files: [
                    name: "# freeze\nfastapi==0.115.6\nuvicorn[standard]==0.34.0\n", "main.py": LaunchSample.app,
                ])
            ).facts
            #expect(facts.manager?.lock == name && facts.dependencies.map(\.name) == ["fastapi", "uvicorn"])
        }
        let words = try await Scan.run(
            Project(files: ["robots.txt": "User-agent: *\nDisallow: /\n", "main.py": LaunchSample.app])
        ).facts
        #expect(words.manager?.lock == nil)
    }

    @Test("a host by the name of a container is one that is not here")
    func container() async throws {
        let facts = try await Scan.run(
            Project(files: [
                "requirements.txt": LaunchSample.needs + "redis\npydantic-settings\n",
                "main.py": """
                from fastapi import FastAPI
                from pydantic_settings import BaseSettings
                import redis
                class Settings(BaseSettings):
                    REDIS_HOST: str = "chat-redis"
                settings = Settings()
                cache = redis.Redis(host=settings.REDIS_HOST)
                app = FastAPI()
                """,
                "docker-compose.yml": """
                services:
                  web: {build: ., command: "uvicorn main:app"}
                  cache: {image: redis, container_name: chat-redis}
                """,
            ])
        ).facts
        #expect(facts.environment.first { $0.name == "REDIS_HOST" }?.absent?.file == "docker-compose.yml")
    }

    @Test("a prefix that the class itself names")
    func prefix() async throws {
        let facts = try await Scan.run(
            Project(files: [
                "requirements.txt": LaunchSample.needs + "pydantic-settings\n",
                "main.py": """
                from typing import ClassVar
                from fastapi import FastAPI
                from pydantic_settings import BaseSettings, SettingsConfigDict
                class Postgres(BaseSettings):
                    _prefix: ClassVar[str] = "POSTGRES_"
                    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(env_prefix=_prefix)
                    host: str
                    password: str
                settings = Postgres()
                app = FastAPI()
                """,
            ])
        ).facts
        #expect(Set(facts.environment.map(\.name)) == ["POSTGRES_HOST", "POSTGRES_PASSWORD"])
    }

    @Test("a bot that polls is one, and does not sleep")
    func bot() async throws {
        let plan = try await LaunchSample.plan([
            "requirements.txt": LaunchSample.needs + "aiogram\n",
            "main.py": LaunchSample.app + "from aiogram import Dispatcher\ndispatcher = Dispatcher()\n"
                + "@app.on_event(\"startup\")\nasync def start():\n    await dispatcher.start_polling()\n",
        ])
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("max_machines = 1") && text.contains("auto_stop_machines = \"off\""), "\(text)")
    }

    @Test("a folder that is the package itself lies in the image under its own name")
    func package() async throws {
        let files = [
            "backend/pyproject.toml":
                "[project]\nname = \"todo\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n",
            "backend/__init__.py": "", "backend/config.py": "X = 1\n",
            "backend/main.py": "from backend.config import X\n" + LaunchSample.app, "README.md": "",
        ]
        let plan = try await LaunchSample.plan(files)
        let dockerfile = LaunchSample.created("Dockerfile", plan)
        #expect(dockerfile.contains("backend.main:app"), "\(plan.text)\(dockerfile)")
        #expect(dockerfile.contains("COPY backend"), "\(dockerfile)")
    }

    @Test("Alembic is run from above the package that its scripts import")
    func alembicAbove() async throws {
        let files = [
            "requirements.txt": LaunchSample.needs + "alembic\nsqlalchemy\npsycopg2-binary\n", "src/__init__.py": "",
            "src/main.py": LaunchSample.app, "src/alembic.ini": "[alembic]\nscript_location = %(here)s/alembic\n",
            "src/alembic/env.py": "from src.main import app\nfrom alembic import context\ncontext.run_migrations()\n",
            "src/alembic/versions/1_a.py": "revision = \"1\"\ndown_revision = None\n",
        ]
        let migrations = try await Scan.run(Project(files: files)).facts.migrations
        #expect(migrations?.command == ["alembic", "-c", "src/alembic.ini", "upgrade", "head"])
        #expect(migrations?.workingDirectory == "")
    }

    @Test("what is started beside the server finds the environment that the server's command names")
    func environment() async throws {
        let plan = try await LaunchSample.plan([
            "pyproject.toml":
                "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\", \"celery\"]\n",
            "uv.lock": "version = 1\n", "main.py": LaunchSample.app,
            "tasks.py": "from celery import Celery\ncelery = Celery(\"x\")\n@celery.task\ndef one(): ...\n",
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN uv sync\n"
                + "CMD [\"/app/.venv/bin/uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
        ])
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("env PATH=/app/.venv/bin:"), "\(text)")
    }
}
