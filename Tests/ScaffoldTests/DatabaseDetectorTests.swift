import Testing

@testable import Scaffold

@Suite("Database detector")
struct DatabaseDetectorTests {
    typealias Engine = Facts.Database.Engine

    static func facts(_ files: [String: String], entry: String? = nil) async throws -> Facts {
        try await ScanContext.facts(files, entry: entry) { context in
            ManifestDetector.detect(&context)
            EnvironmentDetector.detect(&context)
            DatabaseDetector.detect(&context)
        }
    }

    static let sqlalchemy = """
        import os
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker
        engine = create_engine(os.environ["DATABASE_URL"])
        """
    static let asynchronous = """
        from sqlalchemy.ext.asyncio import create_async_engine
        from .config import settings
        engine = create_async_engine(settings.database_url, pool_size=settings.pool, max_overflow=5)

        """

    static let rows: [(why: String, files: [String: String], engine: Engine?, driver: String?)] = [
        (
            "a blocking address although an async driver is listed",
            [
                "requirements.txt": "sqlalchemy==2.0\nasyncpg\npsycopg2-binary",
                "db.py": "from sqlalchemy import create_engine\ne = create_engine('postgresql://u:p@db/shop')\n",
            ], .postgresql, "psycopg2"
        ),
        (
            "the scheme is rewritten in code",
            [
                "requirements.txt": "sqlalchemy\nasyncpg\npsycopg2-binary",
                "config.py": "class S:\n    database_url: str = 'postgres://u:p@db/shop'\n",
                "db.py": "from sqlalchemy.ext.asyncio import create_async_engine\n"
                    + "e = create_async_engine(url.replace('postgres://', 'postgresql+asyncpg://'))\n",
            ], .postgresql, "asyncpg"
        ),
        (
            "psycopg 3 for a plain address",
            [
                "requirements.txt": "sqlmodel\npsycopg[binary]",
                "db.py": """
                import os
                from sqlmodel import create_engine
                e = create_engine(os.environ['DATABASE_URL'])
                """,
                ".env.example": "DATABASE_URL=postgresql://u:p@db/shop",
            ], .postgresql, "psycopg"
        ),
        (
            "an extra brings the driver",
            [
                "requirements.txt": "sqlalchemy[postgresql-asyncpg]", "app/config.py": "class S:\n    pool: int = 3\n",
                "app/db.py": asynchronous,
                "app/main.py": "import os\nDATABASE_URL = os.environ['DATABASE_URL']\n",
            ], .postgresql, "asyncpg"
        ),
        (
            "pydantic builds the address",
            [
                "requirements.txt": "sqlalchemy\naiomysql\npymysql",
                "db.py": "from yarl import URL\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
                    + "e = create_async_engine(str(URL.build(scheme='mysql+aiomysql', host='h')))\n",
            ], .mysql, "aiomysql"
        ),
        (
            "the engine's name is a setting",
            [
                "requirements.txt": "sqlalchemy\naiomysql\nasyncpg",
                "config.py": "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n"
                    + "    DB_ENGINE: str = 'postgresql'\n    DB_HOST: str\n",
                "db.py": """
                from sqlalchemy.ext.asyncio import create_async_engine
                e = create_async_engine(f'{s.DB_ENGINE}+asyncpg://{s.DB_HOST}')
                """,
            ], .postgresql, "asyncpg"
        ),
        (
            "Tortoise names drivers for engines",
            [
                "requirements.txt": "tortoise-orm\nasyncpg",
                "main.py": "import os\nfrom tortoise.contrib.fastapi import register_tortoise\n"
                    + "register_tortoise(app, db_url=os.environ['DATABASE_URL'])\n",
                "compose.yaml": "services: {web: {build: ., environment: {DATABASE_URL: 'postgres://u:p@db/x'}}}",
            ], .postgresql, "asyncpg"
        ),
        (
            "a pool without a mapper",
            [
                "requirements.txt": "aiomysql",
                "db.py": """
                import aiomysql
                from config import settings
                async def f():
                    return await aiomysql.create_pool(host=settings.db_host)
                """,
            ], .mysql, "aiomysql"
        ),
        (
            "MongoDB through motor",
            [
                "requirements.txt": "motor",
                "db.py": "import os\nfrom motor.motor_asyncio import AsyncIOMotorClient\n"
                    + "c = AsyncIOMotorClient(os.environ['DB_URL'])\n",
            ], .mongodb, "motor"
        ),
        (
            "a mapper of MongoDB",
            [
                "requirements.txt": "beanie\nmotor",
                "db.py": "import beanie\nfrom motor.motor_asyncio import AsyncIOMotorClient\n"
                    + "async def f(s):\n    await beanie.init_beanie(AsyncIOMotorClient(s.mongo_url).x)\n",
            ], .mongodb, "motor"
        ),
        (
            "an SQLite address",
            [
                "requirements.txt": "sqlalchemy",
                "db.py": "from sqlalchemy import create_engine\ne = create_engine('sqlite:///./shop.db')\n",
            ], .sqlite, "pysqlite"
        ),
        (
            "an address in a settings file",
            [
                "requirements.txt": "sqlalchemy",
                "db.py": "from sqlalchemy import create_engine\ndef make(c):\n    return create_engine(c['url'])\n",
                "config.yml": "db:\n  url: sqlite:///./shop.db\n",
            ], .sqlite, "pysqlite"
        ),
        (
            "the default is SQLite, production is told in Compose",
            [
                "requirements.txt": "sqlmodel\npsycopg2-binary",
                "config.toml": "[default.db]\nuri = '@jinja sqlite:///{{ this.env }}.db'\n",
                "db.py": """
                from sqlmodel import create_engine
                from .config import settings
                e = create_engine(settings.db.uri)
                """,
                "compose.yaml":
                    "services: {api: {build: ., environment: [DB__uri=postgresql://p@db/x]}, db: {image: postgres}}",
            ], .postgresql, "psycopg2"
        ),
        (
            "SQLite unless somebody sets a variable",
            [
                "requirements.txt": "sqlalchemy\naiosqlite\nasyncpg",
                "config.py": """
                from pydantic_settings import BaseSettings
                class S(BaseSettings):
                    shop_database_url: str | None = None
                """,
                "db.py": """
                from sqlalchemy.ext.asyncio import create_async_engine
                from config import s
                if s.shop_database_url:
                    uri = s.shop_database_url.replace('postgres://', 'postgresql+asyncpg://')
                else:
                    uri = f'sqlite+aiosqlite:///{path}/shop.sqlite3'
                e = create_async_engine(uri)
                """,
            ], .sqlite, "aiosqlite"
        ),
        (
            "a file by name",
            [
                "db.py": """
                import sqlite3
                class Store:
                    def __init__(self, path='data/shop.db'):
                        self.c = sqlite3.connect(path)
                """
            ], .sqlite, "pysqlite"
        ),
        (
            "only in memory",
            [
                "db.py": """
                from sqlalchemy import create_engine
                e = create_engine('sqlite://')
                f = create_engine('sqlite:///:memory:')
                """
            ], nil, nil
        ),
        (
            "somebody else's SQLite files",
            [
                "cookies.py": """
                import sqlite3
                class Jar:
                    def read(self, profile):
                        return sqlite3.connect(self.jar_path)
                """
            ], nil, nil
        ),
        (
            "watches databases of others",
            [
                "requirements.txt": "asyncpg\nredis",
                "collect.py": """
                import asyncpg
                import redis.asyncio
                class C:
                    def __init__(self, dsn):
                        self.dsn = dsn
                    async def poll(self):
                        return await asyncpg.connect(self.dsn, timeout=5)
                """,
                "config/servers.yaml": "servers:\n  - {type: postgres, dsn: 'postgresql://u:p@host/x'}\n",
            ], nil, nil
        ),
        (
            "a dependency alone", ["requirements.txt": "fastapi\nasyncpg\nsqlalchemy", "main.py": "import fastapi\n"],
            nil, nil
        ),
        (
            "Compose has one for something else",
            [
                "main.py": "import fastapi\n",
                "compose.yaml":
                    "services: {mq: {image: postgres}, api: {build: ., environment: {MQ_URI: 'postgres://u@mq'}}}",
            ], nil, nil
        ),
        (
            "tests use another one",
            [
                "requirements.txt": "sqlalchemy\npsycopg2-binary", "db.py": sqlalchemy,
                ".env.example": "DATABASE_URL=postgresql://u:p@h/x",
                "tests/conftest.py": "from sqlalchemy import create_engine\ne = create_engine('sqlite:///./test.db')\n",
            ], .postgresql, "psycopg2"
        ),
        (
            "only the README tells",
            [
                "requirements.txt": "tortoise-orm\nasyncmy",
                "main.py": """
                import os
                from tortoise import Tortoise
                async def f():
                    await Tortoise.init(db_url=os.getenv('DATABASE_URL'))
                """,
                "README.md": "1. Create `.env`:\n\n   ```\n   DATABASE_URL=mysql://root:1@127.0.0.1/shop\n   ```\n",
            ], .mysql, "asyncmy"
        ),
        (
            "Elasticsearch where there is nothing else",
            [
                "requirements.txt": "elasticsearch[async]",
                "es.py": """
                import os
                from elasticsearch import AsyncElasticsearch
                c = AsyncElasticsearch(os.environ['ELASTICSEARCH_URL'])
                """,
            ], .elasticsearch, "elasticsearch"
        ),
        (
            "a setting chooses, its default is SQLite",
            [
                "requirements.txt": "sqlalchemy\npsycopg2-binary",
                "config.py": """
                from pydantic import PostgresDsn
                from pydantic_settings import BaseSettings
                class S(BaseSettings):
                    DB_ENGINE: str = "sqlite"
                    POSTGRES_SERVER: str = "db"
                """,
                "db.py": """
                from sqlalchemy import create_engine
                e = create_engine(f"sqlite:///{path}/shop.db")
                """,
            ], .sqlite, "pysqlite"
        ),
        (
            "a setting chooses, and Compose brings a server beside the app",
            [
                "requirements.txt": "sqlalchemy\naiosqlite\nasyncpg",
                "config.py": """
                from pydantic_settings import BaseSettings
                class S(BaseSettings):
                    DB_TYPE: str = "sqlite+aiosqlite"
                """,
                "db.py": """
                from sqlalchemy import URL
                from sqlalchemy.ext.asyncio import create_async_engine
                e = create_async_engine(URL.create(drivername=s.DB_TYPE))
                """,
                "compose.yaml": "services: {db: {image: 'postgres:18'}, api: {build: ., environment: {DB_HOST: db}}}",
                ".env_examples": "DB_TYPE=postgresql+asyncpg",
            ], .postgresql, "asyncpg"
        ),
        (
            "a branch finds out the type, it does not choose it",
            [
                "requirements.txt": "sqlalchemy\nasyncpg\naiosqlite",
                "db.py": """
                from sqlalchemy.ext.asyncio import create_async_engine
                from config import settings
                if settings.database_url:
                    DB_TYPE = "postgresql"
                else:
                    DB_TYPE = "sqlite"
                e = create_async_engine(f"sqlite+aiosqlite:///{settings.path}/shop.db")
                """,
            ], .sqlite, "aiosqlite"
        ),
        (
            "Django's settings",
            [
                "requirements.txt": "django\npsycopg2-binary",
                "shop/settings.py": """
                DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'x'}}
                """,
                "shop/models.py": "from django.db import models\n",
            ], .postgresql, "psycopg2"
        ),
    ]

    @Test("engine and driver", arguments: rows)
    func finds(_ row: (why: String, files: [String: String], engine: Engine?, driver: String?)) async throws {
        let database = try await Self.facts(row.files).database
        #expect(database?.engine == row.engine, "\(row.why)")
        #expect(database?.driver == row.driver, "\(row.why)")
    }

    @Test("what the entry point imports outweighs what lies beside it")
    func reached() async throws {
        let files = [
            "requirements.txt": "sqlalchemy\nasyncpg\nmotor",
            "app/__init__.py": "", "app/main.py": "from fastapi import FastAPI\nfrom app import db\napp = FastAPI()\n",
            "app/db.py": "from sqlalchemy.ext.asyncio import create_async_engine\nfrom app import config\n"
                + "e = create_async_engine('postgresql+asyncpg://u:p@h/x')\n",
            "app/config.py": "X = 1\n",
            "app/old.py": "from pymongo import MongoClient\nc = MongoClient('mongodb://h/x')\n",
        ]
        let facts = try await Self.facts(files, entry: "app.main:app")
        #expect(facts.database?.engine == .postgresql)
        #expect(facts.database?.alternatives == [.mongodb])
        #expect(facts.database?.evidence.contains { $0.place == Place("app/db.py", 3) } == true)
    }

    @Test("pool, version, variable, mapper, way of waiting")
    func details() async throws {
        let files = [
            "requirements.txt": "sqlmodel\nasyncpg\npsycopg2-binary",
            "app/config.py": """
            from pydantic_settings import BaseSettings
            class Settings(BaseSettings):
                database_url: str
                read_database_url: str
                redis_url: str
                pool: int = 7
            settings = Settings()
            """,
            "app/db.py": Self.asynchronous + "from sqlmodel import SQLModel\nscheme = 'postgresql+asyncpg'\n",
            "migrations/env.py": """
            from sqlalchemy import create_engine
            e = create_engine('postgresql+psycopg2://u:p@h/x')
            """,
            "compose.yaml": "services: {db: {image: 'pgvector/pgvector:0.8-pg17'}}",
            ".env.example": "DATABASE_URL=postgresql+asyncpg://u:p@aws.pooler.supabase.com:6543/postgres",
        ]
        let database = try #require(try await Self.facts(files).database)
        #expect(database.driver == "asyncpg" && database.isAsync == true)
        #expect(database.orm == "sqlmodel")
        #expect(database.poolSize == 7 && database.maxOverflow == 5)
        #expect(database.majorVersion == 17)
        #expect(database.variable == "DATABASE_URL")
        #expect(database.pooler == .transaction)
        let session = files.merging([".env.example": "DATABASE_URL=postgresql+asyncpg://u:p@ep-x-pooler.eu.neon.tech/d"]
        ) { $1 }
        #expect(try await Self.facts(session).database?.pooler == .session)
    }

    @Test("SQLite's file is named as the code names it")
    func file() async throws {
        func file(_ url: String) -> String? { DatabaseURL(url)?.file }
        #expect(file("sqlite:///./shop.db") == "./shop.db")
        #expect(file("sqlite+aiosqlite:////data/shop.db?mode=rw") == "/data/shop.db")
        for url in ["sqlite:///:memory:", "sqlite://"] { #expect(file(url) == nil) }
        #expect(file("sqlite:///{settings.path}/x.db") == "{settings.path}/x.db")
        #expect(file("sqlite://db.sqlite3") == "db.sqlite3", "as Tortoise writes it")
    }

    @Test("the answer is the same each time")
    func deterministic() async throws {
        let files = Self.rows.reduce(into: [String: String]()) { all, row in
            for (path, text) in row.files where path.hasSuffix(".py") { all["p\(all.count)/\(path)"] = text }
        }
        #expect(try await Self.facts(files) == Self.facts(files))
    }
}
