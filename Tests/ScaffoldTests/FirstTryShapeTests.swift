import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Shapes of code that a first try meets")
struct FirstTryShapeTests {
    @Test("a function that reads the variable it is given the name of")
    func helpers() async throws {
        let facts = try await FirstTry.scan([
            "requirements.txt": LaunchSample.needs,
            "config.py": """
            import os
            def need(key):
                value = os.getenv(key)
                if not value:
                    raise ValueError(key)
                return value
            def either(key, default=None):
                return os.environ.get(key, default)
            class Reader:
                def read(self, name):
                    return os.getenv(name, "none")
            KEY = need("SECRET_TOKEN")
            def load():
                return either("PLACE", "here"), either("OTHER"), Reader().read("THIRD"), need(str(1))

            """,
            "main.py": "from config import need\n" + LaunchSample.app + "PORT = need(key=\"FOURTH\")\n",
        ]).facts
        let found = Dictionary(uniqueKeysWithValues: facts.environment.map { ($0.name, $0) })
        #expect(found.keys.sorted() == ["FOURTH", "OTHER", "PLACE", "SECRET_TOKEN", "THIRD"])
        #expect(found["SECRET_TOKEN"]?.isRequired == true && found["FOURTH"]?.isRequired == true)
        #expect(found["PLACE"]?.defaultValue == "here" && found["THIRD"]?.isRequired == false)
    }

    @Test("a path that is filled into a text")
    func filledPaths() async throws {
        let facts = try await FirstTry.scan([
            "requirements.txt": LaunchSample.needs,
            "app/__init__.py": "", "app/core/__init__.py": "",
            "app/core/config.py": "from pathlib import Path\nclass Config:\n"
                + "    ROOT = '%s' % Path(__file__).parent.parent\n    MEDIA = '%s/%s' % (ROOT, 'media/images')\n",
            "app/main.py": "import os\nfrom app.core.config import Config\n" + LaunchSample.app
                + "os.makedirs(f'{Config.ROOT}/logs', exist_ok=True)\nos.makedirs(Config.MEDIA, exist_ok=True)\n",
        ]).facts
        #expect(facts.writePaths == ["app/logs", "app/media/images"])
    }

    @Test(
        "checks ask for a host that the app answers to",
        arguments: [
            (#"["shop.example", "localhost"]"#, "shop.example"), (#"["*.shop.example"]"#, "www.shop.example"),
            (#"["*"]"#, nil), ("settings.ALLOWED_HOSTS", "api.shop.example"),
        ] as [(String, String?)]
    )
    func hosts(list: String, host: String?) async throws {
        let plan = try await FirstTry.plan([
            "requirements.txt": LaunchSample.needs + "pydantic-settings\n",
            "settings.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n"
                + "    ALLOWED_HOSTS: list[str] = [\"api.shop.example\"]\nsettings = Settings()\n",
            "main.py": "from settings import settings\n" + LaunchSample.app
                + "from starlette.middleware.trustedhost import TrustedHostMiddleware\n"
                + "app.add_middleware(TrustedHostMiddleware, allowed_hosts=\(list))\n"
                + "@app.get(\"/health\")\ndef health(): return {}\n",
        ])
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("headers = { Host = ") == (host != nil), "\(text)")
        #expect(plan.notes.contains { $0.contains("TrustedHostMiddleware") } == (host != nil))
        if let host {
            #expect(text.contains(#"headers = { Host = "\#(host)" }"#), "\(text)")
            let root = try ConfigFormat(path: "fly.toml").parse(Array(text.utf8), file: "fly.toml")
            let config = try AppConfig.read(root, file: "fly.toml", regions: []).config
            #expect(config.httpService?.settings.checks.first?.headers == ["Host": host])
        }
    }

    @Test("a key whose default everybody can read is told, and one that the code makes is not")
    func publicDefaults() async throws {
        let plan = try await FirstTry.plan([
            "requirements.txt": LaunchSample.needs,
            "main.py": LaunchSample.app + "import os, secrets\n"
                + "KEY = os.getenv(\"SECRET_KEY\", \"CHANGE_ME\")\n"
                + "JWT = os.getenv(\"JWT_SECRET\", \"9f86d081884c7d659a2feaa0c55ad015\")\n"
                + "API = os.getenv(\"API_KEY\", \"\")\n",
        ])
        let notes = plan.notes.filter { $0.contains("whoever reads the code") }
        #expect(notes.count == 1 && notes[0].contains("SECRET_KEY (main.py:") && !notes[0].contains("JWT_SECRET"))
        #expect(!notes[0].contains("API_KEY") && !notes[0].contains("CHANGE_ME"))
    }

    @Test("what a module does as a program of its own says less than what the app does")
    func mainGuard() async throws {
        let facts = try await FirstTry.scan([
            "requirements.txt": "fastapi\nsqlalchemy\n",
            "main.py": LaunchSample.app + "import db\n",
            "db.py": "from sqlalchemy import create_engine\nengine = create_engine(\"sqlite:///./app.db\")\n"
                + "if __name__ == \"__main__\":\n    engine = create_engine(\"sqlite:///./trial.db\")\n",
        ]).facts
        #expect(facts.database?.file == "./app.db")
    }

    @Test("a form of which a file is kept is an upload, and one that signs in is none")
    func forms() async throws {
        func uploads(_ body: String) async throws -> Bool {
            try await FirstTry.scan([
                "requirements.txt": LaunchSample.needs,
                "main.py": "from fastapi import Request\n" + LaunchSample.app
                    + "@app.post(\"/x\")\nasync def take(request: Request):\n    form = await request.form()\n\(body)",
            ]).facts.traits.uploads
        }
        let keeps = "    with open(\"uploads/x\", \"wb\") as file:\n        file.write(await form[\"file\"].read())\n"
        #expect(try await uploads(keeps))
        #expect(try await !uploads("    return form[\"user\"]\n"))
    }

    @Test("no volume goes over files that the project has; over pictures and its own database it may")
    func overFiles() async throws {
        func plan(_ more: [String: String]) async throws -> LaunchPlan {
            try await FirstTry.plan(
                [
                    "requirements.txt": "fastapi\nsqlalchemy\n",
                    "main.py": LaunchSample.app + "from sqlalchemy import create_engine\n"
                        + "engine = create_engine(\"sqlite:///./data/app.db\")\n",
                ].merging(more) { $1 }
            )
        }
        let reader = ["cities.py": "import json\nCITIES = json.load(open(\"data/cities.json\"))\n"]
        let main =
            LaunchSample.app + "import cities\nfrom sqlalchemy import create_engine\n"
            + "engine = create_engine(\"sqlite:///./data/app.db\")\n"
        let seeded = try await plan(reader.merging(["data/cities.json": "[]", "main.py": main]) { $1 })
        #expect(!LaunchSample.created("fly.toml", seeded).contains("[[mounts]]"))
        let own = try await plan(["data/app.db": "x", "data/logo.png": "x", "data/.gitkeep": ""])
        #expect(LaunchSample.created("fly.toml", own).contains("destination = \"/app/data\""))
    }

    @Test("what the image sets itself is not asked for")
    func imageVariables() async throws {
        let files = [
            "requirements.txt": LaunchSample.needs,
            "main.py": "import os\nPLACE = os.environ[\"PLACE\"]\nOTHER = os.environ[\"OTHER\"]\n"
                + "KEY = os.environ[\"KEY\"]\n" + LaunchSample.app,
            "Dockerfile": "FROM python:3.12\nARG KEY\nENV PLACE=here KEY=$KEY\nWORKDIR /app\nCOPY . .\n"
                + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
        ]
        let needed = try await FirstTry.plan(files).needed
        #expect(needed.contains("OTHER") && needed.contains("KEY (secret)") && !needed.contains("PLACE"), "\(needed)")
    }

    @Test(
        "what the code has no value for is as the Compose file for production has it, unless that is nobody's business"
    )
    func composeValues() async throws {
        let files = [
            "requirements.txt": LaunchSample.needs,
            "main.py": "import os\n" + LaunchSample.app
                + "A = os.environ[\"ALGORITHM\"]\nB = os.getenv(\"STORE\", None)\n"
                + "C = os.getenv(\"MODE\", \"x\")\nD = os.environ[\"API_TOKEN\"]\nE = os.environ[\"SITE\"]\n"
                + "F = os.environ[\"LEVEL\"]\nG = os.environ.get(\"DEBUG\") == \"True\"\nH = os.getenv(\"MAILER\")\n",
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\n"
                + "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
            "docker-compose.yml": """
            services:
              web:
                build: .
                environment:
                  ALGORITHM: HS256
                  STORE: local
                  MODE: y
                  API_TOKEN: abcdef
                  SITE: https://shop.example
                  LEVEL: ${LEVEL}
                  DEBUG: "True"
                  MAILER: console
            """,
        ]
        let plan = try await FirstTry.plan(files)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("ALGORITHM = \"HS256\"") && text.contains("STORE = \"local\""), "\(text)")
        #expect(
            !text.contains("MODE") && !text.contains("API_TOKEN") && !text.contains("SITE") && !text.contains("LEVEL")
        )
        // What a developer wants of it is for no Machine.
        #expect(!text.contains("DEBUG") && !text.contains("MAILER"), "\(text)")
        #expect(plan.notes.contains("ALGORITHM in [env] is what docker-compose.yml:5 has"), "\(plan.notes)")
        #expect(!plan.needed.contains("ALGORITHM") && plan.needed.contains("SITE"), "\(plan.needed)")
        let aside = files.merging([
            "docker-compose.yml": "", "docker-compose.dev.yml": files["docker-compose.yml"] ?? "",
        ]) { $1 }
        #expect(!LaunchSample.created("fly.toml", try await FirstTry.plan(aside)).contains("ALGORITHM"))
    }

    @Test("of two factories the one is served that calls the other")
    func factories() async throws {
        let facts = try await FirstTry.scan([
            "requirements.txt": LaunchSample.needs,
            "app/__init__.py": "",
            "app/base.py": "from fastapi import FastAPI\ndef create_app():\n    return FastAPI()\n",
            "app/service.py": "from app.base import create_app\ndef build_service():\n    app = create_app()\n"
                + "    app.title = \"x\"\n    return app\n",
        ]).facts
        #expect(facts.entry?.target == "app.service:build_service", "\(String(describing: facts.entry))")
    }
}
