import Testing

@testable import Scaffold

@Suite("Shapes of projects that were told wrongly at first")
struct UnreadShapeTests {
    @Test(
        "hosts that the app takes from a variable get the app's own name",
        arguments: [
            (
                "HOSTS: list[str] = [\"shop.example\"]", "settings.HOSTS",
                #"HOSTS = "[\"shop.example\",\"project.localhost\"]""#
            ),
            ("HOSTS: list[str]", "settings.HOSTS", #"HOSTS = "[\"project.localhost\"]""#),
            (
                "HOSTS: str = \"shop.example, b.example\"", "settings.HOSTS.split(\",\")",
                "HOSTS = \"shop.example,b.example,project.localhost\""
            ),
            (
                "HOSTS: str = \"shop.example\"\n    @property\n    def names(self): return [h for h in self.HOSTS.split(\",\")]",
                "settings.names", "HOSTS = \"shop.example,project.localhost\""
            ),
            (
                "X: int = 1", "os.getenv(\"TRUSTED\", \"shop.example\").split(\",\")",
                "TRUSTED = \"shop.example,project.localhost\""
            ),
            ("X: int = 1", "names", "TRUSTED = \"shop.example,project.localhost\""),
        ]
    )
    func hosts(field: String, list: String, line: String) async throws {
        let plan = try await FirstTry.plan([
            "requirements.txt": LaunchSample.needs + "pydantic-settings\n",
            "settings.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    \(field)\n"
                + "settings = Settings()\n",
            "main.py": "import os\nfrom settings import settings\n" + LaunchSample.app
                + "from starlette.middleware.trustedhost import TrustedHostMiddleware\n"
                + (list == "names"
                    ? "names = [h.strip() for h in os.getenv(\"TRUSTED\", \"shop.example\").split(\",\")]\n" : "")
                + "app.add_middleware(TrustedHostMiddleware, allowed_hosts=\(list))\n",
        ])
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("  \(line)\n"), "\(text)")
        #expect(plan.notes.contains { $0.contains("TrustedHostMiddleware answer to project.localhost as well") })
        #expect(!plan.needed.contains { $0.hasPrefix("HOSTS") })
    }

    @Test("any host needs nothing, and names that are written down are only told")
    func otherHosts() async throws {
        for (list, isTold) in [("os.getenv(\"HOSTS\", \"*\").split(\",\")", false), ("[\"shop.example\"]", true)] {
            let plan = try await FirstTry.plan([
                "requirements.txt": LaunchSample.needs,
                "main.py": "import os\n" + LaunchSample.app
                    + "from starlette.middleware.trustedhost import TrustedHostMiddleware\n"
                    + "app.add_middleware(TrustedHostMiddleware, allowed_hosts=\(list))\n",
            ])
            #expect(!LaunchSample.created("fly.toml", plan).contains("HOSTS ="))
            #expect(plan.notes.contains { $0.contains("with 400 to all other names") } == isTold)
        }
    }

    @Test(
        "addresses on the developer's machine in a file that the code reads are told, with the line",
        arguments: [
            (
                "config.yaml", "db:\n  host: localhost\n  password: x\nredis:\n  host: 127.0.0.1\n",
                ["database", "redis"]
            ),
            ("settings.toml", "[broker]\nurl = \"amqp://guest@localhost:5672\"\n", ["rabbitmq"]),
            ("app.ini", "[postgres]\nserver = localhost\nport = 5432\n", ["database"]),
            ("conf.json", "{\"database_url\": \"postgresql://u:p@localhost/x\"}", ["database"]),
            ("other.yaml", "db:\n  host: db.example.com\nserver:\n  host: localhost\n", []),
            ("config.example.yaml", "db:\n  host: localhost\n", []),
        ] as [(String, String, [String])]
    )
    func files(name: String, text: String, kinds: [String]) async throws {
        let facts = try await FirstTry.scan([
            "requirements.txt": LaunchSample.needs, name: text,
            "main.py": "SOURCE = open(\"\(name)\")\n" + LaunchSample.app,
        ]).facts
        let found = facts.warnings.filter { $0.message.contains("where a Machine has none") }
        #expect(
            found.map {
                $0.message.contains("for the database at") ? "database" : String($0.message.split(separator: " ")[3])
            } == kinds
        )
        #expect(found.allSatisfy { $0.place?.file == name && $0.place?.line != nil })
        // A file that nothing reads says nothing.
        let unread = try await FirstTry.scan([
            "requirements.txt": LaunchSample.needs, name: text, "main.py": LaunchSample.app,
        ])
        #expect(!unread.facts.warnings.contains { $0.message.contains("where a Machine has none") })
    }

    @Test("an address in the code itself is told where no variable stands before it")
    func written() async throws {
        for (line, isTold) in [
            ("C = redis.from_url(\"redis://localhost\")", true), ("C = redis.from_url(\"redis://cache\")", false),
            ("C = redis.from_url(os.getenv(\"CACHE\", \"redis://localhost\"))", false),
        ] {
            let facts = try await FirstTry.scan([
                "requirements.txt": LaunchSample.needs + "redis\n",
                "main.py": "import os, redis\n\(line)\n" + LaunchSample.app,
            ]).facts
            let found = facts.warnings.first { $0.message.contains("looks for redis at localhost") }
            #expect((found?.place == Place("main.py", 2)) == isTold, "\(line) \(facts.warnings)")
        }
    }

    @Test("a setting that a variable stands before is that variable's")
    func overridden() async throws {
        let facts = try await FirstTry.scan([
            "requirements.txt": LaunchSample.needs, "config.yaml": "database:\n  host: localhost\n",
            "main.py": "import os\nSOURCE = open(\"config.yaml\")\nHOST = os.getenv(\"APP_DATABASE_HOST\")\n"
                + LaunchSample.app,
        ]).facts
        #expect(!facts.warnings.contains { $0.message.contains("where a Machine has none") })
    }

    @Test("a program that runs its server and a bot is run as it is")
    func bot() async throws {
        let server = "import asyncio, uvicorn\nfrom aiogram import Dispatcher\n" + LaunchSample.app
        let bodies = [
            "async def main():\n    server = uvicorn.Server(uvicorn.Config(app))\n"
                + "    await asyncio.gather(server.serve(), bot())\nasync def bot():\n    await Dispatcher().start_polling()\n",
            "async def main():\n    dp = Dispatcher()\n    asyncio.create_task(dp.start_polling())\n"
                + "    await uvicorn.Server(uvicorn.Config(app)).serve()\n",
        ]
        for body in bodies {
            let facts = try await Scan.run(
                Project(files: [
                    "requirements.txt": LaunchSample.needs + "aiogram\n",
                    "main.py": server + body + "if __name__ == \"__main__\":\n    asyncio.run(main())\n",
                    "Dockerfile": LaunchSample.image + "CMD [\"python\", \"main.py\"]\n",
                ])
            ).facts
            #expect(facts.entry?.kind == .script && facts.entry?.command == ["python", "main.py"], "\(body)")
        }
        let plain = try await Scan.run(
            Project(files: [
                "requirements.txt": LaunchSample.needs,
                "main.py": server + "if __name__ == \"__main__\":\n    uvicorn.run(app)\n",
                "Dockerfile": LaunchSample.image + "CMD [\"python\", \"main.py\"]\n",
            ])
        ).facts
        #expect(plain.entry?.kind == .app)
    }

    @Test("a folder of the host that only holds what the app writes is kept, code and settings are not")
    func mounts() async throws {
        let facts = try await FirstTry.scan([
            "requirements.txt": LaunchSample.needs, "main.py": LaunchSample.app, "templates/a.html": "",
            "Dockerfile": LaunchSample.image + "CMD [\"uvicorn\", \"main:app\"]\n",
            "compose.yaml": """
            services:
              web:
                build: .
                volumes:
                  - ./:/srv
                  - ./uploads:/srv/uploads
                  - ./media:/media:rw
                  - ./templates:/srv/templates
                  - ./logs:/srv/logs
                  - ./keys:/srv/keys:ro
                  - ./.env:/srv/.env
                  - type: bind
                    source: ./files
                    target: /files
                    read_only: true
            """,
        ]).facts
        #expect(facts.writePaths == ["/media", "uploads"])
    }

    @Test("the volume is for the folder that files are written to, not for one that is only made")
    func made() async throws {
        let plan = try await FirstTry.plan([
            "requirements.txt": LaunchSample.needs + "python-multipart\n",
            "main.py": "import os\nfrom fastapi import UploadFile\n" + LaunchSample.app
                + "os.makedirs(\"exports\", exist_ok=True)\n@app.post(\"/up\")\nasync def up(file: UploadFile):\n"
                + "    with open(f\"uploads/{file.filename}\", \"wb\") as out: out.write(await file.read())\n",
        ])
        #expect(plan.facts.madeOnly == ["exports"])
        #expect(LaunchSample.created("fly.toml", plan).contains("destination = \"/app/uploads\""))
        #expect(!plan.notes.contains { $0.contains("exports is not kept") })
    }

    @Test("a SQLite file beside the code that no variable leads elsewhere: the folder can be written to")
    func besideCode() async throws {
        let table =
            "from sqlalchemy import create_engine, URL\nTABLE = {\"drivername\": \"sqlite\", \"database\": \"shop.db\"}\n"
            + "engine = create_engine(URL.create(**TABLE))\n"
        let facts = try await FirstTry.scan([
            "requirements.txt": LaunchSample.needs + "sqlalchemy\n", "main.py": table + LaunchSample.app,
        ]).facts
        #expect(facts.database?.engine == .sqlite && facts.database?.file == "shop.db")
        #expect(facts.writePaths == ["."])
    }

    @Test("an app in __main__.py is run, for nobody can import it")
    func main() async throws {
        let code =
            "import uvicorn\n" + LaunchSample.app
            + "if __name__ == \"__main__\":\n    uvicorn.run(app, host=\"0.0.0.0\", port=8001)\n"
        let facts = try await Scan.run(
            Project(files: [
                "requirements.txt": LaunchSample.needs, "__main__.py": code,
                "Dockerfile": "FROM python:3.12\nCOPY . /srv/shop\nCMD [\"python\", \"shop/__main__.py\"]\n",
            ])
        ).facts
        #expect(
            facts.entry?.kind == .script && facts.entry?.command == ["python", "__main__.py"],
            "\(facts.entry as Any)"
        )
        #expect(facts.port?.number == 8001)
        let package = try await Scan.run(
            Project(files: ["requirements.txt": LaunchSample.needs, "shop/__init__.py": "", "shop/__main__.py": code])
        ).facts
        #expect(package.entry?.target == "shop.__main__:app" && package.entry?.kind == .app)
    }

    @Test("a project of Poetry's that holds no package of its name is not installed itself")
    func noPackage() async throws {
        func installs(_ files: [String: String], _ more: String = "") async throws -> Bool? {
            let manifest =
                "[tool.poetry]\nname = \"my-shop\"\nversion = \"1\"\n\(more)[tool.poetry.dependencies]\npython = \"^3.11\"\n"
                + "fastapi = \"*\"\n[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n"
            let all = ["pyproject.toml": manifest, "src/main.py": LaunchSample.app, "src/api/__init__.py": ""]
            return try await Scan.run(Project(files: all.merging(files) { $1 })).facts.manager?.installsProject
        }
        #expect(try await installs([:]) == false)
        #expect(try await installs(["src/my_shop/__init__.py": ""]) == true)
        #expect(try await installs([:], "packages = [{ include = \"api\", from = \"src\" }]\n") == true)
    }
}
