import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Migrations of a database that is a file")
struct StartMigrationTests {
    private static let code = """
        import os
        from fastapi import FastAPI
        from sqlalchemy import create_engine

        engine = create_engine(os.getenv("DATABASE_URL", "sqlite:///./shop.db"))
        app = FastAPI()


        @app.get("/health")
        def health():
            return {}

        """
    private static let files = [
        "requirements.txt": "fastapi==0.115.6\nuvicorn==0.34.0\nsqlalchemy\nalembic\n", "main.py": code,
        "alembic.ini": "[alembic]\nscript_location = migrations\n", "migrations/versions/1.py": "",
        "migrations/env.py": "import os\nurl = os.environ['DATABASE_URL']\n",
    ]

    /// The words of the web process as `fly.toml` has them.
    private func web(_ plan: LaunchPlan) throws -> [String]? {
        let text = LaunchSample.created("fly.toml", plan)
        let read = try AppConfig.read(try TOML.parse(Array(text.utf8), file: "fly.toml"), file: "fly.toml", regions: [])
        return read.config.processes["web"]
    }

    @Test("they run before the server, where the file is, and no release tries to")
    func beforeServer() async throws {
        let plan = try await LaunchSample.plan(Self.files)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(!text.contains("release_command"), "\(text)")
        let words = try #require(try web(plan))
        #expect(words.prefix(2) == ["sh", "-c"])
        #expect(
            words.last?.hasPrefix("alembic upgrade head && exec uvicorn main:app --host 0.0.0.0") == true,
            "\(words)"
        )
        #expect(plan.notes.contains { $0.contains("before the server at each start") }, "\(plan.notes)")
    }

    @Test("a database that a server keeps is still migrated by the release")
    func server() async throws {
        var files = Self.files
        files["main.py"] = Self.code.replacing("sqlite:///./shop.db", with: "postgresql://localhost/shop")
        files["requirements.txt"]? += "psycopg2-binary\n"
        let plan = try await LaunchSample.plan(files)
        #expect(LaunchSample.created("fly.toml", plan).contains("release_command"))
        #expect(try web(plan) == nil)
    }

    @Test(
        "an image of the project's own keeps its command, with the migrations before it",
        arguments: [
            ("CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]", "exec uvicorn main:app --host 0.0.0.0"),
            ("CMD uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}", "exec uvicorn main:app --host 0.0.0.0 --port"),
            ("CMD cd /srv && uvicorn main:app --host 0.0.0.0", "cd /srv && uvicorn main:app"),
            ("ENTRYPOINT [\"tini\", \"--\"]\nCMD [\"uvicorn\", \"main:app\"]", "exec uvicorn main:app"),
        ]
    )
    func ownImage(lines: String, end: String) async throws {
        var files = Self.files
        files["Dockerfile"] = LaunchSample.image + lines + "\n"
        let words = try #require(try web(try await LaunchSample.plan(files)))
        #expect(words.last?.hasPrefix("alembic upgrade head && \(end)") == true, "\(words)")
    }

    @Test("where the command can't be replaced, or tables are made by the app, it is said")
    func said() async throws {
        var files = Self.files
        files["Dockerfile"] = LaunchSample.image + "ENTRYPOINT [\"uvicorn\", \"main:app\"]\n"
        var plan = try await LaunchSample.plan(files)
        #expect(try web(plan) == nil)
        #expect(plan.notes.contains { $0.contains("run `alembic upgrade head` before the server") }, "\(plan.notes)")
        files = Self.files
        files["main.py"]? += "\nfrom models import Base\nBase.metadata.create_all(engine)\n"
        files["models.py"] = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
        plan = try await LaunchSample.plan(files)
        #expect(try web(plan) == nil)
        #expect(plan.notes.contains { $0.contains("the app makes its tables itself (main.py:") }, "\(plan.notes)")
    }

    @Test("a script of the image that migrates already is left alone")
    func already() async throws {
        var files = Self.files
        files["start.sh"] = "#!/bin/sh\nalembic upgrade head\nexec uvicorn main:app --host 0.0.0.0 --port 8000\n"
        files["Dockerfile"] = LaunchSample.image + "CMD [\"./start.sh\"]\n"
        #expect(try web(try await LaunchSample.plan(files)) == nil)
    }

    @Test("the file stays where migrations that take no other address make its tables")
    func fixedAddress() async throws {
        var files = Self.files
        files["alembic.ini"] = "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///./shop.db\n"
        files["migrations/env.py"] = "from alembic import context\n\nconfig = context.config\n"
        let plan = try await LaunchSample.plan(files)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(!text.contains("DATABASE_URL") && !text.contains("[[mounts]]"), "\(text)")
        #expect(plan.notes.contains { $0.contains("(alembic.ini:3 names it there") }, "\(plan.notes)")
        #expect(try web(plan)?.last?.hasPrefix("alembic upgrade head && exec uvicorn") == true)
        // One that reads the app's variable follows it to the volume.
        files["migrations/env.py"] = Self.files["migrations/env.py"]
        #expect(LaunchSample.created("fly.toml", try await LaunchSample.plan(files)).contains("[[mounts]]"))
    }

    @Test("a database of the project that the app begins without is told")
    func committed() async throws {
        var files = Self.files
        files["shop.db"] = "SQLite format 3"
        let moved = try await LaunchSample.plan(files)
        #expect(moved.notes.contains { $0.hasPrefix("shop.db of the project stays behind: the volume at /data") })
        files["main.py"] = Self.code.replacing(
            "os.getenv(\"DATABASE_URL\", \"sqlite:///./shop.db\")",
            with: "\"sqlite:///./shop.db\""
        )
        files["migrations/env.py"] = "from alembic import context\n"
        let beside = try await LaunchSample.plan(files)
        #expect(beside.notes.contains { $0.hasPrefix("shop.db does not come into the image") }, "\(beside.notes)")
        files["Dockerfile"] = LaunchSample.image + "CMD [\"uvicorn\", \"main:app\"]\n"
        #expect(!(try await LaunchSample.plan(files)).notes.contains { $0.contains("shop.db") && $0.contains("image") })
        files[".dockerignore"] = "*.db\n"
        let ignored = try await LaunchSample.plan(files)
        #expect(ignored.notes.contains { $0.hasPrefix(".dockerignore keeps shop.db out of the image") })
    }
}
