import Model
import Testing

@testable import Scaffold

@Suite("Rules of the database: what looks like it and what is it")
struct RuleBTests {
    static func engine(_ call: String, _ more: String = "") -> [String: String] {
        [
            "db.py": """
            import os
            import asyncpg
            from sqlalchemy import create_engine
            from sqlalchemy.ext.asyncio import create_async_engine
            from sqlalchemy.pool import NullPool
            \(more)
            engine = \(call)
            """
        ]
    }

    private static func severities(_ id: String, _ files: [String: String]) async throws -> String {
        try await RuleSample.findings(id, files).map(\.severity.rawValue).joined()
    }

    @Test(
        "sslmode reaches asyncpg, or does not",
        arguments: [
            ("create_async_engine('postgresql+asyncpg://h/d', connect_args={'sslmode': 'require'})", "", "E"),
            ("create_async_engine('postgresql+psycopg://h/d', connect_args={'sslmode': 'require'})", "", ""),
            ("create_engine('postgresql://h/d', connect_args={'sslmode': 'require'})", "", ""),
            ("create_async_engine('postgresql+asyncpg://h/d?sslmode=require')", "", "E"),
            (
                "create_async_engine(URL)",
                "URL = 'postgresql+asyncpg://h/d?sslmode=require'.replace('sslmode', 'ssl')", ""
            ),
            ("asyncpg.create_pool('postgresql://h/d?sslmode=require')", "", ""),
            (
                "create_async_engine('postgresql+asyncpg://h/d', **OPTIONS)",
                "OPTIONS = {'connect_args': {'sslmode': 'x'}}", "E"
            ),
        ]
    )
    func sslmode(call: String, more: String, severity: String) async throws {
        #expect(try await Self.severities("B01", Self.engine(call, more)) == severity)
    }

    @Test(
        "pools",
        arguments: [
            ("B03", "create_async_engine('postgresql+asyncpg://h:6543/d')", "E"),
            (
                "B03", "create_async_engine('postgresql+asyncpg://h:6543/d', connect_args={'statement_cache_size': 0})",
                ""
            ),
            ("B03", "create_engine('postgresql+psycopg2://h:6543/d')", ""),
            ("B03", "create_engine('postgresql+psycopg://h:6543/d')", "E"),
            ("B04", "create_engine('postgresql://h/d', poolclass=NullPool)", "W"),
            ("B04", "create_engine('postgresql://h:6543/d', poolclass=NullPool)", ""),
            ("B04", "create_engine('postgresql://h/d', poolclass=NullPool)\nsize = engine.pool.checkedout()", "WE"),
            ("B05", "create_engine('postgresql://h/d', pool_size=50, max_overflow=40)", "I"),
            ("B05", "create_engine('postgresql://h/d', pool_size=SIZE, max_overflow=400)", ""),
            ("B06", "create_engine('postgresql://h.flycast/d')", "W"),
            ("B06", "create_engine('postgresql://h/d')", "I"),
            ("B06", "create_engine('sqlite:///d')", ""),
            ("B06", "create_engine('postgresql://h/d', pool_recycle=600)", ""),
        ]
    )
    func pools(id: String, call: String, severity: String) async throws {
        #expect(try await Self.severities(id, Self.engine(call)) == severity)
    }

    @Test(
        "addresses and drivers",
        arguments: [
            ("create_engine('postgres://h/d')", "", "E"), ("create_engine('postgresql+asyncpg://h/d')", "", "E"),
            ("create_async_engine('postgresql+psycopg2://h/d')", "", "E"),
            ("create_async_engine('sqlite:///d')", "", "E"),
            ("create_async_engine('sqlite+aiosqlite:///d')", "", ""), ("create_engine('postgresql://h/d')", "", ""),
            ("create_engine(os.getenv('DATABASE_URL', 'postgres://h/d'))", "", "W"),
            ("create_engine(URL)", "URL = 'postgres://h/d'.replace('postgres://', 'postgresql://')", ""),
        ]
    )
    func schemes(call: String, more: String, severity: String) async throws {
        #expect(try await Self.severities("B07", Self.engine(call, more)) == severity)
    }

    @Test(
        "passwords by where the host is, never shown",
        arguments: [
            ("postgresql://me:Zx81Qq27Lm@db.shop-data.net/d", "E"), ("postgresql://me:Zx81Qq27Lm@db/d", "W"),
            ("postgresql://me:Zx81Qq27Lm@localhost:5432/d", ""), ("postgresql://me:changeme@db.shop-data.net/d", ""),
            ("redis://:Zx81Qq27Lm@cache.shop-data.net:6379", "E"), ("postgresql://me@db.shop-data.net/d", ""),
            ("postgresql://me:{password}@db.shop-data.net/d", ""),
        ]
    )
    func passwords(url: String, severity: String) async throws {
        let found = try await RuleSample.findings("B14", ["db.py": "URL = \"\(url)\"\n"])
        #expect(found.map(\.severity.rawValue).joined() == severity)
        #expect(found.allSatisfy { !$0.found.contains("Zx81Q") && !$0.message.contains("Zx8") })
    }

    @Test("migrations at the start: one machine, several, a lock, and twice")
    func atStart() async throws {
        func files(_ toml: String, lock: Bool = false) -> [String: String] {
            [
                "fly.toml": toml, "alembic.ini": "[alembic]\nscript_location = migrations\n",
                "migrations/env.py": lock ? "connection.execute('SELECT pg_advisory_lock(1)')\n" : "x = 1\n",
                "main.py": """
                from alembic import command
                from fastapi import FastAPI

                app = FastAPI()

                @app.on_event("startup")
                def migrate():
                    command.upgrade(None, "head")
                """,
            ]
        }
        let one = "app = \"a\"\n[http_service]\ninternal_port = 80\n"
        let two = one + "min_machines_running = 2\n"
        let release = two + "[deploy]\nrelease_command = \"alembic upgrade head\"\n"
        #expect(try await Self.severities("B09", files(one)) == "")
        #expect(try await Self.severities("B09", files(two)) == "E")
        #expect(try await Self.severities("B09", files(two, lock: true)) == "")
        #expect(try await Self.severities("B09", files(release)) == "W")
    }

    @Test(
        "what a revision does to running code",
        arguments: [
            ("op.drop_column('t', 'c')", 1), ("op.rename_table('t', 'u')", 1),
            ("op.alter_column('t', 'c', new_column_name='d')", 1),
            ("op.alter_column('t', 'c', type_=sa.Text())", 1), ("op.alter_column('t', 'c', nullable=True)", 0),
            ("op.add_column('t', sa.Column('c', sa.Text(), nullable=False))", 1),
            ("op.add_column('t', sa.Column('c', sa.Text(), nullable=False, server_default=''))", 0),
            ("op.add_column('t', sa.Column('c', sa.Text()))", 0), ("op.create_index('i', 't', ['c'])", 1),
            ("op.create_index('i', 't', ['c'], postgresql_concurrently=True)", 0),
            ("op.execute('ALTER TABLE t DROP COLUMN c')", 1), ("op.execute(sa.text('create index i on t (c)'))", 1),
            ("op.execute('UPDATE t SET c = 1')", 0),
            ("with op.batch_alter_table('t') as batch_op:\n        batch_op.drop_column('c')", 1),
        ]
    )
    func revisions(operation: String, count: Int) async throws {
        let files = [
            "m/env.py": "x = 1\n", "m/versions/1.py": "revision = 'a'\ndown_revision = None\n",
            "m/versions/2.py": """
            from alembic import op
            import sqlalchemy as sa

            revision = 'b'
            down_revision = 'a'

            def upgrade():
                \(operation)
            """,
        ]
        #expect(try await RuleSample.findings("B11", files).count == count)
    }

    @Test("chains: a missing parent, labels, several bases, a file that can't be read")
    func chains() async throws {
        func chain(_ files: [(String, String)]) -> [String: String] {
            var all = ["m/env.py": "x = 1\n"]
            for (index, file) in files.enumerated() {
                all["m/versions/\(index).py"] = "revision = '\(file.0)'\ndown_revision = \(file.1)\n"
            }
            return all
        }
        #expect(try await RuleSample.short("B12", chain([("a", "None"), ("b", "'x'")])) == ["E m/versions/1.py:2"])
        #expect(try await RuleSample.short("B12", chain([("a", "None"), ("b", "'a'")])) == [])
        #expect(try await RuleSample.short("B12", chain([("a", "None"), ("b", "None")])) == [])
        let labelled = chain([("a", "None"), ("b", "'a'\nbranch_labels = ('x',)"), ("c", "'a'")])
        #expect(try await RuleSample.short("B12", labelled) == [])
        var broken = chain([("a", "None"), ("b", "'x'")])
        broken["m/versions/9.py"] = "revision = 'x'\ndef (:\n"
        #expect(try await RuleSample.short("B12", broken) == [])
    }

    @Test("SQLite: volumes, machines, drivers of other databases")
    func sqlite() async throws {
        let toml = "app = \"a\"\n[http_service]\ninternal_port = 80\n"
        let mount = "[[mounts]]\nsource = \"d\"\ndestination = \"/data\"\n"
        func files(_ toml: String, _ url: String, _ requirements: String = "sqlalchemy\n") -> [String: String] {
            Self.engine("create_engine(\(url))").merging(["fly.toml": toml, "requirements.txt": requirements]) {
                _,
                new in new
            }
        }
        #expect(try await Self.severities("B16", files(toml, "'sqlite:///a.db'")) == "E")
        #expect(try await Self.severities("B16", files(toml + mount, "'sqlite:////data/a.db'")) == "")
        #expect(try await Self.severities("B16", files(toml + mount, "'sqlite:////app/a.db'")) == "E")
        #expect(try await Self.severities("B16", files(toml, "'sqlite://'")) == "")
        let fallback = "os.getenv('DATABASE_URL', 'sqlite:///a.db')"
        #expect(try await Self.severities("B16", files(toml, fallback, "sqlalchemy\npsycopg\n")) == "")
        #expect(try await Self.severities("B16", files(toml, fallback)) == "E")
    }
}
