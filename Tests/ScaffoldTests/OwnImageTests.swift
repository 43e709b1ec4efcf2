import Model
import Testing

@testable import Scaffold

@Suite("A launch beside a project's own Dockerfile")
struct OwnImageTests {
    private static let app = LaunchSample.app
    private static let needs = LaunchSample.needs

    private static let migrated = [
        "requirements.txt": "fastapi\nuvicorn\nalembic\npsycopg2-binary\nsqlalchemy\n", "src/app/__init__.py": "",
        "src/app/main.py": app, "src/alembic.ini": "[alembic]\nscript_location = migrations\n",
        "src/migrations/env.py": "from alembic import context\n", "src/migrations/versions/1_a.py": "revision = '1'\n",
    ]

    @Test(
        "migrations run where the project's own image has them, and not at all where it has none",
        arguments: [
            ("COPY . /code", #"release_command = "sh -c 'cd /code/src && exec alembic upgrade head'""#),
            ("WORKDIR /srv\nCOPY src .", #"release_command = "alembic upgrade head""#),
            ("WORKDIR /srv\nCOPY src/app app", "none of the files"),
        ]
    )
    func migrationPlace(lines: String, expected: String) async throws {
        var files = Self.migrated
        files["Dockerfile"] =
            "FROM python:3.13-slim\n\(lines)\nCMD [\"uvicorn\", \"app.main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]\n"
        let plan = try await LaunchSample.plan(files)
        let config = LaunchSample.created("fly.toml", plan)
        let found = (config + plan.notes.joined(separator: "\n")).replacing("\\\"", with: "'")
        #expect(found.contains(expected), "\(config)\n\(plan.notes)")
        if expected.contains("none") { #expect(!config.contains("release_command")) }
    }

    @Test(
        "an entrypoint that takes its branch by a word is given it",
        arguments: [
            ("    command: [\"serve\", \"8000\"]\n", #"web = "serve 8000""#), ("", #"web = "serve""#),
        ]
    )
    func entrypointBranch(command: String, expected: String) async throws {
        let script = """
            #!/bin/sh
            set -e
            case "$1" in
                serve)
                    exec uvicorn main:app --host 0.0.0.0 --port "${2:-8000}"
                    ;;
                test) shift; exec pytest "$@" ;;
                *)
                    exec "$@"
                    ;;
            esac

            """
        let files = [
            "main.py": Self.app, "requirements.txt": Self.needs, "entry.sh": script,
            "Dockerfile": "FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\nENTRYPOINT [\"/srv/entry.sh\"]\n",
            "compose.yaml": "services:\n  web:\n    build: .\n\(command)    ports: [\"8000:8000\"]\n",
        ]
        let config = LaunchSample.created("fly.toml", try await LaunchSample.plan(files))
        #expect(config.contains(expected), "\(config)")
    }

    @Test(
        "migrations that go to the developer's own database are no release command",
        arguments: [
            ("config = context.config\nurl = config.get_main_option(\"sqlalchemy.url\")\n", false),
            (
                "from app.core import settings\nconfig = context.config\nconfig.set_main_option(\"sqlalchemy.url\", settings.url)\n",
                true
            ),
            ("import os\nconfig = context.config\nurl = os.environ[\"DATABASE_URL\"]\n", true),
        ]
    )
    func fixedAddress(script: String, isOffered: Bool) async throws {
        var files = Self.migrated
        files["src/alembic.ini"] =
            "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://u:p@localhost:5432/db\n"
        files["src/migrations/env.py"] = "from alembic import context\n" + script
        let plan = try await LaunchSample.plan(files)
        let config = LaunchSample.created("fly.toml", plan)
        #expect(config.contains("release_command") == isOffered, "\(config)")
        #expect(plan.notes.contains { $0.contains("src/alembic.ini:3") } == !isOffered)
    }

    @Test("what an image's own command begins with stands before everything else that runs in it")
    func wrapper() async throws {
        let files = [
            "main.py": Self.app, "requirements.txt": Self.needs + "celery\nalembic\n",
            "alembic.ini": "[alembic]\nscript_location = m\n",
            "m/env.py": "", "m/versions/1.py": "", "tasks.py": "from celery import Celery\n\ncelery = Celery(\"x\")\n",
            "Dockerfile": "FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\n"
                + "CMD [\"uv\", \"run\", \"--no-dev\", \"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]\n",
            "Procfile": "worker: celery -A tasks worker\n",
        ]
        let config = LaunchSample.created("fly.toml", try await LaunchSample.plan(files))
        #expect(config.contains(#"release_command = "uv run --no-dev alembic upgrade head""#), "\(config)")
        #expect(config.contains(#"worker = "uv run --no-dev celery -A tasks worker""#), "\(config)")
    }

    @Test("a Dockerfile that the server can't build is left aside, and the next launch remembers why")
    func withoutDockerfile() async throws {
        var files = [
            "main.py": Self.app, "requirements.txt": "fastapi\nuvicorn\n",
            "Dockerfile": "FROM example.org/base:1\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n",
        ]
        let scan = try await Scan.run(Project(files: files))
        #expect(BuildWay.canDoWithout("Dockerfile", scan))
        var options = LaunchOptions()
        options.withoutDockerfile =
            "Dockerfile:1: example.org/base:1 is out of this host's reach, so it is built without it"
        let plan = LaunchPlan.make(scan.facts, project: scan.context.project, options: options)
        let config = LaunchSample.created("fly.toml", plan)
        #expect(config.contains("  builder = \"python\"") && !config.contains("dockerfile"), "\(config)")
        #expect(plan.notes.contains { $0.contains("example.org") })
        files["fly.toml"] = config
        let again = try await Scan.run(Project(files: files))
        let later = LaunchPlan.make(again.facts, project: again.context.project)
        #expect(later.check(again.context.project).isEmpty, "\(later.check(again.context.project))")
    }

    @Test("a Dockerfile that holds more than Python has no other way")
    func noOtherWay() async throws {
        let files = [
            "main.py": Self.app, "requirements.txt": "fastapi\n",
            "Dockerfile": "FROM docker.io/library/node:20 AS web\nRUN npm ci\nFROM python:3.13-slim\nCOPY . .\n",
        ]
        #expect(!BuildWay.canDoWithout("Dockerfile", try await Scan.run(Project(files: files))))
    }
}
