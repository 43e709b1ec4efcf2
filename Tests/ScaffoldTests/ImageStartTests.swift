import Model
import Testing

@testable import Scaffold

@Suite("What the start of an image does beside its server")
struct ImageStartTests {
    private static let app = "from fastapi import FastAPI\n\napp = FastAPI()\n"

    /// A project whose image starts a script of its own.
    private static func files(_ script: String, start: String = "CMD [\"/code/start.sh\"]") -> [String: String] {
        [
            "requirements.txt": "fastapi\nuvicorn\nalembic\nsqlalchemy\npsycopg2-binary\ncelery\nredis\n",
            "app/__init__.py": "", "app/main.py": app, "app/seed.py": "print(1)\n", "tools/fill.py": "print(2)\n",
            "app/worker.py": "from celery import Celery\ncelery = Celery(broker='redis://redis')\n",
            "app/db.py":
                "import os\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ['DATABASE_URL'])\n",
            "alembic.ini": "[alembic]\nscript_location = alembic\n",
            "alembic/env.py": "from alembic import context\nimport os\nurl = os.environ['DATABASE_URL']\n",
            "alembic/versions/1.py": "revision = '1'\ndown_revision = None\ndef upgrade():\n    op.create_table('a')\n",
            "start.sh": script,
            "Dockerfile":
                "FROM registry.example.com/python:3.11\nWORKDIR /code\nCOPY . /code\nRUN pip install .\n\(start)\n",
        ]
    }

    private static func reading(_ files: [String: String]) async throws -> StartScript.Reading {
        let scan = try await Scan.run(Project(files: files))
        return StartScript.read(scan.facts, scan.context.project)
    }

    private static func script(_ before: [[String]], migrates: Bool = false, isStrict: Bool = false) -> StartScript {
        var script = StartScript()
        (script.before, script.migrates, script.isStrict) = (before, migrates, isStrict)
        return script
    }

    private static let plain = "uvicorn app.main:app --host 0.0.0.0 --port 8000\n"
    private static let server = "exec " + plain

    static let readable: [(String, StartScript)] = [
        (server, script([])),
        ("#!/bin/sh\nset -e\nalembic upgrade head\n" + server, script([], migrates: true, isStrict: true)),
        (
            "while ! nc -z db 5432; do\n  sleep 1\ndone\npoetry run alembic upgrade head\npoetry run " + plain,
            script([], migrates: true)
        ),
        (
            "until pg_isready -h db; do sleep 1; done\npython tools/fill.py --all\n" + server,
            script([["python", "tools/fill.py", "--all"]])
        ),
        (
            "cd /code\nMODE=full python3 -m app.seed\n./wait-for-it.sh db:5432 -- " + plain,
            script([["env", "MODE=full", "python", "-m", "app.seed"]])
        ),
        (
            "pip install -r requirements.txt\npython /code/tools/fill.py && " + server,
            script([["python", "tools/fill.py"]], isStrict: true)
        ),
        ("if [ \"$APP_ENV\" = dev ]; then python tools/fill.py; fi\n" + server, script([])),
        ("celery -A app.worker worker &\n" + server, script([])),
    ]

    @Test("what can be said without the image, in its order", arguments: readable)
    func read(text: String, wanted: StartScript) async throws {
        let reading = try await Self.reading(Self.files(text))
        #expect(reading == .read(wanted), "\(reading)")
    }

    static let unreadable: [(String, Int)] = [
        ("envsubst < a > b\n" + server, 1), ("python tools/none.py\n" + server, 1),
        ("echo 1\nif [ -f seed ]; then python tools/fill.py; fi\n" + server, 2),
        ("nginx\n" + server, 1), ("for i in 1 2; do python tools/fill.py; done\n" + server, 1),
        (server + "python tools/fill.py\n", 2), ("python -c 'import app.seed'\n" + server, 1),
        ("export DATA=/code/data\npython tools/fill.py\n" + server, 2),
    ]

    @Test("what can't, with its line", arguments: unreadable)
    func unclear(text: String, line: Int) async throws {
        #expect(try await Self.reading(Self.files(text)) == .unclear(Place("start.sh", line)))
    }

    @Test("other ways to start one, and what is no script")
    func ways() async throws {
        let plain = Self.files("", start: "CMD [\"uvicorn\", \"app.main:app\", \"--port\", \"8000\"]")
        #expect(try await Self.reading(plain) == .none)
        let shell = Self.files("", start: "CMD alembic upgrade head && uvicorn app.main:app --port 8000")
        let inline = try await Self.reading(shell)
        #expect(inline == .read(Self.script([], migrates: true, isStrict: true)), "\(inline)")
        let passed = Self.files(
            "#!/bin/bash\nset -e\npython tools/fill.py\nexec \"$@\"\n",
            start: "ENTRYPOINT [\"./start.sh\"]\nCMD [\"uvicorn\", \"app.main:app\", \"--port\", \"8000\"]"
        )
        #expect(try await Self.reading(passed) == .read(Self.script([["python", "tools/fill.py"]], isStrict: true)))
        var nested = Self.files("bash ./prestart.sh\n" + Self.server)
        nested["prestart.sh"] = "alembic upgrade head\npython -m app.seed\n"
        #expect(try await Self.reading(nested) == .read(Self.script([["python", "-m", "app.seed"]], migrates: true)))
    }

    @Test("a launch without that Dockerfile does it before the server, and migrates in a release")
    func launch() async throws {
        let files = Self.files("set -e\nalembic upgrade head\npython tools/fill.py\n" + Self.server)
        let scan = try await Scan.run(Project(files: files))
        var options = LaunchOptions()
        options.withoutDockerfile = "Dockerfile:1: registry.example.com/python:3.11 is out of this host's reach"
        let plan = LaunchPlan.make(scan.facts, project: scan.context.project, options: options)
        let texts = plan.actions.compactMap { action in
            if case .create(let file) = action, file.path == "fly.toml" { file.text } else { nil }
        }
        let text = try #require(texts.first)
        #expect(text.contains("builder = \"python\"") && text.contains("release_command = "), "\(text)")
        #expect(text.contains("web = \"sh -c 'python tools/fill.py && exec uvicorn app.main:app"), "\(text)")
        #expect(plan.notes.contains { $0.contains("reach, so it is built without it") })
    }

    @Test("what no build without it can do keeps the Dockerfile, and says what to do")
    func keeps() async throws {
        let scan = try await Scan.run(Project(files: Self.files("envsubst < a > b\n" + Self.server)))
        var options = LaunchOptions()
        options.withoutDockerfile = "Dockerfile:1: registry.example.com/python:3.11 is out of this host's reach"
        let plan = LaunchPlan.make(scan.facts, project: scan.context.project, options: options)
        #expect(plan.notes.contains { $0.contains("start.sh:1") && $0.contains("builder = \"python\"") })
        #expect(plan.actions.contains(.keep(path: "Dockerfile", reason: "the project's own")))
    }

    @Test("a build that stands in for one by the Dockerfile migrates where no release does")
    func instead() async throws {
        let scan = try await Scan.run(Project(files: Self.files("alembic upgrade head\n" + Self.server)))
        func command(released: Bool) -> [String]? {
            StartScript.command(["uvicorn", "a:b"], insteadOf: "Dockerfile", scan, released: released)
        }
        #expect(command(released: false) == ["sh", "-c", "alembic upgrade head; exec uvicorn a:b"])
        #expect(command(released: true) == ["uvicorn", "a:b"])
        let other = try await Scan.run(Project(files: Self.files("nginx\n" + Self.server)))
        #expect(StartScript.command(["uvicorn", "a:b"], insteadOf: "Dockerfile", other, released: true) == nil)
    }

    @Test("a committed file of variables says what has no other value; secrets are asked for")
    func committed() async throws {
        var files = Self.files(Self.server)
        files["app/main.py"] = """
            import os
            from fastapi import FastAPI

            app = FastAPI(title=os.environ["PROJECT_TITLE"])
            hosts = os.environ.get("ALLOWED_HOSTS", ["*"]).split(",")
            key = os.environ["SECRET_KEY"]
            debug = os.environ["DEBUG"]
            """
        let text = "PROJECT_TITLE=Shop\nALLOWED_HOSTS=*\nSECRET_KEY=abcdef0123456789\nDEBUG=true\n"
        let cases = [
            (".env.docker", "services:\n  web:\n    build: .\n    env_file: .env.docker\n"),
            ("conf/.env", "services:\n  web:\n    build: .\n    env_file:\n      - path: conf/.env\n"),
            (".env", "services: {}\n"), (".env.example", "services: {}\n"),
        ]
        for (path, compose) in cases {
            var files = files
            files[path] = text
            files["compose.yaml"] = compose
            let scan = try await Scan.run(Project(files: files))
            let values = ComposeValues(scan.facts, scan.context.project).values
            let names = path == ".env.example" ? [] : ["PROJECT_TITLE", "ALLOWED_HOSTS"]
            #expect(values.map(\.name) == names, "\(path): \(values)")
        }
    }
}
