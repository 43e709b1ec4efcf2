import Model
import Testing

@testable import Scaffold

@Suite("Migrations that a first try meets")
struct FirstTryMigrationTests {
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
        let text = LaunchSample.created("fly.toml", try await FirstTry.plan(files))
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
        let plan = try await FirstTry.plan(files)
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
        var files = Self.migrated(
            Self.blocking.replacing("settings.DATABASE_URL", with: "os.environ['ALEMBIC_DB_URL']")
        )
        files["migrations/env.py"] = "import os\n" + (files["migrations/env.py"] ?? "")
        files["settings.py"]?.replace(
            "    DATABASE_URL: str\n",
            with: "    DATABASE_URL: str\n    ALEMBIC_DB_URL: str\n"
        )
        let scan = try await FirstTry.scan(files)
        let wish = try TryoutPlan(.named([.init(.postgres)]), scan.context, facts: scan.facts, app: "x").wishes.first
        let forms = wish.map { Dictionary(uniqueKeysWithValues: $0.connections.map { ($0.variable, $0.form.text) }) }
        #expect(forms?["DATABASE_URL"]?.hasPrefix("postgresql+asyncpg://") == true, "\(String(describing: forms))")
        #expect(forms?["ALEMBIC_DB_URL"]?.hasPrefix("postgresql://") == true, "\(String(describing: forms))")
    }

    @Test("Alembic's file above the app's folder comes along: a release runs where it lies")
    func above() async throws {
        let app = "from fastapi import FastAPI\nimport sqlalchemy\napp = FastAPI()\n"
        let files = [
            "blog/requirements.txt": "fastapi\nsqlalchemy\nalembic\npsycopg2-binary\n", "blog/main.py": app,
            "blog/db.py": "import os\nfrom sqlalchemy import create_engine\ne = create_engine(os.environ['DB_URL'])\n",
            "alembic.ini": "[alembic]\nscript_location = blog/migrations\n",
            "blog/migrations/env.py": "from alembic import context\nimport os\nurl = os.environ['DB_URL']\n",
            "blog/migrations/versions/1.py": "revision = '1'\ndef upgrade():\n    op.create_table('a')\n",
        ]
        let scan = try await Scan.run(Project(files: files))
        #expect(scan.facts.root == "blog" && scan.facts.migrations?.workingDirectory == "..")
        #expect(LaunchPlan.make(scan.facts, project: scan.context.project).folder == "")
        #expect(BuildLayout(scan.facts).context == "" && BuildLayout(scan.facts).project == "blog")
    }

    @Test("no folder goes on the path for a module of Python's own, nor one that would hide such modules")
    func library() async throws {
        var files = Self.migrated(
            "import logging\nfrom models import Base\n" + Self.awaiting,
            ini: "prepend_sys_path = .\n"
        )
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
            let plan = try await FirstTry.plan(files)
            let isTold = plan.notes.contains { $0.contains("1_a.py:4 changes a table that no revision makes") }
            return LaunchSample.created("fly.toml", plan).contains("release_command =") ? "run" : isTold ? "told" : ""
        }
        #expect(try await release("op.add_column('sales', sa.Column('x'))") == "told")
        #expect(try await release("op.create_index(op.f('ix_a'), 'sales', ['x'])") == "told")
        #expect(
            try await release("op.add_column('sales', sa.Column('x'))", "op.create_table(\n        'sales',") == "run"
        )
        #expect(
            try await release("op.add_column('sales', sa.Column('x'))", "op.execute('CREATE TABLE sales ()')") == "run"
        )
        #expect(try await release("op.create_table('sales')") == "run")
        // Names of columns in a batch, comments, and tables that are made in ways which are not followed, say nothing.
        let batch = "with op.batch_alter_table('sales') as batch_op:\n        batch_op.drop_column('age')"
        #expect(try await release("op.create_table('sales')", batch) == "run")
        #expect(try await release("op.create_table('sales')", "# op.drop_table('spatial_ref_sys')") == "run")
        #expect(try await release("op.execute(open('schema.sql').read())", "op.add_column('sales', x)") == "run")
        #expect(try await release("op.create_table(SALES)", "op.add_column('sales', x)") == "run")
        #expect(try await release("from app.tables import make; make()", "op.add_column('sales', x)") == "run")
    }

    @Test("a migration tool that stands in a group for development is installed all the same")
    func developmentGroup() async throws {
        var files = Self.migrated(Self.awaiting, ini: "prepend_sys_path = .\n")
        (files["Dockerfile"], files["requirements.txt"]) = (nil, nil)
        func image(_ main: String, _ group: String) async throws -> String {
            files["pyproject.toml"] = """
                [project]
                name = "x"
                version = "1"
                dependencies = ["fastapi", "uvicorn", "sqlalchemy", "asyncpg", "pydantic-settings"\(main)]
                [dependency-groups]
                dev = ["pytest"\(group)]
                """
            return LaunchSample.created("Dockerfile", try await FirstTry.plan(files))
        }
        let installs = try await image("", ", \"alembic\"").split(separator: "\n").filter { $0.contains(" install ") }
        #expect(installs.contains { $0.contains(" alembic") }, "\(installs)")
        let named = try await image(", \"alembic\"", "").split(separator: "\n").filter { $0.contains(" install ") }
        #expect(!named.contains { $0.contains(" alembic") }, "\(named)")
    }
}
