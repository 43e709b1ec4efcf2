import Model
import Testing
import Toolkit

@testable import Scaffold

/// What projects that nobody looked at before taught the detectors.
@Suite("Traps of unseen projects")
struct DetectTrapTests {
    private static let app = EntryCase.app
    private static let needs = EntryCase.needs

    private static let entries: [EntryCase] = [
        .init(
            "a command names the module from its own folder, its imports start above",
            "app src.main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "src/rooms.py": "", "src/main.py": "from src.rooms import router\n" + app,
                "Dockerfile":
                    "FROM python:3.12\nCOPY src /shop/src\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
            ]
        ),
        .init(
            "the same with an import that is relative to a package",
            "app shop.main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/__init__.py": "", "shop/db.py": "",
                "shop/main.py": "from .db import session\n" + app,
                "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY shop .\nCMD [\"uvicorn\", \"main:app\"]\n",
            ]
        ),
        .init(
            "imports from the module's own folder keep it",
            "app main:app in src, certain, 8000",
            [
                "requirements.txt": needs, "src/rooms.py": "", "src/main.py": "from rooms import router\n" + app,
                "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY src .\nCMD [\"uvicorn\", \"main:app\"]\n",
            ]
        ),
        .init(
            "a program of a package names its app from the package's folder",
            "app shop.app:app in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/__init__.py": "", "shop/core/__init__.py": "",
                "shop/core/config.py": "settings = 1\n",
                "shop/app.py": "from shop.core.config import settings\n" + app,
                "shop/main.py":
                    "import uvicorn\nfrom shop.app import settings\ndef main():\n    uvicorn.run(\"app:app\")\n"
                    + "if __name__ == \"__main__\":\n    main()\n",
            ]
        ),
        .init(
            "the image's entry script is no file of the project",
            "app app.main:app in ., certain, 9000",
            [
                "requirements.txt": needs, "app/main.py": app,
                "Dockerfile": "FROM example/base\nWORKDIR /app\nCOPY . .\nENTRYPOINT [\"/docker-entrypoint.sh\"]\n"
                    + "CMD [\"uvicorn\", \"app.main:app\", \"--port\", \"9000\"]\n",
            ]
        ),
        .init(
            "Streamlit's usual file with nothing but charts",
            "script streamlit_app in ., likely, 8501",
            [
                "requirements.txt": "streamlit\naltair\n",
                "streamlit_app.py": "import altair as alt\nimport streamlit as st\nst.altair_chart(alt.Chart(1))\n",
            ]
        ),
        .init(
            "a container for development serves pages and lets a debugger in beside the app",
            "app app.main:app in ., likely, 7000",
            [
                "requirements.txt": needs, "app/main.py": app,
                "compose.yaml": "services:\n  web:\n    build: .\n    command: python -m app.main\n    ports:\n"
                    + "      - \"3000:3000\"\n      - \"5678:5678\"\n      - \"80:7000\"\n",
                "Dockerfile": "FROM python:3.12\nCOPY . .\n",
            ]
        ),
    ]

    @Test("entry points", arguments: entries)
    func entry(_ one: EntryCase) async throws {
        let facts = try await Scan.run(Project(files: one.files)).facts
        #expect(EntryCase.text(facts) == one.expected)
    }

    @Test("packages that import all of each other are read in no time", .timeLimit(.minutes(1)))
    func stars() async throws {
        var files = [
            "requirements.txt": Self.needs, "app/__init__.py": "", "app/main.py": "from app.m0 import *\n" + Self.app,
        ]
        files["app/main.py", default: ""] += "app.include_router(router)\n"
        for index in 0..<16 {
            let others = (0..<16).filter { $0 != index }.map { "from app.m\($0) import *\n" }.joined()
            files["app/m\(index).py"] = others + "value = unknown_\(index)(router.x, nothing)\n"
        }
        let facts = try await Scan.run(Project(files: files)).facts
        #expect(facts.entry?.target == "app.main:app")
    }

    @Test("names of Dockerfiles, and those for development among them")
    func dockerfiles() async throws {
        let names = [
            "api-Dockerfile": "3.11", "DockerfileDev": "3.9", "Dockerfile.md": "3.8", "dockerfile_notes.py": "3.7",
        ]
        var files = ["requirements.txt": Self.needs, "app/main.py": Self.app]
        for (name, version) in names { files[name] = "FROM python:\(version)\nRUN pip install -r requirements.txt\n" }
        let result = try await Scan.run(Project(files: files))
        #expect(result.context.dockerfiles.map(\.path) == ["DockerfileDev", "api-Dockerfile"])
        #expect(result.facts.python?.chosen == "3.11")
    }

    @Test("Python of an image whose base the project builds itself, when its other Dockerfiles agree")
    func builtBase() async throws {
        var files = [
            "requirements.txt": Self.needs, "app/main.py": Self.app,
            "Dockerfile": "FROM example/shop-base\nCMD [\"uvicorn\", \"app.main:app\"]\n",
            "images/base/Dockerfile": "FROM python:3.11-slim\nRUN pip install -r requirements.txt\n",
        ]
        let agreed = try await Scan.run(Project(files: files)).facts
        #expect(agreed.python?.chosen == "3.11")
        files["images/jobs/Dockerfile"] = "FROM python:3.12-slim\n"
        let apart = try await Scan.run(Project(files: files)).facts
        #expect(apart.python?.chosen == "3.14")
    }

    @Test("a service that runs the image another one builds, by an entry point that is one line")
    func sharedImage() async throws {
        let files = [
            "web/requirements.txt": Self.needs + "celery\n", "web/app/main.py": Self.app,
            "web/app/jobs.py": "from celery import Celery\njobs = Celery(\"shop\")\n",
            "web/run.sh": "#!/bin/sh\nexec \"$@\"\n", "web/Dockerfile": "FROM python:3.12\nWORKDIR /web\nCOPY . .\n",
            "compose.yaml": """
            services:
              api:
                build: web
                image: shop/web
                command: uvicorn app.main:app
              clock:
                image: shop/web
                entrypoint: /web/run.sh
                command: celery -A app.jobs beat
            """,
        ]
        let facts = try await Scan.run(Project(files: files), root: "web").facts
        #expect(facts.processes.map(\.kind).contains(.celeryBeat))
        let beat = facts.processes.first { $0.kind == .celeryBeat }
        #expect(beat?.command == ["celery", "-A", "app.jobs", "beat"])
    }

    @Test(
        "programs of supervisor, whatever its files are called",
        arguments: ["supervisord-tasks.conf", "supervisor/jobs.conf"]
    )
    func supervisor(_ name: String) async throws {
        let files = [
            "requirements.txt": "django\nhuey\n",
            "manage.py": "import os\nos.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"shop.settings\")\n",
            "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
            "shop/settings.py": "WSGI_APPLICATION = \"shop.wsgi.application\"\n",
            name: "[supervisord]\nnodaemon=true\n[program:jobs]\ncommand=python manage.py run_huey -f\n",
        ]
        let facts = try await Scan.run(Project(files: files)).facts
        #expect(facts.processes.map(\.kind) == [.huey])
        #expect(facts.processes.first?.command == ["python", "manage.py", "run_huey", "-f"])
    }

    @Test("controllers that a plugin adds to a Litestar app when it starts")
    func litestar() async throws {
        let files = [
            "requirements.txt": "litestar\n",
            "app/asgi.py": "from litestar import Litestar\nfrom app.core import Core\ndef create_app() -> Litestar:\n"
                + "    return Litestar(plugins=[Core()])\n",
            "app/core.py": "from app.system import SystemController\nclass Core:\n    def on_app_init(self, config):\n"
                + "        config.route_handlers.extend([SystemController])\n        return config\n",
            "app/system.py":
                "from litestar import Controller, get\nclass SystemController(Controller):\n    path = \"/system\"\n"
                + "    @get(operation_id=\"Health\", path=\"/health\")\n    async def check(self) -> str: ...\n",
        ]
        let facts = try await Scan.run(Project(files: files)).facts
        #expect(facts.entry?.kind == .factory)
        #expect(facts.health.live == "/system/health")
    }

    @Test(
        "fastapi-versioning puts a version before every path",
        arguments: [
            ("", "/v1_0/ping"), (", prefix_format=\"/v{major}\"", "/v1/ping"),
            (", prefix_format=\"/api/{major}\", default_version=(3, 1)", "/api/3/ping"),
        ]
    )
    func versions(_ arguments: String, _ path: String) async throws {
        let files = [
            "app/main.py":
                "from fastapi import FastAPI\nfrom fastapi_versioning import VersionedFastAPI\napp = FastAPI()\n"
                + "@app.get(\"/ping\")\ndef ping(): ...\napp = VersionedFastAPI(app\(arguments))\n"
        ]
        #expect(try await BehaviourFixture.routes(files) == ["GET \(path)"])
    }

    @Test(
        "a path below health counts when its handler says the same",
        arguments: [("health_check", "/health/info"), ("records", nil)]
    )
    func handler(_ name: String, _ path: String?) async throws {
        let code = Self.app + "@app.get(\"/health/info\")\ndef \(name)(): ...\n"
        var context = try await BehaviourFixture.context(["app/main.py": code])
        HealthDetector.detect(&context)
        #expect(context.facts.health.live == path)
    }

    @Test("Django's old name of its engine does not mean the old driver")
    func django() async throws {
        let files = [
            "requirements.txt": "django>=5\npsycopg[binary]>=3.2\n",
            "shop/settings.py":
                "import django.db.models\nDATABASES = {\"default\": {\"ENGINE\": \"django.db.backends.postgresql_psycopg2\"}}\n",
        ]
        let facts = try await DatabaseDetectorTests.facts(files)
        #expect(facts.database?.driver == "psycopg")
    }

    @Test(
        "an option that only SQLite has tells the engine where nothing else does",
        arguments: [("", Facts.Database.Engine.sqlite), ("DATABASE_URL = \"postgresql://u:p@db/shop\"\n", .postgresql)]
    )
    func sameThread(_ more: String, _ engine: Facts.Database.Engine) async throws {
        let files = [
            "requirements.txt": "sqlalchemy\npsycopg2-binary\n",
            "db.py": "import os\nfrom sqlalchemy import create_engine\nurl = os.getenv(\"DATABASE_URL\", \"\")\n" + more
                + "engine = create_engine(url, connect_args={\"check_same_thread\": False})\n",
        ]
        var sources = files
        if engine == .sqlite { sources["requirements.txt"] = "sqlalchemy\n" }
        #expect(try await DatabaseDetectorTests.facts(sources).database?.engine == engine)
    }
}
