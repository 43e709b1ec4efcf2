import Model
import Testing
import Toolkit

@testable import Scaffold

/// Projects in memory, launched as `roost launch` would.
enum LaunchSample {
    static func plan(_ files: [String: String]) async throws -> LaunchPlan {
        let scan = try await Scan.run(Project(files: files))
        return LaunchPlan.make(scan.facts, project: scan.context.project, python: scan.context.python)
    }

    /// A file that would be written.
    static func created(_ name: String, _ plan: LaunchPlan) -> String {
        for case .create(let file) in plan.actions where file.path == name { return file.text }
        return ""
    }

    static let app =
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/health\")\ndef health():\n    return {}\n"
    static let needs = "fastapi==0.115.6\nuvicorn==0.34.0\n"
    static let image = "FROM python:3.11-slim\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\n"
}

@Suite("What a launch finds is acted on")
struct ActedOnTests {
    private static let app = LaunchSample.app
    private static let needs = LaunchSample.needs

    @Test(
        "state in a process makes fly.toml hold one Machine",
        arguments: [
            // A room of sockets, a scheduler, a SQLite file.
            "from fastapi import WebSocket\nroom: set[WebSocket] = set()\n\n\n@app.websocket(\"/ws\")\nasync def ws(socket: WebSocket):\n    room.add(socket)\n",
            "from apscheduler.schedulers.asyncio import AsyncIOScheduler\n\nscheduler = AsyncIOScheduler()\n\n\n@app.on_event(\"startup\")\nasync def start():\n    scheduler.start()\n",
            "from sqlalchemy import create_engine\n\nengine = create_engine(\"sqlite:///./data/app.db\")\n",
        ]
    )
    func oneMachine(code: String) async throws {
        let files = [
            "requirements.txt": Self.needs + "apscheduler\nsqlalchemy\nwebsockets\n", "main.py": Self.app + code,
        ]
        let plan = try await LaunchSample.plan(files)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("  max_machines = 1\n"), "\(text)")
        let config = try AppConfig.read(
            try TOML.parse(Array(text.utf8), file: "fly.toml"),
            file: "fly.toml",
            regions: []
        )
        #expect(config.config.deploy.maxMachines == 1)
        #expect(plan.notes.contains { $0.contains("one Machine") }, "\(plan.notes)")
        let plain = try await LaunchSample.plan(["requirements.txt": Self.needs, "main.py": Self.app])
        #expect(!LaunchSample.created("fly.toml", plain).contains("max_machines"))
    }

    @Test("a fly.toml of the project's own is offered the number of Machines")
    func offersOneMachine() async throws {
        let plan = try await LaunchSample.plan([
            "requirements.txt": Self.needs,
            "main.py": Self.app + "users = {}\n\n\n@app.post(\"/users\")\ndef add(name: str):\n    users[name] = 1\n",
            "fly.toml": "app = \"x\"\n\n[deploy]\n  strategy = \"rolling\"\n\n[http_service]\n  internal_port = 8000\n",
        ])
        let offer = plan.offers.first { $0.path == "fly.toml" }
        #expect(offer?.text.contains("[deploy]\n  max_machines = 1\n") == true, "\(plan.text)")
    }

    @Test("several apps of one rank are listed, and a person is asked; a clear winner goes on")
    func severalApps() async throws {
        let files = [
            "services/alpha/main.py": Self.app, "services/alpha/requirements.txt": Self.needs,
            "services/alpha/Dockerfile": LaunchSample.image
                + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
            "services/beta/main.py": Self.app, "services/beta/requirements.txt": Self.needs,
            "services/beta/Dockerfile": LaunchSample.image
                + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
        ]
        let plan = try await LaunchSample.plan(files)
        let question = plan.question ?? ""
        #expect(question.contains("services/alpha (main:app)") && question.contains("services/beta (main:app)"))
        #expect(plan.text.contains("services/beta · main:app"), "\(plan.text)")
        let scan = try await Scan.run(Project(files: files), root: "services/alpha")
        #expect(LaunchPlan.make(scan.facts, project: scan.context.project).question == nil)
        let clear = try await LaunchSample.plan([
            "main.py": Self.app, "requirements.txt": Self.needs,
            "Dockerfile": LaunchSample.image + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
            "examples/other/main.py": Self.app, "examples/other/requirements.txt": Self.needs,
        ])
        #expect(clear.question == nil)
    }

    @Test(
        "an ENTRYPOINT that only starts what it is given is no start",
        arguments: [
            ("#!/bin/sh\nset -e\nexec \"$@\"\n", true),
            ("#!/bin/sh\nalembic upgrade head\nexec tini -- \"$@\"\n", true),
            ("#!/bin/sh\nexec uvicorn main:app --host 0.0.0.0 --port 8000\n", false),
            ("#!/bin/sh\nif [ $# -eq 0 ]; then exec uvicorn main:app --host 0.0.0.0; fi\nexec \"$@\"\n", false),
        ]
    )
    func entrypoint(script: String, isMissing: Bool) async throws {
        let files = [
            "main.py": Self.app, "requirements.txt": Self.needs, "deploy/entrypoint": script,
            "deploy/start": "#!/bin/sh\nexec uvicorn main:app --host 0.0.0.0 --port 8000\n",
            "deploy/Dockerfile": LaunchSample.image
                + "COPY deploy/entrypoint deploy/start /\nENTRYPOINT [\"/entrypoint\"]\n",
            "compose.yaml":
                "services:\n  web:\n    build:\n      context: .\n      dockerfile: deploy/Dockerfile\n    command: /start\n",
        ]
        let plan = try await LaunchSample.plan(files)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("web = \"/start\"") == isMissing, "\(text)")
        let scan = try await Scan.run(Project(files: files))
        let input = ExportInput(facts: scan.facts, project: scan.context.project)
        let made = try Exporter.export(.compose, input)
        #expect((made.files.first?.text.contains("command: [/start]") == true) == isMissing, "\(made.files)")
    }

    @Test(
        "wrappers and interpreters alone are no start",
        arguments: [
            #"ENTRYPOINT ["tini", "--"]"#, #"ENTRYPOINT ["poetry", "run"]"#, #"CMD ["bash"]"#, #"CMD ["python3"]"#,
            #"ENTRYPOINT ["python"]"#, #"ENTRYPOINT ["/bin/sh", "-c"]"#,
        ]
    )
    func wrappers(line: String) async throws {
        let plan = try await LaunchSample.plan([
            "main.py": Self.app, "requirements.txt": Self.needs, "Dockerfile": LaunchSample.image + line + "\n",
        ])
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("web = \"uvicorn main:app --host 0.0.0.0 --port 8000"), "\(text)")
    }

    @Test("a release step beside another is kept, and the note names who really migrates")
    func release() async throws {
        var files = [
            "main.py": Self.app, "requirements.txt": Self.needs + "alembic\n",
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "", "alembic/versions/1.py": "",
            "Procfile": "release: alembic upgrade head\nweb: uvicorn main:app --host 0.0.0.0 --port $PORT\n",
            "app.json": #"{"scripts": {"postdeploy": "alembic upgrade head"}}"#,
            "Dockerfile": LaunchSample.image + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
        ]
        var plan = try await LaunchSample.plan(files)
        #expect(LaunchSample.created("fly.toml", plan).contains("release_command = \"alembic upgrade head\""))
        files["Procfile"] = nil
        files["app.json"] = nil
        files[".github/workflows/ci.yml"] = "jobs:\n  test:\n    steps:\n      - run: alembic upgrade head\n"
        files["start.sh"] = "#!/bin/sh\nalembic upgrade head\nexec uvicorn main:app --host 0.0.0.0 --port 8000\n"
        files["Dockerfile"] = LaunchSample.image + "CMD [\"./start.sh\"]\n"
        plan = try await LaunchSample.plan(files)
        let note = plan.notes.first { $0.contains("no release command") } ?? ""
        #expect(note.contains("start.sh:2") && !note.contains("ci.yml"), "\(plan.notes)")
    }

    @Test(
        "gunicorn's settings file says port, workers and timeout, with the defaults of its variables",
        arguments: [
            (
                "import os\n\n\ndef settings():\n    _port = os.getenv(\"PORT\", \"80\")\n    bind = os.getenv(\"BIND\", f\"0.0.0.0:{_port}\")\n    workers = 3\n    return locals()\n",
                80
            ),
            ("bind = \"0.0.0.0:9001\"\nworkers = 3\n", 9001),
            (
                "import os\nhost = os.getenv(\"HOST\", \"0.0.0.0\")\nport = os.getenv(\"PORT\", \"9002\")\nbind_env = os.getenv(\"BIND\", None)\nif bind_env:\n    use_bind = bind_env\nelse:\n    use_bind = f\"{host}:{port}\"\nbind = use_bind\nworkers = int(os.getenv(\"WEB_CONCURRENCY\", 3))\n",
                9002
            ),
            (
                "import os\nbind = \"0.0.0.0:\" + os.environ.get(\"PORT\", \"9003\")\nworkers = 3\ngraceful_timeout = 120\n",
                9003
            ),
            // What can't be followed leaves the port to the image.
            ("from somewhere import address\nbind = address()\nworkers = 3\n", 81),
        ]
    )
    func gunicorn(settings: String, port: Int) async throws {
        let plan = try await LaunchSample.plan([
            "main.py": Self.app, "requirements.txt": "fastapi\nuvicorn\ngunicorn\n", "gunicorn_conf.py": settings,
            "Dockerfile": LaunchSample.image + "EXPOSE 81\n"
                + "CMD [\"gunicorn\", \"-c\", \"gunicorn_conf.py\", \"-k\", \"uvicorn.workers.UvicornWorker\", \"main:app\"]\n",
        ])
        #expect(plan.facts.port?.number == port)
        #expect(plan.facts.server?.workers == 3)
        let isLong = settings.contains("graceful_timeout")
        #expect(LaunchSample.created("fly.toml", plan).contains("kill_timeout = 125") == isLong)
    }

    @Test(
        "a start command has the options that the pinned server takes",
        arguments: [
            ("uvicorn==0.13.4", "--proxy-headers", "--no-server-header"),
            ("uvicorn~=0.14.0", "--host", "--no-server-header"),
            ("uvicorn<0.15", "--no-access-log", "--no-server-header"),
            ("uvicorn==0.8.4", "--proxy-headers", "--no-access-log"),
            ("uvicorn==0.15.0", "--no-server-header", "UVICORN_HOST"),
            ("uvicorn>=0.13", "--no-server-header", "UVICORN_HOST"),
        ]
    )
    func oldServer(pin: String, has: String, lacks: String) async throws {
        let plan = try await LaunchSample.plan(["main.py": Self.app, "requirements.txt": "fastapi\n\(pin)\n"])
        let text = LaunchSample.created("Dockerfile", plan)
        let command = text.split(separator: "\n").last { $0.hasPrefix("CMD") } ?? ""
        #expect(command.contains(#""--host", "0.0.0.0", "--port", "8000""#), "\(command)")
        #expect(text.contains(has) && !text.contains(lacks), "\(text)")
    }

    @Test("a lock says which server is there, where the project itself leaves it open")
    func lockedServer() {
        let uv =
            "[[package]]\nname = \"fastapi\"\nversion = \"0.60.0\"\n\n[[package]]\nname = \"uvicorn\"\nversion = \"0.13.4\"\n"
        #expect(PackageVersion.locked("uvicorn", in: uv)?.text == "0.13.4")
        let pipenv =
            "{\n  \"default\": {\n    \"uvicorn\": {\n      \"hashes\": [],\n      \"version\": \"==0.14.0\"\n    }\n  }\n}"
        #expect(PackageVersion.locked("uvicorn", in: pipenv)?.text == "0.14.0")
        #expect(PackageVersion.ofSpecifier("^0.13")?.text == "<0.14")
        #expect(PackageVersion.ofSpecifier(">=0.20") == nil)
    }

    @Test("an image of the project's own gets no class that it does not install")
    func workerClass() async throws {
        var files = [
            "main.py": Self.app, "requirements.txt": "fastapi\nuvicorn==0.30.6\ngunicorn==22.0.0\n",
            "Procfile": "web: gunicorn -w 2 -k uvicorn.workers.UvicornWorker main:app\n",
            "Dockerfile": LaunchSample.image,
        ]
        let kept = LaunchSample.created("fly.toml", try await LaunchSample.plan(files))
        #expect(kept.contains("--worker-class uvicorn.workers.UvicornWorker"), "\(kept)")
        files["Dockerfile"] = nil
        let own = LaunchSample.created("Dockerfile", try await LaunchSample.plan(files))
        #expect(own.contains("uvicorn_worker.UvicornWorker") && own.contains("uvicorn-worker=="))
    }

    @Test(
        "a folder that a variable or the code names is in the image",
        arguments: [
            (".env.example", "PRICES_PATH=./prices/prices.json\n", "import os\nopen(os.environ[\"PRICES_PATH\"])\n"),
            (".env.example", "", "import os\nopen(os.getenv(\"PRICES\", \"prices/prices.json\"))\n"),
            (
                ".env.example", "",
                "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    data_dir: str = \"prices\"\n"
            ),
            (
                "compose.yaml",
                "services:\n  web:\n    build: .\n    environment:\n      PRICES_PATH: prices/prices.json\n", "\n"
            ),
            (".env.example", "", "MODEL_DIR = \"prices\"\n"),
        ]
    )
    func data(name: String, text: String, code: String) async throws {
        var files = [
            "requirements.txt": Self.needs, "shop/__init__.py": "", "shop/main.py": Self.app + code,
            "prices/prices.json": "{}", "other/left.json": "{}",
        ]
        if !text.isEmpty { files[name] = text }
        let plan = try await LaunchSample.plan(files)
        #expect(LaunchSample.created("Dockerfile", plan).contains("prices"), "\(code)")
        #expect(LaunchSample.created(".dockerignore", plan).contains("!prices"))
        #expect(!LaunchSample.created("Dockerfile", plan).contains("other"))
    }

    @Test(
        "included requirements are in the image behind a mark of byte order and in every spelling",
        arguments: [
            "\u{FEFF}-r base.txt\n", "-rbase.txt\n", "-r=base.txt\n", "--requirement=base.txt\n", "-r 'base.txt'\r\n",
        ]
    )
    func requirements(line: String) async throws {
        let plan = try await LaunchSample.plan([
            "main.py": Self.app, "requirements.txt": line + "uvicorn==0.34.0\n", "base.txt": "fastapi==0.115.6\n",
        ])
        #expect(LaunchSample.created("Dockerfile", plan).contains("base.txt"))
        #expect(LaunchSample.created(".dockerignore", plan).contains("!base.txt"))
    }

    @Test("a file that does not parse is said, and no claim is made about what is needed")
    func syntax() async throws {
        let files = [
            "main.py": Self.app, "requirements.txt": Self.needs, "settings.py": "import os\nX = os.environ[\"X\"]\n",
        ]
        var broken = files
        broken["main.py"] = "import settings\n" + Self.app + "\n\ndef broken(:\n    pass\n"
        let plan = try await LaunchSample.plan(broken)
        #expect(plan.text.contains("main.py:12: invalid syntax"), "\(plan.text)")
        broken[".env.example"] = "# \(Stamp.prefix)\n"
        #expect(
            plan.check(Project(files: broken)) == [
                "main.py:12: invalid syntax: the app imports this file, so it can't start"
            ]
        )
        let report = try await AuditSample.report(broken, only: ["A31"])
        #expect(AuditSample.short(report.findings) == ["E A31 main.py:12"])
        // Tests, and what a newer Python than this host's may read, are left alone.
        var right = files
        right["tests/broken.py"] = "def test(:\n"
        right[".python-version"] = "3.99\n"
        #expect(try await AuditSample.report(right, only: ["A31"]).findings.isEmpty)
    }

    @Test(
        "an app that refuses its development's keys in production is tried as what it is",
        arguments: [
            ("if self.APP_ENV != 'production':\n            return self\n        raise ValueError('no key')", false),
            ("if self.is_production and not self.KEY:\n            raise RuntimeError('no key')", false),
            ("if self.APP_ENV == 'production':\n            raise HTTPException(404)", true),
            ("return self", true),
        ]
    )
    func guardedMode(body: String, isSet: Bool) async throws {
        let settings = """
            from pydantic import model_validator
            from pydantic_settings import BaseSettings
            class Settings(BaseSettings):
                APP_ENV: str = "development"
                KEY: str = ""
                @property
                def is_production(self) -> bool:
                    return self.APP_ENV == "production"
                @model_validator(mode="after")
                def check(self):
                    \(body)
            settings = Settings()
            """
        let plan = try await LaunchSample.plan([
            "main.py": "from settings import settings\n" + Self.app, "settings.py": settings,
            "requirements.txt": "fastapi\nuvicorn\npydantic-settings\n",
        ])
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("APP_ENV = \"production\"") == isSet, "\(text)")
        #expect(plan.notes.contains { $0.contains("APP_ENV stays development") } == !isSet)
    }
}
