import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("How a Python project is built without a Dockerfile")
struct PythonBuildReaderTests {
    private static let app = "from fastapi import FastAPI\napp = FastAPI()\n"

    private func read(
        _ files: [String: String],
        _ change: (inout PythonBuildOptions) -> Void = { _ in }
    ) async throws -> PythonBuild {
        let scan = try await Scan.run(Project(files: files))
        var options = PythonBuildOptions()
        options.port = 8080
        change(&options)
        let build = PythonBuildReader.read(scan, options)
        try build.check()
        return build
    }

    private func lines(_ build: PythonBuild) -> [String] { build.installs.map { $0.arguments.joined(separator: " ") } }

    @Test("a package called src is imported by that name")
    func sourcePackage() async throws {
        let build = try await read([
            "src/main.py": "from fastapi import FastAPI\nfrom src.settings import X\napp = FastAPI()\n",
            "src/settings.py": "X = 1\n", "requirements.txt": "fastapi\nuvicorn\n",
        ])
        #expect(build.command.prefix(2) == ["uvicorn", "src.main:app"])
        #expect(build.environment["PYTHONPATH"] == "/app")
    }

    @Test("a project with a build system is installed where it lies, so that its commands and metadata exist")
    func ownScript() async throws {
        let manifest = """
            [project]
            name = "ledger-web"
            version = "1.4.2"
            dependencies = ["fastapi==0.115.6", "uvicorn==0.34.0"]
            readme = "README.md"
            [project.scripts]
            ledger-web = "ledger.serve:main"
            [build-system]
            requires = ["hatchling"]
            build-backend = "hatchling.build"
            """
        let files = [
            "pyproject.toml": manifest, "src/ledger/__init__.py": "",
            "src/ledger/serve.py": Self.app + "def main(): pass\n",
        ]
        let build = try await read(files) { $0.needsCommand = false }
        #expect(lines(build) == ["pip install -r pyproject.toml", "pip install --no-deps -e ."])
        #expect(build.installs.last?.decisive == ["pyproject.toml"])
        #expect(build.installs.last?.placeholders == ["README.md"])
        #expect(build.installs.last?.isOptional == false)
        let locked = try await read(files.merging(["uv.lock": "version = 1\n"]) { $1 }) { $0.needsCommand = false }
        #expect(lines(locked) == ["sync --frozen --no-dev --no-install-project", "pip install --no-deps -e ."])
    }

    @Test("a project in which poetry finds no package of its name is not installed, though its Dockerfile says so")
    func poetryWithoutPackage() async throws {
        let tool =
            "[tool.poetry]\nname = \"short-ener\"\nversion = \"1\"\n[tool.poetry.dependencies]\nfastapi = \"*\"\nuvicorn = \"*\"\n"
            + "[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n"
        var files = [
            "src/main.py": Self.app, "pyproject.toml": tool,
            "Dockerfile": "FROM python:3.12\nCOPY . .\nRUN poetry install\nCMD uvicorn src.main:app\n",
        ]
        #expect(!lines(try await read(files)).contains { $0.contains("-e .") })
        files["src/short_ener/__init__.py"] = ""
        #expect(lines(try await read(files)).last == "pip install --no-deps -e .")
    }

    @Test("what poetry declares is installed without poetry, whatever kind of project it is")
    func poetry() async throws {
        let tool =
            "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\nfastapi = \"^0.115\"\nuvicorn = \"^0.34\"\n"
        let old = try await read(["main.py": Self.app, "pyproject.toml": tool])
        #expect(old.installs.first?.list == "fastapi>=0.115,<0.116\nuvicorn>=0.34,<0.35\n")
        #expect(old.installs.count == 1 && old.installs.first?.files == [])
        let two = "[project]\nname = \"m\"\nversion = \"1\"\ndynamic = [\"dependencies\"]\n"
        let new = try await read(["main.py": Self.app, "pyproject.toml": two + tool])
        #expect(new.installs.first?.list == old.installs.first?.list)
        func locked(_ name: String, _ version: String) -> String {
            "[[package]]\nname = \"\(name)\"\nversion = \"\(version)\"\ngroups = [\"main\"]\n"
        }
        let lock = locked("fastapi", "0.115.6") + locked("uvicorn", "0.34.0")
        let pinned = try await read(["main.py": Self.app, "pyproject.toml": tool, "poetry.lock": lock])
        #expect(pinned.installs.first?.list == "fastapi==0.115.6\nuvicorn==0.34.0\n")
        #expect(lines(pinned).first == "pip install --no-deps -r {list}")
    }

    @Test("a server that another package brings in stays as the lock has it")
    func lockedServer() async throws {
        let files = [
            "main.py": Self.app, "start.sh": "gunicorn main:app -k uvicorn_worker.UvicornWorker\n",
            "pyproject.toml":
                "[project]\nname='m'\nversion='1'\ndependencies=['fastapi', 'uvicorn', 'uvicorn-worker']\n",
            "uv.lock": "version = 1\n[[package]]\nname = \"gunicorn\"\nversion = \"25.1.0\"\n",
        ]
        #expect(lines(try await read(files)).last == "pip install gunicorn==25.1.0")
        let open = files.merging(["uv.lock": "version = 1\n"]) { $1 }
        #expect(lines(try await read(open)).last == "pip install gunicorn==27.0.1")
    }

    @Test("a dependency by path is the folder of the project, never a package of that name from the index")
    func pathDependency() async throws {
        let build = try await read([
            "main.py": Self.app, "libs/core/pyproject.toml": "[project]\nname='core'\nversion='1'\n",
            "pyproject.toml":
                "[tool.poetry]\nname='x'\nversion='1'\n[tool.poetry.dependencies]\nfastapi='*'\ncore={path='libs/core', develop=true}\n",
        ])
        #expect(build.installs.first?.list?.contains("-e /app/libs/core") == true)
        #expect(build.installs.first?.files == nil)
    }

    @Test("requirements bring the files that they name, however they are written")
    func requirements() async throws {
        var build = try await read([
            "main.py": Self.app, "requirements.txt": "\u{FEFF}-rbase.txt\nuvicorn\n", "base.txt": "fastapi",
        ])
        #expect(build.installs.first?.files == ["base.txt", "requirements.txt"])
        build = try await read([
            "main.py": Self.app, "requirements.txt": "fastapi\nvendor/x-1-py3-none-any.whl\n",
            "vendor/x-1-py3-none-any.whl": "",
        ])
        #expect(build.installs.first?.files == ["requirements.txt", "vendor/x-1-py3-none-any.whl"])
        build = try await read([
            "main.py": Self.app, "requirements.txt": "--extra-index-url file:///app/shelf\nfastapi\n",
        ])
        #expect(build.installs.first?.files == nil)
        build = try await read([
            "main.py": Self.app, "requirements.txt": "fastapi\n-e ./libs/core\n", "libs/core/setup.py": "",
        ])
        #expect(build.installs.first?.files == nil)
        #expect(build.installs.first?.decisive?.contains("libs/core/setup.py") == true)
    }

    @Test("where the app writes it may, and only there")
    func writable() async throws {
        let requirements = ["requirements.txt": "fastapi\nuvicorn\n"]
        var build = try await read(
            requirements.merging(["main.py": Self.app + "import sqlite3\nbase = sqlite3.connect('notes.db')\n"]) { $1 }
        )
        #expect(build.writable == ["/app"])
        #expect(build.notes.contains { $0.contains("[[mounts]]") })
        build = try await read(
            requirements.merging(["main.py": Self.app + "import os\nos.makedirs('uploads', exist_ok=True)\n"]) { $1 }
        ) { $0.mounts = ["/app/uploads"] }
        #expect(build.writable == ["/app/uploads"])
        #expect(!build.notes.contains { $0.contains("[[mounts]]") })
        build = try await read(requirements.merging(["main.py": Self.app + "open('/etc/passwd', 'w')\n"]) { $1 })
        #expect(build.writable.isEmpty)
        let opener =
            "from sqlmodel import create_engine\nimport os\nP = os.environ['P']\ne = create_engine(f'sqlite:///{P}')\n"
        let unknown = ["main.py": "from store.db import e\n" + Self.app, "store/db.py": opener]
        build = try await read(requirements.merging(unknown) { $1 })
        #expect(build.writable == ["/app", "/app/store"])
        // A log that came along is the image's own file, and the folder's rights are not enough.
        let log = "{\"logger\": {\"path\": \"./logs\", \"rotation\": \"20 days\"}}"
        let logged = ["main.py": Self.app, "log.json": log, "logs": "old\n"]
        build = try await read(requirements.merging(logged) { $1 })
        #expect(build.writable == ["/app", "/app/logs"])
    }

    @Test("a Procfile's command is the last word on a process that no framework is known for")
    func procfile() async throws {
        let build = try await read(["job.py": "print(1)\n", "Procfile": "web: ./run --port $PORT && true\n"])
        #expect(build.command.last?.contains("--port 8080") == true)
        #expect(build.command.prefix(2) == ["sh", "-c"])
    }

    @Test("an unedited Dockerfile of a launch stands for the native build, an edited one and a project's own do not")
    func way() async throws {
        let files = ["main.py": Self.app, "requirements.txt": "fastapi\nuvicorn\n"]
        func way(_ dockerfile: String?, native: Bool = false) async throws -> BuildWay {
            let scan = try await Scan.run(
                Project(files: files.merging(dockerfile.map { ["Dockerfile": $0] } ?? [:]) { $1 })
            )
            return try BuildWay.decide(.init(), dockerfile: nil, scan, native: native)
        }
        let launched = Stamp.sealed(
            "# syntax=docker/dockerfile:1\n\(Stamp.line("Generated by roost 1; facts: x"))\nFROM python:3.12\n"
        )
        #expect(Stamp.isUntouched(launched))
        #expect(try await way(launched) == .native(generated: "Dockerfile"))
        #expect(try await way(launched.replacing("\n", with: "\r\n")) == .native(generated: "Dockerfile"))
        #expect(try await way(launched + "RUN true\n") == .dockerfile("Dockerfile"))
        #expect(try await way("FROM python:3.12\n") == .dockerfile("Dockerfile"))
        #expect(try await way("FROM python:3.12\n", native: true) == .native(generated: nil))
        #expect(try await way(nil) == .native(generated: nil))
        let other = Stamp.sealed("\(Stamp.line("Generated by roost 1"))\nFROM node:24 AS frontend\nFROM python:3.12\n")
        #expect(try await way(other) == .dockerfile("Dockerfile"))
        let go = try await Scan.run(
            Project(files: ["main.go": "package main\nfunc main() {}\n", "go.mod": "module x\n"])
        )
        #expect(throws: Fault.self) { try BuildWay.decide(.init(), dockerfile: nil, go, native: false) }
    }

    @Test(
        "the Python is the one that is asked for, else the nearest that the bounds allow",
        arguments: [
            (">=3.9", "3.12", ["3.13", "3.12", "3.11"], 12), (">=3.9", "3.12", ["3.13", "3.11"], 13),
            (">=3.9,<3.13", "3.12", ["3.13", "3.11"], 11), (">=3.9", "3.12", [], 12),
            (">=3.9", "meadow-env", ["3.11"], 11),
        ]
    )
    func fit(bound: String, pin: String, offered: [String], expected: Int) async throws {
        let manifest = "[project]\nname='x'\nversion='1'\nrequires-python='\(bound)'\ndependencies=['fastapi']\n"
        let scan = try await Scan.run(
            Project(files: ["main.py": Self.app, "pyproject.toml": manifest, ".python-version": pin])
        )
        #expect(
            try PythonFit.choose(scan, offered: offered.map { PythonOffer(version: $0, origin: "") }).minor == expected
        )
    }

    @Test("a project that names no Python is built with the host's own, where its bounds allow that")
    func standard() async throws {
        let offers = [
            PythonOffer(version: "3.14", origin: "testing"),
            PythonOffer(version: "3.11", origin: "own", isStandard: true),
        ]
        func minor(_ files: [String: String]) async throws -> Int {
            let all = files.merging(["main.py": Self.app]) { $1 }
            return try PythonFit.choose(try await Scan.run(Project(files: all)), offered: offers).minor
        }
        let bound = "[project]\nname='x'\nversion='1'\ndependencies=['fastapi']\nrequires-python="
        #expect(try await minor(["requirements.txt": "fastapi\n"]) == 11)
        #expect(try await minor(["pyproject.toml": bound + "'>=3.10'\n"]) == 11)
        #expect(try await minor(["pyproject.toml": bound + "'>=3.12'\n"]) == 14)
        #expect(try await minor(["requirements.txt": "fastapi\n", ".python-version": "3.14\n"]) == 14)
        #expect(try await minor(["requirements.txt": "fastapi\n", "Dockerfile": "FROM python:3.14-slim\n"]) == 14)
    }

    @Test("a lock that lacks what the project wants still pins what it has")
    func partialLock() async throws {
        let tool =
            "[tool.poetry]\nname = \"x\"\nversion = \"1\"\n[tool.poetry.dependencies]\nfastapi = \"^0.109\"\nuvicorn = \"^0.30\"\n"
        let lock = "[[package]]\nname = \"fastapi\"\nversion = \"0.109.1\"\noptional = false\n"
        let build = try await read(["main.py": Self.app, "pyproject.toml": tool, "poetry.lock": lock])
        #expect(build.installs.first?.list == "fastapi==0.109.1\nuvicorn>=0.30,<0.31\n")
        #expect(lines(build).first == "pip install -r {list}")
        #expect(build.notes.contains { $0.contains("uvicorn") })
        let deep =
            lock
            + "[package.dependencies]\nstarlette = \">=0.1\"\n[[package]]\nname = \"uvicorn\"\nversion = \"0.30\"\n"
        let other = try await read(["main.py": Self.app, "pyproject.toml": tool, "poetry.lock": deep])
        #expect(lines(other).first == "pip install -r {list}")
    }

    @Test("where no Python fits, one sentence says who asks for what and what there is")
    func noFit() async throws {
        let manifest = "[project]\nname='x'\nversion='1'\nrequires-python='>=3.14'\ndependencies=['fastapi']\n"
        let scan = try await Scan.run(Project(files: ["main.py": Self.app, "pyproject.toml": manifest]))
        let fault = #expect(throws: Fault.self) {
            try PythonFit.choose(scan, offered: ["3.11", "3.9"].map { PythonOffer(version: $0, origin: "") })
        }
        #expect(fault?.message == "pyproject.toml:4 asks for Python >=3.14, and this host can make 3.9, 3.11")
    }

    @Test("what a release runs is installed also where the project does not name it")
    func migrationTool() async throws {
        var files = [
            "main.py": Self.app, "requirements.txt": "fastapi\nsqlalchemy\npsycopg\nuvicorn\n",
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/versions/a.py": "revision = 'a'\n",
            "alembic/env.py": "from alembic import context\n",
        ]
        #expect(try await lines(read(files)).last == "pip install alembic")
        #expect(try await lines(read(files) { $0.needsCommand = false }).last == "pip install alembic")
        // Where a Dockerfile of the project's own is done without, too.
        files["Dockerfile"] = "FROM python:3.11\nRUN pip install fastapi alembic\nCOPY . .\nCMD uvicorn main:app\n"
        #expect(try await lines(read(files)).last == "pip install alembic")
        files["requirements.txt"] = "fastapi\nsqlalchemy\nadvanced-alchemy\npsycopg\nuvicorn\n"
        #expect(try await !lines(read(files)).contains("pip install alembic"))
    }

    @Test(
        "SQLAlchemy's asyncio has greenlet, which newer versions bring no more; what is pinned or locked is left alone",
        arguments: [
            ("sqlalchemy", true), ("sqlalchemy>=2.0", true), ("sqlalchemy~=2.0", true), ("sqlalchemy==2.1.3", true),
            ("sqlalchemy[asyncio]", false), ("sqlalchemy==2.0.36", false), ("sqlalchemy>=2,<2.1", false),
            ("sqlalchemy~=2.0.1", false), ("sqlalchemy\ngreenlet", false),
        ]
    )
    func greenlet(requirement: String, isAdded: Bool) async throws {
        let code = """
            from fastapi import FastAPI
            from sqlalchemy.ext.asyncio import create_async_engine
            engine = create_async_engine("sqlite+aiosqlite:///./app.db")
            app = FastAPI()
            """
        let files = ["main.py": code, "requirements.txt": "fastapi\nuvicorn\naiosqlite\n\(requirement)\n"]
        let installs = lines(try await read(files))
        #expect(installs.contains { $0.hasPrefix("pip install greenlet==") } == isAdded, "\(installs)")
        let blocking = code.replacing("create_async_engine", with: "create_engine").replacing(".ext.asyncio", with: "")
            .replacing("+aiosqlite", with: "")
        let plain = lines(try await read(["main.py": blocking, "requirements.txt": "fastapi\nuvicorn\nsqlalchemy\n"]))
        #expect(!plain.contains { $0.contains("greenlet") })
    }
}
