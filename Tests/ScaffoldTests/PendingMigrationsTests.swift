import Model
import Testing

@testable import Scaffold

@Suite("Migrations that a deploy brings along")
struct PendingMigrationsTests {
    private func pending(_ upgrades: [String], running: [String]?) async throws -> PendingMigrations {
        try await PendingMigrations.read(try await scan(upgrades), running: running)
    }

    /// A project with a chain of revisions r0, r1, …, each with that body of `upgrade`.
    private func scan(_ upgrades: [String]) async throws -> ScanResult {
        try await Scan.run(Project(files: Self.files(upgrades)))
    }

    private static func files(_ upgrades: [String]) -> [String: String] {
        var files = [
            "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
            "requirements.txt": "fastapi\nalembic\nsqlalchemy\n",
            "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "",
        ]
        for (number, body) in upgrades.enumerated() {
            files["alembic/versions/r\(number).py"] = """
                from alembic import op
                import sqlalchemy as sa

                revision = "r\(number)"
                down_revision = \(number == 0 ? "None" : "\"r\(number - 1)\"")

                def upgrade():
                    \(body)

                def downgrade():
                    op.drop_column("users", "other")
                """
        }
        return files
    }

    private static let table = "op.create_table('users', sa.Column('id', sa.Integer()))"

    @Test("only what the release in service does not have yet is looked at")
    func new() async throws {
        let upgrades = [
            Self.table, "op.drop_column('users', 'name')", "op.add_column('users', sa.Column('a', sa.Integer()))",
        ]
        let all = try await pending(upgrades, running: ["r0"])
        #expect(all.heads == ["r2"] && all.breaks.map(\.revision) == ["r1"], "\(all)")
        let first = try #require(all.breaks.first)
        #expect(first.place == "alembic/versions/r1.py:8" && first.way.contains("in the release after"), "\(first)")
        #expect(try await pending(upgrades, running: ["r1"]).breaks.isEmpty)
        #expect(try await pending(upgrades, running: ["r2"]).breaks.isEmpty)
    }

    @Test(
        "what breaks code that still runs",
        arguments: [
            "op.drop_column('users', 'name')", "op.drop_table('users')", "op.rename_table('users', 'people')",
            "op.alter_column('users', 'name', new_column_name='title')",
            "op.alter_column('users', 'name', type_=sa.Integer())", "op.alter_column('users', 'name', nullable=False)",
            "op.add_column('users', sa.Column('a', sa.Integer(), nullable=False))",
            "op.execute('ALTER TABLE users DROP COLUMN name')",
            "op.execute('ALTER TABLE users ALTER COLUMN age TYPE bigint')",
            "op.execute(sa.text('ALTER TABLE users RENAME COLUMN a TO b'))",
            "op.execute('-- \(String(repeating: "long ", count: 200))\\nALTER TABLE users DROP name')",
        ]
    )
    func breaking(body: String) async throws {
        let found = try await pending([Self.table, body], running: ["r0"])
        #expect(found.breaks.count == 1 && found.breaks.first?.way.contains("release") == true, "\(found)")
    }

    @Test(
        "what does not",
        arguments: [
            "op.add_column('users', sa.Column('a', sa.Integer()))",
            "op.add_column('users', sa.Column('a', sa.Integer(), nullable=False, server_default='0'))",
            "op.create_table('orders', sa.Column('id', sa.Integer()))", "op.create_index('by_name', 'users', ['name'])",
            "op.alter_column('users', 'name', nullable=True)", "pass",
            "op.execute('CREATE TABLE b (a int); ALTER TABLE b DROP COLUMN a; CREATE INDEX i ON users (a)')",
        ]
    )
    func harmless(body: String) async throws {
        #expect(try await pending([Self.table, body], running: ["r0"]).breaks.isEmpty)
    }

    @Test("where nothing is known of the release in service, that is said, and nothing is guessed")
    func unknown() async throws {
        let upgrades = [Self.table, "op.drop_column('users', 'name')"]
        for running in [nil, ["from_elsewhere"]] {
            let found = try await pending(upgrades, running: running)
            #expect(found.isUnknown && found.breaks.isEmpty && found.heads == ["r1"])
        }
        // A release from before there were migrations has none of them.
        #expect(try await pending(upgrades, running: []).breaks.isEmpty, "its table is made in the same deploy")
    }

    @Test("files of SQL that a revision names are read, but those of its way back are not")
    func namedFiles() async throws {
        var files = Self.files([Self.table, "op.execute(open('alembic/sql/up.sql').read())"])
        files["alembic/versions/r1.py"]? += "\n    op.execute(open('alembic/sql/other.sql').read())\n"
        files["alembic/sql/up.sql"] = "-- first\nSELECT 1;\nALTER TABLE users DROP COLUMN name;\n"
        files["alembic/sql/other.sql"] = "DROP TABLE users;\n"
        let found = try await PendingMigrations.read(try await Scan.run(Project(files: files)), running: ["r0"])
        #expect(found.breaks.map(\.place) == ["alembic/sql/up.sql:3"], "\(found)")
    }

    @Test("a folder of SQL files is a chain in the order of its numbers, whose way back is left out")
    func folder() async throws {
        let files = [
            "main.py": "from fastapi import FastAPI\napp = FastAPI()\n", "requirements.txt": "fastapi\n",
            "db/migrations/2_users.sql": "CREATE TABLE users (name text);\n",
            "db/migrations/9_age.sql": "ALTER TABLE users ADD COLUMN age int;\n",
            "db/migrations/10_less.sql": """
            -- migrate:up
            ALTER TABLE users DROP COLUMN name;
            -- migrate:down
            DROP TABLE users;
            """,
            "db/migrations/10_less.down.sql": "DROP TABLE users;\n", "db/migrations/schema.sql": "DROP TABLE users;\n",
        ]
        let scan = try await Scan.run(Project(files: files))
        let found = try await PendingMigrations.read(scan, running: ["db/migrations/9_age.sql"])
        #expect(found.heads == ["db/migrations/10_less.sql"] && !found.isUnknown, "\(found)")
        #expect(found.breaks.map(\.place) == ["db/migrations/10_less.sql:2"], "\(found)")
        #expect(try await PendingMigrations.read(scan, running: ["db/migrations/2_users.sql"]).breaks.count == 1)
        let old = try await PendingMigrations.read(scan, running: ["r0"])
        #expect(old.isUnknown && old.breaks.isEmpty)
    }

    @Test("a SQLite file on a volume is not migrated by release_command, and the message says where instead")
    func sqlite() async throws {
        let scan = try await scan([Self.table])
        var config = AppConfig()
        config.mounts = [AppConfig.Mount(source: "data", destination: "/data")]
        config.env["DATABASE_URL"] = "sqlite+aiosqlite:////data/app.db"
        config.processes["app"] = ["uvicorn", "main:app"]
        config.deploy.releaseCommand = ["alembic", "upgrade", "head"]
        let fault = try #require(PendingMigrations.misplaced(config, scan))
        #expect(fault.message.contains("DATABASE_URL") && fault.message.contains("no volume"))
        #expect(fault.hint?.contains("app = \"sh -c 'alembic upgrade head && exec uvicorn main:app'\"") == true)
        config.deploy.releaseCommand = ["python", "warm_cache.py"]
        #expect(PendingMigrations.misplaced(config, scan) == nil)
        config.deploy.releaseCommand = ["alembic", "upgrade", "head"]
        config.env["DATABASE_URL"] = "postgresql://db/app"
        #expect(PendingMigrations.misplaced(config, scan) == nil)
        config.env["DATABASE_URL"] = "sqlite:////data/app.db"
        config.mounts = []
        #expect(PendingMigrations.misplaced(config, scan) == nil, "whatever it is good for")
    }
}
