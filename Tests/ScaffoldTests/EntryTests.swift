import Testing
import Toolkit

@testable import Scaffold

/// A project in memory and what a scan has to say of its entry point.
struct EntryCase: CustomTestStringConvertible, Sendable {
    var name: String
    var files: [String: String]
    var root: String?
    /// `kind target in importRoot, confidence, port`.
    var expected: String

    init(_ name: String, _ expected: String, root: String? = nil, _ files: [String: String]) {
        self.name = name
        self.files = files
        self.root = root
        self.expected = expected
    }

    var testDescription: String { name }

    static let app = "from fastapi import FastAPI\napp = FastAPI()\n"
    static let needs = "fastapi\nuvicorn\n"

    static func text(_ facts: Facts) -> String {
        guard let entry = facts.entry else { return "none, \(facts.kind.rawValue)" }
        let folder = [facts.root, entry.importRoot].filter { !$0.isEmpty }.joined(separator: "/")
        let port = facts.port?.number.map(String.init) ?? "-"
        return
            "\(entry.kind.rawValue) \(entry.target) in \(folder.isEmpty ? "." : folder), \(entry.confidence.rawValue), \(port)"
    }
}

@Suite("Entry points that commands name")
struct EntryTests {
    @Test("each trap has its answer", arguments: declared + scripts)
    func traps(_ one: EntryCase) async throws {
        let facts = try await Scan.run(Project(files: one.files), root: one.root).facts
        #expect(EntryCase.text(facts) == one.expected)
    }

    private static let app = EntryCase.app
    private static let needs = EntryCase.needs

    private static let declared: [EntryCase] = [
        .init(
            "a workspace's member declares its entry point",
            "app app.main:app in backend, certain, 8000",
            [
                "pyproject.toml": "[tool.uv.workspace]\nmembers = [\"backend\"]\n",
                "backend/pyproject.toml": "[project]\nname = \"x\"\ndependencies = [\"fastapi\"]\n[tool.fastapi]\n"
                    + "entrypoint = \"app.main:app\"\n",
                "backend/app/main.py": app, "backend/app/__init__.py": "",
                "backend/Dockerfile": "FROM python:3.14\nWORKDIR /app/\nCOPY ./backend/app /app/backend/app\n"
                    + "WORKDIR /app/backend/\nCMD [\"fastapi\", \"run\", \"--workers\", \"4\"]\n",
            ]
        ),
        .init(
            "the production image has no command, a Compose file's script has",
            "app src.main:app in ., likely, 8000",
            [
                "requirements/base.txt": needs, "src/main.py": app, "src/__init__.py": "",
                "Dockerfile.prod": "FROM python:3.12\nCOPY . /src\nWORKDIR /src\n",
                "docker-compose.prod.yml": "services:\n  app:\n    build: {context: ., dockerfile: Dockerfile.prod}\n"
                    + "    command: [entry/gunicorn.sh]\n",
                "entry/gunicorn.sh": "DEFAULT_MODULE_NAME=src.main\nMODULE_NAME=${MODULE_NAME:-$DEFAULT_MODULE_NAME}\n"
                    + "export APP_MODULE=${APP_MODULE:-\"$MODULE_NAME:${VARIABLE_NAME:-app}\"}\n"
                    + "gunicorn -k \"uvicorn.workers.UvicornWorker\" -c /src/conf.py \"$APP_MODULE\"\n",
            ]
        ),
        .init(
            "the port is only a variable",
            "app app.main:app in project, certain, -",
            [
                "project/requirements.txt": needs, "project/app/main.py": app,
                "project/Dockerfile.prod": "FROM python:3.12\nWORKDIR /usr/src/app\nCOPY . .\n"
                    + "CMD gunicorn --bind 0.0.0.0:$PORT app.main:app -k uvicorn.workers.UvicornWorker\n",
                "docker-compose.yml": "services:\n  web:\n    build: ./project\n    ports: [\"8004:8000\"]\n"
                    + "    command: uvicorn app.main:app --reload --port 8000\n",
            ]
        ),
        .init(
            "a platform's file names another server",
            "app main:app in ., certain, -",
            [
                "requirements.txt": "fastapi\nhypercorn\n", "main.py": app,
                "railway.json": "{\"deploy\": {\"startCommand\": \"hypercorn main:app --bind \\\"[::]:$PORT\\\"\"}}",
            ]
        ),
        .init(
            "the base image starts it",
            "app app.main:app in users, likely, 80",
            [
                "users/requirements.txt": needs, "users/app/main.py": app,
                "users/docker/backend.dockerfile":
                    "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.8\nCOPY ./app /app/app\n",
            ]
        ),
        .init(
            "only an image for development is there",
            "app shop.app:app in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/app.py": app, "shop/__init__.py": "from .app import app\n",
                "Dockerfile.dev":
                    "FROM python:3.9\nCOPY . .\nCMD [\"uvicorn\", \"shop.app:app\", \"--port=8000\", \"--reload\"]\n",
            ]
        ),
        .init(
            "the last stage is for production and the context is another folder",
            "app app.main:api in src/backend, certain, 80",
            [
                "src/backend/pyproject.toml": "[project]\nname = \"x\"\ndependencies = [\"fastapi\"]\n",
                "src/backend/app/main.py":
                    "from fastapi import FastAPI\n\ndef get_api():\n    return FastAPI()\n\napi = get_api()\n",
                "src/backend/Dockerfile": "FROM python:3.12 AS runtime\nWORKDIR /opt\nCOPY backend/app/ /opt/app/\n"
                    + "FROM runtime AS debug\nCMD [\"python\", \"-m\", \"debugpy\", \"-m\", \"uvicorn\", \"app.main:other\"]\n"
                    + "FROM runtime AS prod\nCMD [\"uvicorn\", \"app.main:api\", \"--port\", \"80\"]\n",
            ]
        ),
        .init(
            "variables of the image name it, in one of several distributions",
            "app tiles.application.main:app in src/tiles/application, certain, 80",
            [
                "pyproject.toml": "[tool.uv.workspace]\nmembers = [\"src/*\"]\n",
                "src/tiles/application/pyproject.toml": "[project]\nname = \"a\"\ndependencies = [\"fastapi\"]\n",
                "src/tiles/core/pyproject.toml": "[project]\nname = \"c\"\n",
                "src/tiles/core/tiles/core/x.py": "x = 1\n",
                "src/tiles/application/tiles/application/main.py": app,
                "dockerfiles/Dockerfile": "ARG V=3.14\nFROM python:${V}\nCOPY src/tiles/ ./src/tiles/\n"
                    + "ENV MODULE_NAME=tiles.application.main\nENV VARIABLE_NAME=app\nENV PORT=80\n"
                    + "CMD gunicorn ${MODULE_NAME}:${VARIABLE_NAME} --bind 0.0.0.0:${PORT}\n",
            ]
        ),
        .init(
            "two apps of one tree: the server goes before the client",
            "app shop_server.main:app in packages/server, likely, 7002",
            [
                "setup.py": "", "requirements.txt": needs, "packages/server/setup.py": "",
                "packages/client/setup.py": "",
                "packages/server/shop_server/main.py": "from shop_server.server import Server\n\n"
                    + "def create_app():\n    server = Server()\n    return server.app\n\napp = create_app()\n",
                "packages/server/shop_server/server.py":
                    "from fastapi import FastAPI\n\nclass Server:\n    def __init__(self):\n"
                    + "        self.app: FastAPI = self._make()\n\n    def _make(self):\n        return FastAPI()\n",
                "packages/client/shop_client/main.py": app,
                "docker/Dockerfile":
                    "FROM python:3.10 AS common\nWORKDIR /opt\nCOPY scripts/start.sh .\nCOPY ./packages ./packages/\n"
                    + "CMD [\"./start.sh\"]\nFROM common AS client\nENV UVICORN_ASGI_APP=shop_client.main:app UVICORN_PORT=7000\n"
                    + "FROM common AS server\nENV UVICORN_ASGI_APP=shop_server.main:app UVICORN_PORT=7002\nFROM common AS client-extra\n",
                "scripts/start.sh":
                    "#! /usr/bin/env bash\nprefix=\"\"\nif [[ -n \"${TRACE}\" ]]; then\n  prefix=ddtrace-run\nfi\n"
                    + "(set -x; exec $prefix gunicorn -b 0.0.0.0:${UVICORN_PORT} ${UVICORN_ASGI_APP})\n",
            ]
        ),
        .init(
            "an entrypoint passes on a factory",
            "factory src.main:create_app in ., certain, 8000",
            [
                "pyproject.toml": "[project]\nname = \"x\"\ndependencies = [\"fastapi\"]\n",
                "src/main.py": "from fastapi import FastAPI\n\ndef create_app() -> FastAPI:\n    return FastAPI()\n",
                "entrypoint.sh": "#!/bin/sh\nset -e\nalembic upgrade head\nexec \"$@\"\n",
                "Dockerfile": "FROM python:3.13\nWORKDIR /app\nCOPY . .\nENTRYPOINT [\"./entrypoint.sh\"]\n"
                    + "CMD [\"uvicorn\", \"--factory\", \"src.main:create_app\", \"--host\", \"0.0.0.0\"]\n",
            ]
        ),
        .init(
            "the module is a package's main file, and another image is a client's",
            "app app.__main__:app in ., certain, 80",
            [
                "pyproject.toml": "[project]\nname = \"x\"\ndependencies = [\"fastapi\"]\n",
                "app/__main__.py": app, "app/__init__.py": "", "client/main.py": app,
                "Dockerfile":
                    "FROM python:3.10\nWORKDIR /a\nCOPY . .\nCMD [\"pdm\", \"run\", \"uvicorn\", \"app.__main__:app\", \"--port\", \"80\"]\n",
                "Dockerfile_client": "FROM python:3.10\nWORKDIR /a\nCOPY . .\nCMD [\"uvicorn\", \"client.main:app\"]\n",
            ]
        ),
        .init(
            "a platform's file says which of two images",
            "app scripts.backend.api:app in ., certain, 10000",
            [
                "environment.yml": "dependencies: [python=3.11, fastapi]\n", "scripts/backend/api.py": app,
                "scripts/backend/api_sklearn.py": app,
                "render.yaml": "services:\n  - type: web\n    dockerfilePath: deploy/predictor/Dockerfile\n",
                "deploy/predictor/Dockerfile": "FROM mambaorg/micromamba\nCOPY . .\n"
                    + "CMD micromamba run -n base python -m uvicorn scripts.backend.api:app \\\n  --port ${PORT:-10000}\n",
                "deploy/sdo/Dockerfile": "FROM mambaorg/micromamba\nCOPY . .\n"
                    + "CMD [\"python\", \"-m\", \"uvicorn\", \"scripts.backend.api:app\", \"--port\", \"${PORT:-8000}\"]\n",
            ]
        ),
        .init(
            "a Procfile is the truth",
            "app app.main:app in ., certain, -",
            [
                "requirements.txt": needs, "app/main.py": app,
                "Procfile":
                    "release: alembic upgrade head\nweb: gunicorn app.main:app -k uvicorn.workers.UvicornWorker -b 0.0.0.0:$PORT\n"
                    + "worker: celery -A app.tasks worker\n",
            ]
        ),
        .init(
            "what a Procfile names is gone",
            "app server.app:app in ., likely, 8000",
            [
                "requirements.txt": needs, "server/app.py": app, "Procfile": "web: uvicorn old.main:app --port $PORT\n",
            ]
        ),
        .init(
            "imports start in a folder of the project",
            "app main:app in app, certain, 8080",
            [
                "pyproject.toml": "[project]\nname = \"x\"\ndependencies = [\"fastapi\"]\n",
                "app/main.py":
                    "from core.config import x\nfrom fastapi import FastAPI\n\ndef get_application():\n    return FastAPI()\n\n"
                    + "app = get_application()\n", "app/core/config.py": "x = 1\n",
                "Dockerfile": "FROM python:3.11\nENV PYTHONPATH=/app\nWORKDIR /app\nCOPY app/ .\n"
                    + "CMD [\"uvicorn\", \"main:app\", \"--port\", \"8080\"]\n",
            ]
        ),
        .init(
            "two images for production that differ",
            "app a.main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "a/main.py": app, "b/main.py": app,
                "Dockerfile": "FROM python:3.13\nCOPY . .\nCMD [\"uvicorn\", \"a.main:app\"]\n",
                "docker/Dockerfile": "FROM python:3.13\nCOPY . .\nCMD [\"uvicorn\", \"b.main:app\"]\n",
            ]
        ),
        .init(
            "an image that copies the app under another name",
            "app main:app in service, likely, 8000",
            [
                "service/requirements.txt": needs, "service/main.py": app,
                "service/Dockerfile":
                    "FROM python:3.13\nWORKDIR /srv\nCOPY . /srv/api\nCMD [\"uvicorn\", \"api.main:app\"]\n",
            ]
        ),
    ]

    private static let scripts: [EntryCase] = [
        .init(
            "Compose alone, in a folder",
            "app main:app in project, likely, 8000",
            [
                "project/requirements.txt": needs, "project/main.py": app,
                "project/Dockerfile": "FROM python:3.11\nWORKDIR /usr/src/app\n",
                "docker-compose.yml": "services:\n  web:\n    build: ./project\n    ports: [\"8004:8000\"]\n"
                    + "    command: uvicorn main:app --host 0.0.0.0 --reload\n    volumes: [\"./project:/usr/src/app\"]\n",
            ]
        ),
        .init(
            "a start script without a port",
            "app main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "main.py": app, "startup.sh": "python -m uvicorn main:app --host 0.0.0.0\n",
            ]
        ),
        .init(
            "--app-dir, and a decoy beside it",
            "app api:app in src, likely, 8000",
            [
                "pyproject.toml": "[tool.poetry.dependencies]\nfastapi = \"*\"\n",
                "src/api.py": "from utils.security import x\n" + app,
                "src/utils/security.py": "x = 1\n" + app,
                "scripts/start.sh": "poetry run uvicorn --app-dir ./src/ api:app\n",
            ]
        ),
        .init(
            "a run script with defaults",
            "app app.main:app in ., likely, 8001",
            [
                "pyproject.toml": "[tool.poetry.dependencies]\nfastapi = \"*\"\n", "app/app/main.py": app,
                "app/main.py": app,
                "run.sh": "#!/bin/sh\nexport APP_MODULE=${APP_MODULE-app.main:app}\nexport PORT=${PORT:-8001}\n"
                    + "exec uvicorn --reload --port $PORT \"$APP_MODULE\"\n",
            ]
        ),
        .init(
            "the program has to be run: it reads its own arguments",
            "script web:app in ., certain, 8080",
            [
                "pyproject.toml": "[project]\nname = \"x\"\ndependencies = [\"fastapi\"]\n",
                "web.py":
                    "import argparse\nimport uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\nconfig = None\n\n"
                    + "def main():\n    parser = argparse.ArgumentParser()\n    parser.add_argument(\"-c\", \"--config\")\n"
                    + "    parser.add_argument(\"--port\", default=8000)\n    args = parser.parse_args()\n"
                    + "    uvicorn.run(app, port=args.port)\n\nif __name__ == \"__main__\":\n    main()\n",
                "Dockerfile":
                    "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"web.py\", \"-c\", \"x.yaml\", \"--port\", \"8080\"]\n",
            ]
        ),
        .init(
            "a program that only starts the server",
            "app main:app in ., certain, 9000",
            [
                "requirements.txt": needs,
                "main.py": "import uvicorn\n" + app
                    + "if __name__ == \"__main__\":\n    uvicorn.run(app, host=\"0.0.0.0\", port=9000)\n",
                "Dockerfile": "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"main.py\"]\n",
            ]
        ),
        .init(
            "python -m package with a factory, and a decoy",
            "factory shop.web.application:get_app in platform, certain, 8000",
            [
                "platform/pyproject.toml": "[tool.poetry.dependencies]\nfastapi = \"*\"\n",
                "platform/shop/__init__.py": "",
                "platform/shop/__main__.py":
                    "import uvicorn\nfrom shop.settings import settings\n\ndef main() -> None:\n"
                    + "    uvicorn.run(\"shop.web.application:get_app\", port=settings.port, factory=True)\n\n"
                    + "if __name__ == \"__main__\":\n    main()\n",
                "platform/shop/settings.py":
                    "from pydantic import BaseSettings\n\nclass Settings(BaseSettings):\n    port: int = 8000\n\n"
                    + "settings = Settings()\n",
                "platform/shop/web/application.py":
                    "from fastapi import FastAPI\n\ndef get_app() -> FastAPI:\n    return FastAPI()\n",
                "platform/shop/stream_mock.py": app,
                "platform/Dockerfile": "FROM python:3.11 as prod\nCOPY . /app/src/\nWORKDIR /app/src\n"
                    + "CMD [\"/usr/local/bin/python\", \"-m\", \"shop\"]\nFROM prod as dev\nRUN poetry install\n",
                "docker-compose.yml": "services:\n  platform:\n    build: {context: ./platform, target: prod}\n",
            ]
        ),
        .init(
            "the project's own command line",
            "app shop.api:app in src, certain, 8100",
            [
                "pyproject.toml":
                    "[project]\nname = \"shop\"\ndependencies = [\"fastapi\"]\n[project.scripts]\nshop = \"shop.__main__:cli.cli\"\n",
                "src/shop/__init__.py": "",
                "src/shop/__main__.py": "from . import cli\n\nif __name__ == \"__main__\":\n    cli.cli()\n",
                "src/shop/cli.py":
                    "import click\nimport uvicorn\n\n@click.group()\ndef cli():\n    pass\n\n@cli.command()\n"
                    + "def runserver():\n    uvicorn.run(\"shop.api:app\", port=8100)\n",
                "src/shop/api/__init__.py": app,
                "Dockerfile": "FROM python:3.12\nCOPY . .\nENTRYPOINT [\"shop\"]\nCMD [\"runserver\"]\n",
            ]
        ),
        .init(
            "Compose and the main guard name it by different folders",
            "app examples.main:app_ in ., likely, 8000",
            [
                "pyproject.toml": "[tool.poetry.dependencies]\nfastapi = \"*\"\n[build-system]\nrequires = []\n",
                "library/app.py": "from fastapi import FastAPI\n\nclass Admin(FastAPI):\n    pass\n\napp = Admin()\n",
                "examples/main.py":
                    "import uvicorn\nfrom fastapi import FastAPI\n\ndef create_app():\n    return FastAPI()\n\n"
                    + "app_ = create_app()\n\nif __name__ == \"__main__\":\n    uvicorn.run(\"main:app_\", reload=True)\n",
                "docker-compose.yml":
                    "services:\n  app:\n    build: .\n    command: uvicorn examples.main:app_ --port 8000\n",
                "Dockerfile": "FROM python:3.9\nWORKDIR /fastapi-admin\nCOPY . .\n",
            ]
        ),
        .init(
            "a program in production that imports the app serves it in its own way",
            "script start in ., likely, 5000",
            [
                "requirements.txt": "flask\n", "start.py": "from shop import main\nmain()\n",
                "shop/__init__.py": "from .web import app\nimport eventlet\n\ndef main():\n    eventlet.serve(app)\n",
                "shop/web.py": "from flask import Flask\napp = Flask(__name__)\n",
                "Dockerfile": "FROM python:3.12\nWORKDIR /x\nCOPY . .\nEXPOSE 5000\nCMD [\"python\", \"./start.py\"]\n",
            ]
        ),
        .init(
            "a target of make in the image",
            "app main:app in ., certain, 8000",
            [
                "requirements.txt": needs, "main.py": app, "Makefile": "serve:\n\t@uvicorn main:app --port 8000\n",
                "Dockerfile": "FROM python:3.12\nWORKDIR /x\nCOPY . .\nCMD [\"make\", \"serve\"]\n",
            ]
        ),
        .init(
            "a file at an image's path is of the folder that the image is made of",
            "app main:app in metadata, certain, 8000",
            [
                "requirements.txt": needs, "media/main.py": app, "metadata/main.py": app,
                "metadata/requirements.txt": needs,
                "metadata/Dockerfile":
                    "FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD [\"uv\", \"run\", \"fastapi\", \"run\", \"/app/main.py\"]\n",
            ]
        ),
        .init(
            "fastapi run with a file",
            "app app.main:api in ., certain, 80",
            [
                "requirements.txt": "fastapi[standard]\n", "app/__init__.py": "",
                "app/main.py": "from fastapi import FastAPI\napi = FastAPI()\n",
                "Dockerfile":
                    "FROM python:3.12\nWORKDIR /code\nCOPY ./app /code/app\nCMD [\"fastapi\", \"run\", \"app/main.py\", \"--port\", \"80\"]\n",
            ]
        ),
    ]
}
