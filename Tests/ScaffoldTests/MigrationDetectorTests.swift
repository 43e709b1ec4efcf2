import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Migrations")
struct MigrationDetectorTests {
    private func found(
        _ files: [String: String],
        root: String = "",
        framework: Facts.Framework? = .fastapi,
        depends: [String] = ["alembic"]
    ) async throws -> Facts.Migrations? {
        var all = files
        let main = root.isEmpty ? "app/main.py" : "\(root)/app/main.py"
        if all[main] == nil { all[main] = "from fastapi import FastAPI\napp = FastAPI()\n" }
        var context = try await BehaviourFixture.context(all, root: root, framework: framework, depends: depends)
        MigrationDetector.detect(&context)
        return context.facts.migrations
    }

    private static let env = "from app import models\n"

    private func revision(_ name: String, after: String) -> String {
        "revision: str = '\(name)'\ndown_revision: str | None = \(after)\n"
    }

    @Test("a dependency alone is no migration")
    func onlyDeclared() async throws {
        #expect(try await found(["requirements.txt": "alembic==1.13\n"]) == nil)
        #expect(
            try await found(["alembic.ini": "[alembic]\nscript_location = alembic\n"]) == nil,
            "the folder is not there"
        )
    }

    @Test(
        "every way to say where the revisions are",
        arguments: [
            ("alembic.ini", "[alembic]\nscript_location = db/alembic\n", "db/alembic", "", "alembic upgrade head"),
            (
                "alembic.ini", "[alembic]\nscript_location = %(here)s/db/alembic\n", "db/alembic", "",
                "alembic upgrade head"
            ),
            ("alembic.ini", "[alembic]\nscript_location = db:alembic\n", "db/alembic", "", "alembic upgrade head"),
            ("db/alembic.ini", "[alembic]\nscript_location = alembic\n", "db/alembic", "db", "alembic upgrade head"),
            (
                "db/alembic.ini", "[alembic]\nscript_location = db/alembic\n", "db/alembic", "",
                "alembic -c db/alembic.ini upgrade head"
            ),
            (
                "db/alembic/alembic.ini", "[alembic]\nscript_location = /usr/src/app/db/alembic\n", "db/alembic", "",
                "alembic -c db/alembic/alembic.ini upgrade head"
            ),
            (
                "db/alembic/alembic.ini", "[alembic]\nscript_location = %(here)s\n", "db/alembic", "",
                "alembic -c db/alembic/alembic.ini upgrade head"
            ),
            (
                "migrate.ini", "[alembic]\nscript_location = db/alembic\n", "db/alembic", "",
                "alembic -c migrate.ini upgrade head"
            ),
            ("alembic.ini", "[core]\nscript_location = db/alembic\n", "db/alembic", "", "alembic -n core upgrade head"),
            (
                "pyproject.toml", "[tool.alembic]\nscript_location = \"db/alembic\"\n", "db/alembic", "",
                "alembic upgrade head"
            ),
        ]
    )
    func locations(_ file: String, _ text: String, _ location: String, _ folder: String, _ command: String) async throws
    {
        let files = [
            file: text, "db/__init__.py": "", "db/alembic/env.py": Self.env,
            "db/alembic/versions/a.py": revision("a", after: "None"),
        ]
        let migrations = try #require(try await found(files))
        #expect(migrations.tool == .alembic)
        #expect(migrations.location == location)
        #expect(migrations.workingDirectory == folder)
        #expect(migrations.command.joined(separator: " ") == command)
        #expect(migrations.config == file)
    }

    @Test("several heads need `heads`, several sections one command each")
    func heads() async throws {
        let files = [
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "",
            "alembic/versions/a.py": revision("a", after: "None"), "alembic/versions/b.py": revision("b", after: "'a'"),
            "alembic/versions/c.py": revision("c", after: "'a'"),
        ]
        #expect(try await found(files)?.command == ["alembic", "upgrade", "heads"])
        var merged = files
        merged["alembic/versions/d.py"] = "revision = \"d\"\ndown_revision = (\n    \"b\",\n    \"c\",\n)\n"
        #expect(try await found(merged)?.command == ["alembic", "upgrade", "head"])
        let sections = [
            "alembic.ini": "[one]\nscript_location = one\n[two]\nscript_location = two\n", "one/env.py": "",
            "two/env.py": "",
        ]
        let both = ["sh", "-c", "alembic -n one upgrade head && alembic -n two upgrade head"]
        #expect(try await found(sections)?.command == both)
    }

    @Test("of several files the one whose folder is there and holds revisions")
    func several() async throws {
        let files = [
            "backend/alembic.ini": "[alembic]\nscript_location = gone\n",
            "backend/app/alembic.ini": "[alembic]\nscript_location = alembic\n", "backend/app/alembic/env.py": "",
            "backend/app/alembic/versions/a.py": revision("a", after: "None"),
            "backend/tests/alembic.ini": "[alembic]\nscript_location = alembic\n", "backend/tests/alembic/env.py": "",
            "other/alembic.ini": "[alembic]\nscript_location = alembic\n", "other/alembic/env.py": "",
        ]
        let migrations = try #require(try await found(files, root: "backend"))
        #expect(migrations.config == "app/alembic.ini")
        #expect(migrations.workingDirectory == "app")
    }

    @Test("a file above the app's folder is written relative to it")
    func above() async throws {
        let files = ["alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "from app import db\n"]
        let migrations = try #require(try await found(files, root: "backend"))
        #expect(migrations.workingDirectory == "..")
        #expect(migrations.location == "../alembic")
    }

    @Test("the words that the project writes down win, when they work from where they are run")
    func written() async throws {
        let files = [
            "src/alembic.ini": "[alembic]\nscript_location = %(here)s/alembic\n", "src/alembic/env.py": "",
            "Makefile": "up:\n\tpoetry run alembic -c src/alembic.ini -x a=b upgrade head\n",
        ]
        let migrations = try #require(try await found(files))
        #expect(migrations.command == ["alembic", "-c", "src/alembic.ini", "-x", "a=b", "upgrade", "head"])
        #expect(migrations.workingDirectory == "")
    }

    @Test("a hidden configuration is run by the project's own command")
    func ownCommand() async throws {
        let files = [
            "src/shop/alembic.ini": "[alembic]\nscript_location = alembic\n", "src/shop/alembic/env.py": "",
            "start.sh": "#!/bin/sh\npython -m shop database migrate\nexec uvicorn app.main:app\n",
            "Dockerfile": "FROM python:3.12\nRUN pip install .\nCOPY . /app\nWORKDIR /app\nCMD [\"./start.sh\"]\n",
        ]
        let migrations = try #require(try await found(files))
        #expect(migrations.tool == .alembic)
        #expect(migrations.command == ["python", "-m", "shop", "database", "migrate"])
        #expect(migrations.runBy == [.init(.entrypoint, Place("start.sh", 2))])
    }

    @Test(
        "who runs it already",
        arguments: [
            ("entrypoint.sh", "alembic upgrade head\nexec \"$@\"\n", .entrypoint),
            ("Procfile", "web: uvicorn app.main:app\nrelease: alembic upgrade head\n", .release),
            ("Procfile", "web: alembic upgrade head && uvicorn app.main:app\n", .entrypoint),
            ("fly.toml", "[deploy]\nrelease_command = \"poetry run alembic upgrade head\"\n", .release),
            (
                "render.yaml", "services:\n  - type: web\n    name: x\n    preDeployCommand: alembic upgrade head\n",
                .release
            ),
            ("compose.yaml", "services:\n  migrate:\n    build: .\n    command: alembic upgrade head\n", .compose),
            (
                "k8s/app.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      initContainers:\n"
                    + "        - name: migrate\n          command: [alembic, upgrade, head]\n", .initContainer
            ),
            (".github/workflows/ci.yml", "jobs:\n  test:\n    steps:\n      - run: alembic upgrade head\n", .ci),
            (
                "app/main.py",
                "from alembic import command\nfrom fastapi import FastAPI\nasync def lifespan(app):\n    migrate()\n    yield\n"
                    + "def migrate():\n    command.upgrade(config(), \"head\")\napp = FastAPI(lifespan=lifespan)\n",
                .lifespan
            ),
            (
                "app/main.py",
                "import subprocess\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.on_event(\"startup\")\nasync def up():\n"
                    + "    subprocess.run([\"alembic\", \"upgrade\", \"head\"], check=True)\n", .lifespan
            ),
        ] as [(String, String, Facts.Migrations.Runner.Kind)]
    )
    func runners(_ file: String, _ text: String, _ kind: Facts.Migrations.Runner.Kind) async throws {
        let files = [
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "", file: text,
            "Dockerfile":
                "FROM python:3.12\nRUN pip install x\nCOPY . .\nENTRYPOINT [\"./entrypoint.sh\"]\nCMD [\"uvicorn\", \"app.main:app\"]\n",
        ]
        let migrations = try #require(try await found(files))
        #expect(migrations.runBy.map(\.kind) == [kind])
        #expect(migrations.runBy.first?.place.file == file)
    }

    @Test("a command of the code that only a person runs is no start-up code")
    func notAtStart() async throws {
        let files = [
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "",
            "app/main.py": "from fastapi import FastAPI\nimport app.cli\napp = FastAPI()\n",
            "app/cli.py":
                "from alembic import command\ndef upgrade():\n    command.upgrade(None, \"head\")\nif __name__ == \"__main__\":\n    upgrade()\n",
        ]
        #expect(try await found(files)?.runBy == [])
    }

    @Test("the prestart script of an image that runs it without being told")
    func prestart() async throws {
        let files = [
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "",
            "prestart.sh": "alembic upgrade head\n",
            "Dockerfile": "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11\nCOPY . /app\n",
        ]
        #expect(try await found(files)?.runBy.map(\.kind) == [.prestart])
    }

    @Test(
        "other tools",
        arguments: [
            (
                ["pyproject.toml": "[tool.aerich]\ntortoise_orm = \"app.db.ORM\"\nlocation = \"./steps\"\n"], .aerich,
                "aerich upgrade", "steps"
            ),
            (["aerich.ini": "[aerich]\ntortoise_orm = x\nlocation = ./steps\n"], .aerich, "aerich upgrade", "steps"),
            (
                ["piccolo_conf.py": "APP_REGISTRY = AppRegistry(apps=[])\n", "shop/piccolo_migrations/a.py": ""],
                .piccolo,
                "piccolo migrations forwards all", "shop/piccolo_migrations"
            ),
            (["yoyo.ini": "[DEFAULT]\nsources = steps\n"], .yoyo, "yoyo apply --batch", "steps"),
            (
                ["Procfile": "release: beanie migrate -uri $DB -db shop -p steps\n"], .beanie,
                "beanie migrate -uri $DB -db shop -p steps", nil
            ),
            (["manage.py": "import django\n"], .django, "python manage.py migrate --noinput", nil),
            (
                ["db/migrations/1.sql": "", "db/migrate.sh": "for f in migrations/*.sql; do psql -f $f; done\n"],
                .sqlFiles,
                "sh db/migrate.sh", "db/migrations"
            ),
            (["db/migrations/1.sql": "", "Procfile": "release: dbmate up\n"], .sqlFiles, "dbmate up", "db/migrations"),
            (["Procfile": "release: python -m shop.migrations run\n"], .own, "python -m shop.migrations run", nil),
        ] as [([String: String], Facts.Migrations.Tool, String, String?)]
    )
    func tools(
        _ files: [String: String],
        _ tool: Facts.Migrations.Tool,
        _ command: String,
        _ location: String?
    ) async throws {
        let depends = tool == .django ? ["django"] : []
        let migrations = try #require(
            try await found(files, framework: tool == .django ? .django : .fastapi, depends: depends)
        )
        #expect(migrations.tool == tool)
        #expect(migrations.command.joined(separator: " ") == command)
        #expect(migrations.location == location)
    }

    @Test("a module that names SQL files in a sentence does not run them; a program that reads them does")
    func namedOnly() async throws {
        let hint = "HINT = \"run database/migrations/add.sql by hand\"\ndef rows(db):\n    return db.execute()\n"
        #expect(try await found(["database/migrations/add.sql": "", "app/rows.py": hint]) == nil)
        let runner = """
            import glob, sqlite3
            if __name__ == "__main__":
                for name in sorted(glob.glob("database/migrations/*.sql")):
                    sqlite3.connect("app.db").executescript(open(name).read())
            """
        let run = try await found(["database/migrations/add.sql": "", "app/rows.py": hint, "tools/migrate.py": runner])
        #expect(run?.command == ["python", "tools/migrate.py"])
    }

    @Test("Flask-Migrate's file names no folder; left over from before another framework it counts no longer")
    func flaskMigrate() async throws {
        let files = [
            "migrations/alembic.ini": "[alembic]\n# nothing\n", "migrations/env.py": "from flask import current_app\n",
            "app/main.py":
                "from flask import Flask\nfrom flask_migrate import Migrate\napp = Flask(__name__)\nMigrate(app, None)\n",
        ]
        let migrations = try #require(try await found(files, framework: .flask))
        #expect(migrations.tool == .flaskMigrate)
        #expect(migrations.command == ["flask", "--app", "app.main:app", "db", "upgrade"])
        var old = files
        old["migrations/alembic.ini"] = "[alembic]\nscript_location = /code/migrations\n"
        old["manage.py"] = old["app/main.py"]
        old["app/main.py"] = "from fastapi import FastAPI\nimport app.a\nimport app.b\napp = FastAPI()\n"
        old["app/a.py"] = ""
        old["app/b.py"] = ""
        let now = try #require(try await found(old))
        #expect(now.tool == .alembic)
        #expect(now.command.joined(separator: " ") == "alembic -c migrations/alembic.ini upgrade head")
    }

    @Test("an app that migrates by itself")
    func inApp() async throws {
        let files = [
            "app/main.py":
                "from fastapi import FastAPI\nfrom app.db import migrate_databases\nasync def lifespan(app):\n"
                + "    await migrate_databases()\n    yield\napp = FastAPI(lifespan=lifespan)\n",
            "app/db.py": "async def migrate_databases(): ...\n", "app/core/migrations.py": "def m001(): ...\n",
        ]
        let migrations = try #require(try await found(files))
        #expect(migrations.tool == .inApp)
        #expect(migrations.command.isEmpty)
        #expect(migrations.location == "app/core/migrations.py")
        #expect(migrations.runBy.map(\.kind) == [.lifespan])
    }

    @Test("modules that only an editor would find are looked for where they lie")
    func importRoots() async throws {
        var files = [
            "src/main.py": "from fastapi import FastAPI\nfrom src.config import settings\napp = FastAPI()\n",
            "src/config.py": "settings = 1\n", "src/db.py": "class Base: ...\n",
            "requirements.txt": "fastapi\nalembic\nsqlalchemy\npsycopg\nuvicorn\n",
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/versions/a.py": "revision = 'a'\n",
            "alembic/env.py": "from logging.config import fileConfig\nfrom alembic import context\n"
                + "from src.main import app\nfrom config import settings\nfrom db import Base\n",
        ]
        let scan = try await Scan.run(Project(files: files))
        #expect(scan.facts.migrations?.importRoots == ["src"])
        var options = PythonBuildOptions()
        options.port = 8080
        #expect(PythonBuildReader.read(scan, options).environment["PYTHONPATH"] == "/app:/app/src")
        let image = try #require(DockerfileGenerator.make(scan.facts).files.first?.text)
        #expect(image.contains("PYTHONPATH=/app:/app/src"))
        files["alembic/env.py"] = "from alembic import context\nfrom src.config import settings\n"
        #expect(try await Scan.run(Project(files: files)).facts.migrations?.importRoots == nil)
    }
}
