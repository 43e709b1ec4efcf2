import Model
import Testing

@testable import Scaffold

/// What is special of some services.
extension TryoutPlanTests {
    @Test(
        "an extension that the project can't do without is added, and said with its place",
        arguments: [
            ("compose.yaml", "services:\n  db:\n    image: pgvector/pgvector:pg16\n", ["vector"], "compose.yaml:2 "),
            ("requirements.txt", "fastapi\nasyncpg\npgvector==0.4.1\n", ["vector"], "requirements.txt "),
            ("db.py", "SQL = 'create extension if not exists vector;'\n", ["vector"], "db.py:1 "),
            ("sql/1.sql", "\nCREATE EXTENSION \"postgis\";\ncreate extension pg_trgm;\n", ["postgis"], "sql/1.sql:2 "),
            ("tests/db.py", "SQL = 'create extension vector'\n", [], ""),
            ("db.py", "# no extension of vector\n", [], ""),
        ]
    )
    func extensions(path: String, text: String, extras: [String], note: String) async throws {
        var files = ["main.py": Self.main, "settings.py": "", "requirements.txt": "fastapi\nasyncpg\n"]
        files[path] = text
        let plan = try await Self.plan("postgres", files)
        #expect(plan.wishes.first?.extras == extras)
        #expect(plan.notes.first?.hasPrefix(note) ?? (note == ""))
        if extras == ["vector"] {
            let named = try await Self.plan("postgres:pgvector+cron", files)
            #expect(named.wishes.first?.extras == ["pgvector", "cron"] && named.notes.isEmpty)
        }
    }

    @Test("a virtual host of the project's own is not one of a throw-away")
    func virtualHost() async throws {
        for (path, space) in [("/shop", "//"), ("/", "/"), ("", "")] {
            let files = [
                "main.py": Self.main, "settings.py": "import os\nurl = os.environ['BROKER']\n",
                "requirements.txt": "fastapi\ncelery\n", ".env.example": "BROKER=amqp://u:p@rabbit:5672\(path)\n",
            ]
            let wish = try await Self.plan("rabbitmq", files).wishes.first
            #expect(Self.forms(wish)["BROKER"] == "amqp://{user}:{password}@{host}:{port}\(space)")
        }
    }

    @Test("a host that the code has written down in an address leads to the service, whatever file names it elsewhere")
    func writtenHosts() async throws {
        let settings = """
            import redis

            class Config:
                user = "u"
                url = f"postgresql+asyncpg://{user}@db:5432/shop"
                other = "postgresql://u@pg.example.com/shop"
                local = "postgresql://u@localhost/shop"
                cache = redis.from_url("redis://cache")
            """
        let files = ["main.py": Self.main, "settings.py": settings, "requirements.txt": "fastapi\nasyncpg\nredis\n"]
        #expect(try await Self.plan("postgres,redis", files).wishes.map(\.hosts) == [["db"], ["cache"]])
    }

    @Test("MongoDB is found by its address, in the form that the project shows, with the user that its image makes")
    func mongo() async throws {
        let settings = """
            import os
            from motor.motor_asyncio import AsyncIOMotorClient

            client = AsyncIOMotorClient(os.environ["MONGODB_URL"])
            database = client[os.environ["MONGO_DB"]]
            """
        var files = ["main.py": Self.main, "settings.py": settings, "requirements.txt": "fastapi\nmotor\n"]
        let plain = try await Self.plan("auto", files)
        #expect(plain.wishes.map(\.kind) == [.mongodb] && plain.wishes.first?.database == "my_shop")
        #expect(
            Self.forms(plain.wishes.first) == [
                "MONGODB_URL": "mongodb://{user}:{password}@{host}:{port}/{database}?authSource=admin",
                "MONGO_DB": "{database}",
            ]
        )
        files[".env.example"] = "MONGODB_URL='mongodb://[user:password@]host1[:port1][/[database]]'\n"
        #expect(Self.forms(try await Self.plan("auto", files).wishes.first) == Self.forms(plain.wishes.first))
        files["compose.yaml"] = """
            services:
              web:
                build: .
                environment:
                  MONGODB_URL: mongodb://root:example@mongo:27017
              mongo:
                image: mongo:7
                environment:
                  MONGO_INITDB_ROOT_USERNAME: root
                  MONGO_INITDB_ROOT_PASSWORD: example
                  MONGO_INITDB_DATABASE: shop
            """
        let wish = try #require(try await Self.plan("compose", files).wishes.first)
        #expect(wish.user == "root" && wish.database == "shop" && wish.hosts == ["mongo"])
        #expect(Self.forms(wish)["MONGODB_URL"] == "mongodb://{user}:{password}@{host}:{port}/{database}")
    }
}
