import Model
import Testing
import Toolkit

@testable import Scaffold

/// What careful maintainers would object to: each case beside the one that stays a finding.
@Suite("Near misses of the rules")
struct AuditNearMissTests {
    /// What a rule finds, as `E main.py:3`.
    private static func found(_ id: String, _ files: [String: String]) async throws -> [String] {
        try await AuditSample.report(files, only: [id]).findings.map { "\($0.severity.rawValue) \($0.place)" }
    }

    private static let app = "from fastapi import FastAPI\n\napp = FastAPI(openapi_url=None)\n"

    @Test("credentials for every origin: with cookies it is open, with a header alone it is a warning")
    func origins() async throws {
        func app(_ more: String) -> [String: String] {
            [
                "main.py": """
                from fastapi import Depends, FastAPI, Response
                from fastapi.middleware.cors import CORSMiddleware
                from fastapi.security import OAuth2PasswordBearer

                app = FastAPI()
                app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
                bearer = OAuth2PasswordBearer(tokenUrl="token")

                @app.get("/me")
                def me(response: Response, token: str = Depends(bearer)):
                    \(more)
                    return {"token": token}
                """
            ]
        }
        #expect(try await Self.found("A03", app("response.set_cookie('seen', '1')")) == ["E main.py:6"])
        #expect(try await Self.found("A03", app("print(token)")) == ["W main.py:6"])
    }

    @Test("a status in a tuple is Flask's own way, and nobody's in FastAPI")
    func tuples() async throws {
        func app(_ package: String, _ maker: String, _ route: String) -> [String: String] {
            [
                "requirements.txt": "\(package.lowercased())\n",
                "main.py":
                    "from \(package) import \(maker)\n\napp = \(maker)(__name__)\n\n@app.\(route)\ndef gone():\n    return '', 410\n",
            ]
        }
        #expect(try await Self.found("A05", app("flask", "Flask", "route('/gone', methods=['GET'])")) == [])
        #expect(try await Self.found("A05", app("fastapi", "FastAPI", "get('/gone')")) == ["E main.py:7"])
    }

    @Test("an entrypoint that gives root up, also under another name in the image")
    func renamedEntrypoint() async throws {
        let image = "FROM python:3.14-slim\nCOPY docker/entry.sh /srv/run.sh\nENTRYPOINT [\"/srv/run.sh\"]\n"
        let drops = "#!/bin/sh\nexec gosu shop uvicorn main:app\n"
        let stays = "#!/bin/sh\nexec uvicorn main:app\n"
        func files(_ script: String) -> [String: String] {
            ["Dockerfile": image, "docker/entry.sh": script, "main.py": Self.app]
        }
        #expect(try await Self.found("D03", files(drops)) == [])
        #expect(try await Self.found("D03", files(stays)) == ["E Dockerfile:1"])
    }

    @Test("uWSGI that switches to a user of its own, and one that stays root")
    func switchingServer() async throws {
        let image = "FROM python:3.14-slim\nCOPY . .\nCMD [\"uwsgi\", \"--ini\", \"server.ini\"]\n"
        func files(_ user: String) -> [String: String] {
            ["Dockerfile": image, "server.ini": "[uwsgi]\nuid = \(user)\n", "main.py": Self.app]
        }
        #expect(try await Self.found("D03", files("www-data")) == [])
        #expect(try await Self.found("D03", files("root")) == ["E Dockerfile:1"])
    }

    @Test("a developer's server is told where it is written, not where an entrypoint runs it")
    func placeOfCommand() async throws {
        let files = [
            "Dockerfile":
                "FROM python:3.14-slim\nCOPY . .\nENTRYPOINT [\"./entry.sh\"]\nCMD [\"uvicorn\", \"main:app\", \"--reload\"]\n",
            "entry.sh": "#!/bin/sh\nexec \"$@\"\n", "main.py": Self.app,
        ]
        #expect(try await Self.found("D09", files) == ["E Dockerfile:4"])
    }

    @Test("a secret that is switched off, and one that is not")
    func switchedOff() async throws {
        func files(_ enabled: String) -> [String: String] {
            ["config.py": "from access import Door\n\ndoor = Door(enabled=\(enabled), secret=\"kq81-secret-zz\")\n"]
        }
        #expect(try await Self.found("A22", files("False")) == [])
        #expect(try await Self.found("A22", files("True")) == ["E config.py:3"])
    }

    @Test(
        "defaults of settings that are no secrets of the app",
        arguments: [
            ("mask_secret_patterns: str = 'password,token,secret'", ""), ("jwt_secret: str = 'password'", "E"),
            ("_default_secret: str = 'password1'", ""), ("session_secret: str = 'password1'", "E"),
        ]
    )
    func defaults(field: String, severity: String) async throws {
        let text = "from pydantic_settings import BaseSettings\n\nclass Settings(BaseSettings):\n    \(field)\n"
        let found = try await Self.found("A23", ["config.py": text])
        #expect(found == (severity.isEmpty ? [] : ["\(severity) config.py:4"]))
    }

    @Test("another service's client secret that only says `default`, and the app's own key that does")
    func foreignDefaults() async throws {
        func files(_ name: String) -> [String: String] {
            ["config.py": "import os\n\nVALUE = os.getenv(\"\(name)\", \"default_secret_text\")\n"]
        }
        #expect(try await Self.found("A23", files("MAPS_CLIENT_SECRET")) == [])
        #expect(try await Self.found("A23", files("SECRET_KEY")) == ["E config.py:3"])
    }

    @Test("the password of another service's folder is that service's default; the app's own file is not")
    func copiedSettings() async throws {
        let image = "FROM python:3.14-slim\nCOPY . .\nUSER 10001\nCMD [\"uvicorn\", \"main:app\"]\n"
        func files(_ path: String, _ password: String) -> [String: String] {
            [
                "Dockerfile": image, "main.py": Self.app, ".dockerignore": ".git\n",
                path: "SEARCH_PASSWORD=\(password)\n",
            ]
        }
        #expect(try await Self.found("D13", files("docker/search/.env", "default")) == ["W Dockerfile:2"])
        #expect(try await Self.found("D13", files("docker/search/.env", "kq81Zp0w")) == ["E Dockerfile:2"])
        #expect(try await Self.found("D13", files(".env", "default")) == ["E Dockerfile:2"])
    }

    @Test("a lock that .dockerignore leaves out is told so")
    func ignoredLock() async throws {
        let files = [
            "Dockerfile":
                "FROM python:3.14-slim\nCOPY . .\nRUN pip install poetry==2 && \\\n    poetry install --only main\nUSER 10001\nCMD [\"uvicorn\", \"main:app\"]\n",
            ".dockerignore": "poetry.lock\n", "poetry.lock": "# lock\n", "main.py": Self.app,
            "pyproject.toml": "[tool.poetry]\nname = \"shop\"\n[tool.poetry.dependencies]\nfastapi = \"*\"\n",
        ]
        let report = try await AuditSample.report(files, only: ["D18"])
        #expect(report.findings.map(\.place) == [Place("Dockerfile", 4)])
        #expect(report.findings.first?.message.hasPrefix(".dockerignore leaves poetry.lock out") == true)
    }

    @Test(
        "groups for developers: always, on demand, and as the build says",
        arguments: [
            ("RUN uv sync --locked", ["W Dockerfile:3"]),
            ("RUN if [ \"$DEV\" = \"true\" ]; then uv sync --locked; fi", []),
            ("RUN uv sync ${ARGS} --locked", []),
            ("RUN --mount=type=cache,target=/c \\\n    uv sync --locked", ["W Dockerfile:4"]),
        ]
    )
    func groups(run: String, expected: [String]) async throws {
        let files = [
            "Dockerfile":
                "FROM python:3.14-slim\nCOPY pyproject.toml uv.lock ./\n\(run)\nCMD [\"python\", \"main.py\"]\n",
            "pyproject.toml":
                "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"fastapi\"]\n\n[dependency-groups]\ndev = [\"pytest\"]\n",
            "uv.lock": "version = 1\n", "main.py": Self.app,
        ]
        #expect(try await Self.found("D19", files) == expected)
    }

    @Test("passwords that anybody may try, and those of who has signed in; one place is told once")
    func limits() async throws {
        let text = """
            from fastapi import APIRouter, Depends, FastAPI

            router = APIRouter()

            def get_current_user():
                return 1

            @router.post("/reset-password")
            def change(user=Depends(get_current_user)):
                return user

            @router.post("/login")
            def login():
                return {}

            app = FastAPI()
            app.include_router(router)
            app.include_router(router, prefix="/{tenant}")
            """
        #expect(try await Self.found("A20", ["main.py": text]) == ["W main.py:12"])
    }

    @Test(
        "tables that the app makes at its start, and those that only a script makes",
        arguments: [
            ("app = FastAPI(on_startup=[make])", ["W db.py:6"]), ("app = FastAPI()\nmake()", ["W db.py:6"]),
            ("app = FastAPI()", []),
        ]
    )
    func tables(start: String, expected: [String]) async throws {
        let store = """
            from sqlmodel import SQLModel, create_engine

            engine = create_engine("postgresql://db/shop")

            def make():
                SQLModel.metadata.create_all(engine)

            if __name__ == "__main__":
                make()
            """
        let main = "from fastapi import FastAPI\nfrom db import engine, make\n\n\(start)\nuse(engine)\nuse(engine)\n"
        #expect(try await Self.found("B10", ["main.py": main, "db.py": store]) == expected)
    }

    @Test(
        "a client for each request: a waste, or made for that one call",
        arguments: [("timeout=5", "W"), ("timeout=5, transport=guarded()", "I")]
    )
    func clients(arguments: String, severity: String) async throws {
        let text = """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/rates")
            async def rates():
                async with httpx.AsyncClient(\(arguments)) as client:
                    return (await client.get("https://rates.example")).json()
            """
        #expect(try await Self.found("A30", ["main.py": text]) == ["\(severity) main.py:8"])
    }

    @Test("an action is told once, with the number of its other places")
    func actions() async throws {
        func workflow(_ action: String, _ times: Int) -> String {
            let steps = String(repeating: "      - uses: \(action)\n", count: times)
            return "on: push\npermissions: {}\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n" + steps
        }
        let report = try await AuditSample.report(
            [
                ".github/workflows/a.yml": workflow("acme/setup@v9", 2),
                ".github/workflows/b.yml": workflow("acme/setup@v9", 1),
                ".github/workflows/c.yml": workflow("acme/other@v1", 2), "main.py": Self.app,
            ],
            only: ["C32"]
        )
        #expect(
            report.findings.map { "\($0.place) \($0.message)" } == [
                ".github/workflows/a.yml:7 acme/setup@v9 can be moved to other code, here and at 2 more places",
                ".github/workflows/c.yml:7 acme/other@v1 can be moved to other code, here and at 1 more place",
            ]
        )
    }

    @Test("weak values of a developer's own cluster, and of any other")
    func localCluster() async throws {
        let secret =
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ntype: Opaque\nstringData:\n  password: password\n"
        let files = ["k8s/db.yaml": secret, "main.py": Self.app]
        let tilt = files.merging(["Tiltfile": "k8s_yaml(['k8s/db.yaml'])\n"]) { old, _ in old }
        #expect(try await Self.found("C03", files) == ["E k8s/db.yaml:6"])
        #expect(try await Self.found("C03", tilt) == ["W k8s/db.yaml:6"])
    }

    @Test("a database without a password: the line is shown, and the fix is another one")
    func emptyPassword() async throws {
        let files = [
            "compose.prod.yaml":
                "services:\n  db:\n    image: postgres:17\n    environment:\n      - POSTGRES_HOST_AUTH_METHOD=trust\n",
            "main.py": Self.app,
        ]
        let finding = try #require(try await AuditSample.report(files, only: ["C03"]).findings.first)
        #expect(finding.found == "- POSTGRES_HOST_AUTH_METHOD=trust")
        #expect(finding.fix == "delete the line, and set a password")
    }

    @Test("the old worker class of another app beside this one is that app's")
    func otherApps() async throws {
        let start = "exec gunicorn main:app -k uvicorn.workers.UvicornWorker\n"
        let files = [
            "shop/main.py": Self.app, "shop/requirements.txt": "fastapi\n", "shop/run.sh": start,
            "stock/main.py": Self.app, "stock/requirements.txt": "fastapi\n", "stock/run.sh": start,
            "deploy/run.sh": start,
        ]
        let scan = try await Scan.run(Project(files: files), root: "shop")
        let context = AuditContext(try await scan.context.withAllCode())
        let places = try #require(Rules.named("S01")).check(context).map(\.place.description)
        #expect(places == ["deploy/run.sh:1", "shop/run.sh:1"])
    }

    @Test(
        "offending text: values are hidden, and calls are shown",
        arguments: [
            ("password = hash_one(user.password)", true, "password = hash_one(user.password)"),
            ("password = \"kq81Zp0w\"", true, "password = ••••"), ("password = kq81Zp0w", false, "password = ••••"),
        ]
    )
    func offendingText(line: String, isPython: Bool, shown: String) {
        #expect(SecretText.withoutSecrets(line, isPython: isPython) == shown)
    }

    @Test("packages that import all of each other do not take for ever", .timeLimit(.minutes(5)))
    func starCycles() async throws {
        var files = [
            "main.py": "from fastapi import FastAPI\nfrom p0 import *\n\napp = FastAPI()\nuse(missing.value)\n"
        ]
        for index in 0..<14 {
            let all = (0..<14).filter { $0 != index }.map { "from p\($0) import *\n" }.joined()
            files["p\(index).py"] = all + "\n\ndef f\(index)():\n    return missing.name(other.call())\n"
        }
        _ = try await AuditSample.report(files)
    }

    @Test("the Dockerfile that workflows publish goes before the one for developers at the top")
    func publishedImage() async throws {
        let top = "FROM python:3.14\nCMD [\"uvicorn\", \"main:app\"]\n"
        let published =
            "FROM python:3.14-slim AS web\nUSER 10001\nCMD [\"uvicorn\", \"main:app\"]\nFROM web AS full\nUSER root\n"
        let workflow = """
            on: push
            jobs:
              image:
                runs-on: ubuntu-latest
                steps:
                  - uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83
                    with: {file: docker/Dockerfile, target: web, push: true}
            """
        let files = ["Dockerfile": top, "docker/Dockerfile": published, "main.py": Self.app]
        #expect(try await Self.found("D03", files) == ["E Dockerfile:1"])
        let named = files.merging([".github/workflows/image.yml": workflow]) { old, _ in old }
        #expect(try await Self.found("D03", named) == [])
    }
}
