import Model
import Testing

@testable import Scaffold

@Suite("Entry points that only the code shows")
struct EntryCodeTests {
    @Test("each trap has its answer", arguments: code + others + trees)
    func traps(_ one: EntryCase) async throws {
        let facts = try await Scan.run(Project(files: one.files), root: one.root).facts
        #expect(EntryCase.text(facts) == one.expected)
    }

    private static let app = EntryCase.app
    private static let needs = EntryCase.needs
    private static let package =
        "[project]\nname = \"lib\"\ndependencies = [\"fastapi\"]\n[build-system]\nrequires = []\n"

    private static let code: [EntryCase] = [
        .init(
            "a runner beside the app",
            "app app.server:app in ., likely, 8000",
            [
                "requirements.txt": needs, "app/__init__.py": "",
                "app/server.py":
                    "from fastapi import FastAPI\n\ndef create_app() -> FastAPI:\n    app_ = FastAPI()\n    return app_\n\n"
                    + "app = create_app()\n",
                "main.py":
                    "import click\nimport uvicorn\n\n@click.command()\ndef main():\n    uvicorn.run(app=\"app.server:app\", workers=1)\n\n"
                    + "if __name__ == \"__main__\":\n    main()\n",
            ]
        ),
        .init(
            "a module that never mentions the framework",
            "app app.main:app in src, likely, 8000",
            [
                "src/requirements.txt": needs, "src/app/__init__.py": "", "src/app/core/__init__.py": "",
                "src/app/main.py": "from .core.setup import create_application\nfrom .api import router\n\n"
                    + "app = create_application(router=router)\n",
                "src/app/api.py": "from fastapi import APIRouter\nrouter = APIRouter()\n",
                "src/app/core/setup.py":
                    "from fastapi import FastAPI\n\ndef create_application(router):\n    application = FastAPI()\n"
                    + "    application.include_router(router)\n    return application\n",
            ]
        ),
        .init(
            "an app mounted by another is a part of it",
            "app shop.main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/__init__.py": "",
                "shop/api.py": "from fastapi import FastAPI\napp = FastAPI()\n",
                "shop/main.py":
                    "from starlette.applications import Starlette\nfrom shop.api import app as api\n\napp = Starlette()\n"
                    + "app.mount(\"/api\", app=api)\n",
            ]
        ),
        .init(
            "a module that adds the routers to an app that it imports",
            "app shop.main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/__init__.py": "", "shop/app.py": app,
                "shop/items.py": "from fastapi import APIRouter\nrouter = APIRouter()\n",
                "shop/main.py":
                    "from shop.app import app\nfrom shop.items import router\n\napp.include_router(router)\n",
            ]
        ),
        .init(
            "one that adds only middleware, and is run by a script",
            "app shop.main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/__init__.py": "", "shop/app.py": app,
                "shop/main.py":
                    "from .app import app\nfrom .other import Timing\n\napp.add_middleware(Timing)\n",
                "shop/other.py": "class Timing:\n    pass\n",
                "run.py": "import uvicorn\nfrom shop.main import app\n\nuvicorn.run(app, port=8000)\n",
            ]
        ),
        .init(
            "routes that the app's own module imports at its end",
            "app shop:app in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/__init__.py": app + "\nfrom shop import routes\n",
                "shop/routes.py": "from shop import app\n\n@app.get(\"/\")\ndef home():\n    return 1\n",
            ]
        ),
        .init(
            "a file that brings the app and its routes together",
            "app shop.main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/__init__.py": "", "shop/app.py": app,
                "shop/routes.py": "from shop.app import app\n\n@app.get(\"/\")\ndef home():\n    return 1\n",
                "shop/main.py": "from shop.app import app\nimport shop.routes\n",
            ]
        ),
        .init(
            "a stub beside the app that the README starts",
            "app app.main:app in ., likely, 8000",
            [
                "requirements.txt": needs, "main.py": app, "app/__init__.py": "", "app/main.py": app,
                "README.md": "# Shop\n\n```sh\n$ uvicorn app.main:app --reload\n```\n",
            ]
        ),
        .init(
            "a function that nobody calls",
            "factory shop.web:make in ., likely, 8000",
            [
                "requirements.txt": needs,
                "shop/web.py": "import fastapi as f\n\ndef make() -> \"f.FastAPI\":\n    return f.FastAPI()\n",
            ]
        ),
        .init(
            "a function with parameters is no factory",
            "none, library",
            [
                "pyproject.toml": package,
                "lib/web.py": "from fastapi import FastAPI\n\ndef make(settings):\n    return FastAPI()\n",
            ]
        ),
        .init(
            "wrapped, conditional, and in a try",
            "app main:app in ., likely, 8000",
            [
                "requirements.txt": needs,
                "main.py": "import socketio\nfrom fastapi import FastAPI\ntry:\n    app = FastAPI()\n"
                    + "except ImportError:\n    app = None\nsio = socketio.AsyncServer()\napp = socketio.ASGIApp(sio, other_asgi_app=app)\n",
            ]
        ),
        .init(
            "a mock's app does not count",
            "app shop.service:application in ., likely, 8000",
            [
                "requirements.txt": needs, "shop/service.py": "from fastapi import FastAPI\napplication = FastAPI()\n",
                "shop/stream_mock.py": app, "tests/test_main.py": app, "examples/main.py": app,
            ]
        ),
        .init(
            "two apps as good as each other",
            "app one.main:app in ., ambiguous, 8000",
            [
                "requirements.txt": needs, "one/main.py": app, "two/main.py": app,
            ]
        ),
        .init(
            "a file with an error of syntax",
            "app main:app in ., certain, 8000",
            [
                "requirements.txt": needs, "main.py": app + "def broken(:\n    pass\n",
                "Procfile": "web: uvicorn main:app --port 8000\n",
            ]
        ),
    ]

    private static let others: [EntryCase] = [
        .init(
            "Flask by its variable",
            "app shop:app in ., certain, 8080",
            [
                "requirements.txt": "flask\n", "shop/__init__.py": "from flask import Flask\napp = Flask(__name__)\n",
                "Dockerfile": "FROM python:3.13\nENV FLASK_APP=shop\nCOPY . .\nCMD flask run --host 0.0.0.0 -p 8080\n",
            ]
        ),
        .init(
            "Flask's factory in a command",
            "factory shop:create_app in ., certain, 8000",
            [
                "requirements.txt": "flask\ngunicorn\n",
                "shop/__init__.py":
                    "from flask import Flask\n\ndef create_app(config=None):\n    app = Flask(__name__)\n    return app\n",
                "Procfile": "web: gunicorn 'shop:create_app()' -b 0.0.0.0:8000\n",
            ]
        ),
        .init(
            "Django by its manage.py",
            "app shop.wsgi:application in ., likely, 8000",
            [
                "requirements.txt": "django\n", "shop/settings.py": "DEBUG = True\n",
                "manage.py": "import os\nos.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"shop.settings\")\n",
                "shop/wsgi.py":
                    "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
                "shop/asgi.py":
                    "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n",
            ]
        ),
        .init(
            "Django that says ASGI",
            "app shop.asgi:application in ., likely, 8000",
            [
                "requirements.txt": "django\ndaphne\n",
                "shop/settings.py": "ASGI_APPLICATION = \"shop.asgi.application\"\n",
                "manage.py": "import os\nos.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"shop.settings\")\n",
                "shop/wsgi.py":
                    "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
                "shop/asgi.py":
                    "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n",
            ]
        ),
        .init(
            "Streamlit ships, FastAPI is only imported",
            "script page in ., likely, 8501",
            [
                "requirements.txt": "streamlit\n", "page.py": "import streamlit as st\nst.title(\"x\")\n",
                "extra/api.py": app,
            ]
        ),
        .init(
            "Litestar by its own command",
            "factory shop.web:create_app in ., certain, 8000",
            [
                "requirements.txt": "litestar\n",
                "shop/web.py":
                    "from litestar import Litestar\n\ndef create_app() -> Litestar:\n    return Litestar([])\n",
                "Dockerfile":
                    "FROM python:3.13\nENV LITESTAR_APP=shop.web:create_app\nCOPY . .\nCMD [\"litestar\", \"run\", \"--port\", \"8000\"]\n",
            ]
        ),
        .init(
            "a bot serves nobody, but is run",
            "script bot in ., likely, -",
            [
                "requirements.txt": "discord.py\n", "bot.py": "import discord\n",
                "Dockerfile": "FROM python:3.13\nWORKDIR /b\nCOPY . .\nCMD [\"python\", \"bot.py\"]\n",
            ]
        ),
    ]

    private static let trees: [EntryCase] = [
        .init(
            "a library with examples: none is chosen",
            "none, library",
            [
                "setup.py": "", "src/lib/__init__.py": "", "examples/a/requirements.txt": needs,
                "examples/a/shop/main.py": app,
                "examples/b/requirements.txt": needs, "examples/b/other/main.py": app,
                "examples/b/Dockerfile": "FROM python:3.13\nCOPY . .\nCMD [\"uvicorn\", \"other.main:app\"]\n",
            ]
        ),
        .init(
            "an example of a library, asked for",
            "app other.main:app in examples/b, certain, 8000",
            root: "examples/b",
            [
                "setup.py": "", "examples/a/requirements.txt": needs, "examples/a/shop/main.py": app,
                "examples/b/requirements.txt": needs, "examples/b/other/main.py": app,
                "examples/b/Dockerfile":
                    "FROM python:3.13\nWORKDIR /x\nCOPY . .\nCMD [\"uvicorn\", \"other.main:app\"]\n",
            ]
        ),
        .init(
            "copies of one app, as in a tutorial",
            "none, collection",
            Dictionary(
                uniqueKeysWithValues: (1...4).flatMap {
                    [
                        ("part-\($0)/requirements.txt", needs), ("part-\($0)/app/main.py", app),
                        ("part-\($0)/run.sh", "uvicorn app.main:app\n"),
                    ]
                }
            )
        ),
        .init(
            "a template is to be filled in first",
            "none, template",
            [
                "cookiecutter.json": "{}", "{{cookiecutter.slug}}/main.py": app, "hooks/post_gen.py": "x = 1\n",
            ]
        ),
        .init(
            "a filled-in sample beside its template",
            "app main:app in sample/x, likely, 8000",
            root: "sample/x",
            [
                "cookiecutter.json": "{}", "{{cookiecutter.slug}}/main.py": app, "sample/x/requirements.txt": needs,
                "sample/x/main.py": app,
            ]
        ),
        .init(
            "two services of equal standing",
            "app main:app in orders, ambiguous, 8000",
            [
                "orders/requirements.txt": needs, "orders/main.py": app,
                "orders/Dockerfile": "FROM python:3.13\nWORKDIR /a\nCOPY . .\n"
                    + "CMD [\"uvicorn\", \"main:app\"]\n",
                "users/requirements.txt": needs, "users/main.py": app + "x = 1\n",
                "users/Dockerfile": "FROM python:3.13\nWORKDIR /a\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n",
            ]
        ),
        .init(
            "a service and its tools",
            "app app.main:app in backend, certain, 8000",
            [
                "backend/requirements.txt": needs, "backend/app/main.py": app, "tools/admin/requirements.txt": needs,
                "tools/admin/main.py": app,
                "backend/Dockerfile": "FROM python:3.13\nWORKDIR /a\nCOPY . .\nCMD [\"uvicorn\", \"app.main:app\"]\n",
            ]
        ),
    ]

    @Test("alternatives say why they are not the one, and a stale command is told")
    func reasons() async throws {
        let files = [
            "requirements.txt": Self.needs, "app/main.py": Self.app, "app/stream_mock.py": Self.app,
            "tests/main.py": Self.app,
            "Procfile": "web: uvicorn app.main:app --port 8000\nold: uvicorn gone.main:app\n",
        ]
        let facts = try await Scan.run(Project(files: files)).facts
        #expect(facts.alternatives.map(\.target) == ["app.stream_mock:app", "tests.main:app"])
        #expect(facts.alternatives.first?.reason == "no command starts it")
        #expect(facts.alternatives.last?.reason == "it lies among tests, examples or documents")
        #expect(facts.warnings.map(\.place) == [Place("Procfile", 2)])
        #expect(facts.entry?.evidence.map(\.place) == [Place("Procfile", 1), Place("app/main.py", 2)])
    }

    @Test("without Python the lines of a file tell as much")
    func lexical() throws {
        let text = """
            import uvicorn
            from fastapi import (
                FastAPI,  # a comment
            )
            from .core import settings as s

            def create(debug=False) -> FastAPI:
                app = FastAPI(
                    title="x",
                )
                return app

            app: FastAPI = create()

            if __name__ == "__main__":
                uvicorn.run("shop.main:app", port=9000)
            """
        let module = try #require(LexicalPython.module(text, path: "shop/main.py"))
        #expect(module.imports.map(\.target) == ["uvicorn", "fastapi.FastAPI", "shop.core.settings"])
        #expect(module.functions.first?.returns == "fastapi.FastAPI")
        #expect(module.assigns.last?.target == "app")
        let run = try #require(module.calls.first { $0.function == "uvicorn.run" })
        #expect(run.inMainGuard && run["port"]?.integer == 9000)
        var context = Scan.context(Project(files: ["shop/main.py": text, "Procfile": "web: uvicorn shop.main:app\n"]))
        context.commands = FoundCommands.collect(context)
        context.program = PythonProgram(PythonSources(modules: [module]))
        EntryDetector.detect(&context)
        #expect(context.facts.entry?.target == "shop.main:app")
        #expect(context.facts.entry?.confidence == .certain)
    }
}
