import Testing

@testable import Scaffold

@Suite("A database whose parts are written down one by one")
struct DatabaseTableTests {
    static let engine = """
        from sqlalchemy import URL, create_engine
        from config import settings
        engine = create_engine(URL.create(**settings.DATABASE))
        """

    /// What else is there speaks for PostgreSQL, as a project does that has not gone there yet.
    static func facts(_ config: String, database: String = engine) async throws -> Facts.Database? {
        let files = [
            "requirements.txt": "sqlalchemy\npsycopg2-binary",
            "alembic.ini": "[alembic]\nsqlalchemy.url = postgresql://user:password@localhost/shop\n",
            "config.py": config, "db.py": database,
        ]
        return try await DatabaseDetectorTests.facts(files).database
    }

    @Test("the table that a connection is made from chooses the engine, and names SQLite's file")
    func table() async throws {
        let database = try await Self.facts(
            """
            class Settings:
                DATABASE = {"drivername": "sqlite", "database": "shop.sqlite3"}
            settings = Settings()
            """
        )
        #expect(database?.engine == .sqlite)
        #expect(database?.file == "shop.sqlite3")
    }

    @Test("a table within a table is one too")
    func nested() async throws {
        let database = try await Self.facts(
            """
            class Settings:
                DATABASES = {"default": {"drivername": "sqlite+aiosqlite", "database": "data/shop.db"}}
            settings = Settings()
            """
        )
        #expect(database?.engine == .sqlite && database?.file == "data/shop.db")
    }

    @Test("parts given to the call count the same")
    func call() async throws {
        let database = try await Self.facts(
            "",
            database: """
                from sqlalchemy import URL, create_engine
                engine = create_engine(URL.create(drivername="sqlite", database="shop.db"))
                """
        )
        #expect(database?.engine == .sqlite && database?.file == "shop.db")
    }

    @Test("a table that chooses PostgreSQL leaves it at that")
    func postgres() async throws {
        let database = try await Self.facts(
            """
            class Settings:
                DATABASE = {"drivername": "postgresql", "host": "localhost", "database": "shop"}
            settings = Settings()
            """
        )
        #expect(database?.engine == .postgresql && database?.file == nil)
    }
}
