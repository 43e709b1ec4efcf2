import Model
import Testing

@testable import Scaffold

@Suite("What an app is tried out with")
struct TryoutPlanTests {
    static func plan(
        _ with: String,
        _ files: [String: String],
        app: String = "my-shop"
    ) async throws -> TryoutPlan {
        let scan = try await Scan.run(Project(files: files))
        return try TryoutPlan(try TryoutSelection(with), scan.context, facts: scan.facts, app: app)
    }

    static func forms(_ wish: TryoutWish?) -> [String: String] {
        Dictionary(uniqueKeysWithValues: (wish?.connections ?? []).map { ($0.variable, $0.form.text) })
    }

    static let main = "from fastapi import FastAPI\nimport settings\napp = FastAPI()\n"

    @Test("what --with takes, and what it refuses")
    func selections() throws {
        #expect(try TryoutSelection("auto") == .auto)
        #expect(try TryoutSelection("Compose") == .compose)
        #expect(try TryoutSelection("pg, redis,postgres") == .named([.init(.postgres), .init(.redis)]))
        #expect(
            try TryoutSelection("postgres:postgis+cron") == .named([.init(.postgres, extras: ["postgis", "cron"])])
        )
        #expect(try TryoutSelection("mongo") == .named([.init(.mongodb)]))
        for bad in ["", ",", "cassandra", "postgres,oracle"] {
            #expect(throws: Fault.self) { try TryoutSelection(bad) }
        }
    }

    @Test("an address that the code makes of its parts is left to it")
    func madeOfParts() async throws {
        let settings = """
            from pydantic_settings import BaseSettings
            import asyncpg

            class Settings(BaseSettings):
                POSTGRES_SERVER: str = "localhost"
                POSTGRES_USER: str = "u"
                POSTGRES_URI: str = f"{POSTGRES_USER}@{POSTGRES_SERVER}/db"
                DATABASE_URL: str = "postgresql://localhost/db"

            settings = Settings()
            """
        let files = [
            "requirements.txt": "fastapi\nasyncpg\npydantic-settings\n", "main.py": Self.main, "settings.py": settings,
        ]
        let forms = Self.forms(try await Self.plan("postgres", files).wishes.first)
        #expect(
            forms["POSTGRES_SERVER"] != nil && forms["DATABASE_URL"] != nil && forms["POSTGRES_URI"] == nil,
            "\(forms)"
        )
    }

    static let compose = """
        services:
          web:
            build: .
            environment:
              DATABASE_URL: postgresql+asyncpg://${POSTGRES_USER:-shop}:${POSTGRES_PASSWORD}@db:5432/${POSTGRES_DB}?ssl=disable
              CACHE: redis://:secret@cache:6379/3
              CACHE_NODE: cache
              QUEUE: cache:6379
              OTHER: https://example.com
              LEGACY: mongodb://db.example.com/x
          db:
            image: postgres:16
            container_name: shop_db
            hostname: not.a.name
            environment:
              - POSTGRES_USER=${POSTGRES_USER:-shop}
              - POSTGRES_PASSWORD
              - POSTGRES_DB
          cache:
            image: redis:7
          mail:
            image: mailhog/mailhog
        """

    @Test("a Compose file's own values say which variable wants which form, and what the database is called")
    func fromCompose() async throws {
        let files = [
            "main.py": Self.main,
            "settings.py": "import os, redis, sqlalchemy\nU = os.environ['DATABASE_URL']\nC = os.environ['CACHE']\n",
            "requirements.txt": "fastapi\nsqlalchemy\nasyncpg\nredis\nuvicorn\n",
            "docker-compose.yml": Self.compose,
            ".env.example": "POSTGRES_DB=orders\n",
        ]
        for with in ["compose", "postgres,redis"] {
            let plan = try await Self.plan(with, files)
            #expect(plan.wishes.map(\.kind) == [.postgres, .redis])
            let postgres = try #require(plan.wishes.first)
            #expect((postgres.user, postgres.database) == ("shop", "orders"))
            #expect(
                Self.forms(postgres)["DATABASE_URL"]
                    == "postgresql+asyncpg://{user}:{password}@{host}:{port}/{database}?ssl=disable"
            )
            #expect(
                Self.forms(plan.wishes.last) == [
                    "CACHE": "redis://:{password}@{host}:{port}/3", "CACHE_NODE": "{host}", "QUEUE": "{host}:{port}",
                ]
            )
            #expect(plan.wishes.map(\.hosts) == [["db", "shop_db"], ["cache"]])
            for wish in plan.wishes { #expect(throws: Never.self) { try wish.check() } }
        }
    }

    @Test(
        "an address that code has written down with its password is taken as it is; one behind a variable is not",
        arguments: [
            ("URL = 'postgresql://shop:word@db:5432/orders'\n", true),
            ("URL = 'postgresql://shop@db:5432/orders'\n", false),
            ("URL = 'postgresql://shop:word@db.example.com/orders'\n", false),
            ("import os\nURL = os.getenv('ORDERS', 'postgresql://shop:word@db/orders')\n", false),
            ("W = 'x'\nURL = f'postgresql://shop:{W}@db/orders'\n", false),
        ]
    )
    func writtenDown(settings: String, isOpen: Bool) async throws {
        let files = [
            "main.py": "from fastapi import FastAPI\nimport settings\nimport other\napp = FastAPI()\n",
            "settings.py": "import sqlalchemy\n" + settings + "engine = sqlalchemy.create_engine(URL)\n",
            "other.py": "import settings\n", "requirements.txt": "fastapi\nsqlalchemy\npsycopg2\n",
            "docker-compose.yml": Self.compose,
        ]
        let plan = try await Self.plan("postgres", files)
        #expect(plan.wishes.map(\.isOpen) == [isOpen])
        #expect(plan.notes.contains { $0.hasPrefix("settings.py:2 has the database's address") } == isOpen)
    }

    @Test("a number is given no host, and beside a port an address is the host alone")
    func kinds() async throws {
        let settings = """
            from pydantic_settings import BaseSettings
            import redis

            class Settings(BaseSettings):
                REDIS_ADDR: str
                REDIS_PORT: int
                REDIS_SERVER: int
                CACHE_ADDR: str
                REDIS_IP: str

            settings = Settings()
            """
        let files = [
            "requirements.txt": "fastapi\nredis\npydantic-settings\n", "main.py": Self.main, "settings.py": settings,
        ]
        #expect(
            Self.forms(try await Self.plan("redis", files).wishes.first) == [
                "REDIS_ADDR": "{host}", "REDIS_PORT": "{port}", "CACHE_ADDR": "{host}:{port}", "REDIS_IP": "{host}",
            ]
        )
    }

    @Test("an address with its password in a file that the code reads is taken as it is")
    func writtenInFile() async throws {
        let files = [
            "main.py": Self.main, "requirements.txt": "fastapi\nsqlalchemy\npsycopg2\n",
            "docker-compose.yml": Self.compose,
            "settings.py":
                "import sqlalchemy\nFILE = open('config.yaml')\nengine = sqlalchemy.create_engine(FILE.read())\n",
            "config.yaml": "database:\n  host: db\n  user: shop\n  password: word\n",
        ]
        let plan = try await Self.plan("postgres", files)
        #expect(plan.wishes.map(\.isOpen) == [true])
        #expect(plan.notes.contains { $0.hasPrefix("config.yaml:2 has the database's address") })
    }

    @Test("an address with its password that migrations take and nothing overrides is taken as it is, of MySQL as well")
    func writtenForMigrations() async throws {
        let ini = "[alembic]\nscript_location = alembic\nsqlalchemy.url = mysql+pymysql://root:123456@mysql:3306/shop\n"
        for (script, isOpen) in [
            ("config = context.config\nx = engine_from_config(config.get_section(config.config_ini_section))\n", true),
            ("config.set_main_option('sqlalchemy.url', settings.URL)\n", false),
        ] {
            let files = [
                "main.py": Self.main, "requirements.txt": "fastapi\nsqlalchemy\npymysql\nalembic\n", "alembic.ini": ini,
                "settings.py": "import os, sqlalchemy\nengine = sqlalchemy.create_engine(os.environ['DATABASE_URL'])\n",
                "alembic/env.py": "from alembic import context\n" + script,
                "alembic/versions/1_a.py": "revision = \"1\"\ndown_revision = None\ndef upgrade(): ...\n",
                "docker-compose.yml":
                    "services:\n  mysql:\n    image: mysql:8\n    environment:\n      MYSQL_DATABASE: shop\n",
            ]
            #expect(try await Self.plan("mysql", files).wishes.map(\.isOpen) == [isOpen])
        }
    }

    @Test("Redis beside RabbitMQ keeps the results of Celery, and leaves it the queues")
    func twoBrokers() async throws {
        let files = [
            "main.py": "from fastapi import FastAPI\nfrom celery import Celery\napp = FastAPI()\nwork = Celery('w')\n",
            "requirements.txt": "fastapi\ncelery\nredis\n",
        ]
        let both = try await Self.plan("redis,rabbitmq", files).wishes
        #expect(both.first?.connections.map(\.variable) == ["CELERY_RESULT_BACKEND", "REDIS_URL"])
        #expect(both.last?.connections.map(\.variable).contains("CELERY_BROKER_URL") == true)
        let alone = try await Self.plan("redis", files).wishes
        #expect(alone.first?.connections.map(\.variable).contains("CELERY_BROKER_URL") == true)
    }

    @Test("the address of the tests' database is given where the app can't be imported without it")
    func ofTests() async throws {
        func variables(_ type: String) async throws -> Set<String> {
            let files = [
                "main.py": "from fastapi import FastAPI\nimport settings\napp = FastAPI()\n",
                "settings.py": """
                from pydantic_settings import BaseSettings

                class Settings(BaseSettings):
                    DATABASE_URL: str
                    TEST_DATABASE_URL: \(type)

                settings = Settings()
                """,
                "requirements.txt": "fastapi\nasyncpg\npydantic-settings\n",
            ]
            return Set(try await Self.plan("postgres", files).wishes.first?.connections.map(\.variable) ?? [])
        }
        #expect(try await variables("str") == ["DATABASE_URL", "TEST_DATABASE_URL"])
        #expect(try await variables("str = ''") == ["DATABASE_URL"])
    }

    @Test("a word that happens to be a service's name is no address unless the variable says so")
    func sameWords() async throws {
        let files = [
            "main.py": Self.main, "settings.py": "import os, psycopg\nH = os.environ['POSTGRES_HOST']\n",
            "requirements.txt": "fastapi\npsycopg\n",
            "compose.yaml": """
            services:
              web:
                build: .
                environment:
                  POSTGRES_HOST: postgres
                  POSTGRES_USER: postgres
                  POSTGRES_PASSWORD: postgres
                  POSTGRES_DB: postgres
                  DB_ENGINE: postgres
              postgres:
                image: postgres:16
            """,
        ]
        let wish = try #require(try await Self.plan("compose", files).wishes.first)
        #expect(
            Self.forms(wish) == [
                "POSTGRES_HOST": "{host}", "POSTGRES_USER": "{user}", "POSTGRES_PASSWORD": "{password}",
                "POSTGRES_DB": "{database}",
            ]
        )
        #expect((wish.user, wish.database) == ("postgres", "postgres"))
    }

    @Test("without a Compose file the names of settings say it, with the driver's scheme")
    func names() async throws {
        let files = [
            "main.py": Self.main,
            "settings.py": """
            from pydantic_settings import BaseSettings
            from sqlalchemy.ext.asyncio import create_async_engine
            import redis.asyncio
            class Settings(BaseSettings):
                POSTGRES_SERVER: str = "localhost"
                POSTGRES_PORT: int = 5432
                POSTGRES_USER: str = "postgres"
                POSTGRES_PASSWORD: str
                POSTGRES_DB: str = "app"
                REDIS_HOST: str = "localhost"
                REDIS_PORT: int = 6379
                CELERY_BROKER_URL: str = "redis://localhost:6379/0"
                PROJECT_NAME: str = "x"
                TEST_DATABASE_URL: str = ""
            settings = Settings()
            engine = create_async_engine(f"postgresql+asyncpg://{settings.POSTGRES_USER}@{settings.POSTGRES_SERVER}/x")
            """,
            "requirements.txt": "fastapi\nsqlalchemy\nasyncpg\nredis\npydantic-settings\ncelery\n",
        ]
        let plan = try await Self.plan("auto", files)
        #expect(plan.wishes.map(\.kind) == [.postgres, .redis])
        #expect(
            Self.forms(plan.wishes.first) == [
                "POSTGRES_SERVER": "{host}", "POSTGRES_PORT": "{port}", "POSTGRES_USER": "{user}",
                "POSTGRES_PASSWORD": "{password}", "POSTGRES_DB": "{database}",
            ]
        )
        #expect((plan.wishes.first?.user, plan.wishes.first?.database) == ("postgres", "app"))
        let redis = Self.forms(plan.wishes.last)
        #expect(redis["REDIS_HOST"] == "{host}" && redis["REDIS_PORT"] == "{port}")
        #expect(redis["CELERY_BROKER_URL"] == "redis://{host}:{port}/0")
    }

    @Test("where nothing is said, the variable that most programs read")
    func usual() async throws {
        let files = ["main.py": Self.main, "settings.py": "", "requirements.txt": "fastapi\n"]
        let plan = try await Self.plan("postgres,redis,mysql,memcached,rabbitmq", files)
        #expect(
            plan.wishes.map { Self.forms($0) } == [
                ["DATABASE_URL": "postgresql://{user}:{password}@{host}:{port}/{database}"],
                ["REDIS_URL": "redis://{host}:{port}/0"],
                ["DATABASE_URL": "mysql://{user}:{password}@{host}:{port}/{database}"],
                ["MEMCACHED_SERVERS": "{host}:{port}"],
                ["AMQP_URL": "amqp://{user}:{password}@{host}:{port}//"],
            ]
        )
        let celeryFiles = files.merging(["requirements.txt": "fastapi\ncelery\n"]) { $1 }
        let celery = try await Self.plan("redis,rabbitmq", celeryFiles)
        #expect(
            celery.wishes.map { $0.connections.map(\.variable) } == [
                // One of them is the broker.
                ["CELERY_RESULT_BACKEND", "REDIS_URL"], ["AMQP_URL", "CELERY_BROKER_URL"],
            ]
        )
        #expect(plan.wishes.allSatisfy { $0.user == "my_shop" && $0.database == "my_shop" })
    }

    @Test("names that no database takes give way to the app's")
    func hostileNames() async throws {
        let files = [
            "main.py": Self.main, "settings.py": "import os\nU = os.environ['DATABASE_URL']\n",
            "requirements.txt": "fastapi\nasyncpg\n",
            ".env.example": "DATABASE_URL=postgresql://a%27b:x@h/d;drop\n",
        ]
        let wish = try #require(try await Self.plan("postgres", files).wishes.first)
        #expect((wish.user, wish.database) == ("my_shop", "my_shop"))
        #expect(throws: Never.self) { try wish.check() }
    }

    @Test("a project that needs nothing is told what there is")
    func nothing() async throws {
        let files = ["main.py": Self.main, "settings.py": "", "requirements.txt": "fastapi\n"]
        for with in ["auto", "compose"] {
            await #expect {
                _ = try await Self.plan(with, files)
            } throws: { ($0 as? Fault)?.hint?.contains("--with postgres") == true }
        }
        #expect(TryoutPlan.hint(Facts()) == nil)
    }
}
