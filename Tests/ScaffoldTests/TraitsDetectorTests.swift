import Model
import Testing

@testable import Scaffold

@Suite("Traits")
struct TraitsDetectorTests {
    private func found(_ code: String, _ files: [String: String] = [:], depends: [String] = []) async throws -> Facts {
        var all = files
        all["app/main.py"] = "from fastapi import FastAPI\napp = FastAPI()\n" + code
        var context = try await BehaviourFixture.context(all, depends: depends)
        ProcessDetector.detect(&context)
        StaticDetector.detect(&context)
        TraitDetector.detect(&context)
        return context.facts
    }

    @Test("websockets, streams, uploads and templates, by use and not by import")
    func uses() async throws {
        let none = try await found(
            "from fastapi import UploadFile, WebSocket\nfrom fastapi.responses import StreamingResponse\n"
        ).traits
        #expect(!none.websockets && !none.streaming && !none.uploads && !none.templates)
        let all = try await found(
            """
            from typing import Annotated
            from fastapi import File, UploadFile, WebSocket
            from fastapi.responses import StreamingResponse as Flow
            from fastapi.templating import Jinja2Templates
            pages = Jinja2Templates(directory="pages")
            @app.websocket("/ws")
            async def ws(socket: WebSocket): ...
            @app.post("/up")
            async def up(files: list[UploadFile]): ...
            @app.get("/flow")
            async def flow():
                return Flow(generate())
            """
        ).traits
        #expect(all.websockets && all.streaming && all.uploads && all.templates)
        #expect(try await found("import socketio\nsio = socketio.AsyncServer()\n").traits.websockets)
        #expect(
            try await found(
                "from sse_starlette.sse import EventSourceResponse\ndef f():\n    return EventSourceResponse(g())\n"
            ).traits.streaming
        )
    }

    @Test(
        "what a process keeps to itself",
        arguments: [
            (
                "from fastapi import WebSocket\nclass Manager:\n    def __init__(self):\n        self.active: list[WebSocket] = []\n"
                    + "manager = Manager()\n@app.websocket(\"/\")\nasync def w(s): ...\n",
                "websocket connections (app/main.py:6)"
            ),
            (
                "from fastapi import WebSocket\nclients = set()\n@app.websocket(\"/\")\nasync def w(s): ...\n",
                "websocket connections (app/main.py:4)"
            ),
            (
                "from fastapi import WebSocket\nclass Hub:\n    rooms: dict[str, list] = {}\n",
                "websocket connections (app/main.py:5)"
            ),
            ("from slowapi import Limiter\nlimiter = Limiter(key_func=f)\n", "rate limits in memory (app/main.py:4)"),
            (
                "from fastapi_cache.backends.inmemory import InMemoryBackend\nb = InMemoryBackend()\n",
                "cache in memory (app/main.py:4)"
            ),
            (
                "todos = []\n@app.post(\"/\")\ndef add(x):\n    todos.append(x)\n",
                "data in the variable todos (app/main.py:3)"
            ),
            (
                "users: dict[str, str] = {}\n@app.put(\"/{k}\")\ndef put(k, v):\n    users[k] = v\n",
                "data in the variable users (app/main.py:3)"
            ),
            (
                "from apscheduler.schedulers.asyncio import AsyncIOScheduler\ns = AsyncIOScheduler()\n",
                "in-process scheduler (app/main.py:4)"
            ),
        ]
    )
    func state(_ code: String, _ wanted: String) async throws {
        #expect(try await found(code).traits.stateInProcess == [wanted])
    }

    @Test(
        "what may differ between processes without harm",
        arguments: [
            "from slowapi import Limiter\nlimiter = Limiter(key_func=f, storage_uri=\"redis://x\")\n",
            "rows = []\n@app.get(\"/\")\ndef all():\n    return rows\n", "clients = []\n", "ORIGINS = [\"a\"]\n",
            "@app.post(\"/\")\ndef add(x):\n    rows = []\n    rows.append(x)\n",
            "import socketio\nsio = socketio.AsyncServer(client_manager=socketio.AsyncRedisManager(\"redis://x\"))\n",
        ]
    )
    func harmless(_ code: String) async throws {
        #expect(try await found(code).traits.stateInProcess == [])
    }

    @Test("a SQLite file is state too, one in memory is not")
    func sqlite() async throws {
        for (file, wanted) in [("data/app.db", ["SQLite file data/app.db"]), (":memory:", [])] {
            var context = try await BehaviourFixture.context([
                "app/main.py": "from fastapi import FastAPI\napp = FastAPI()\n"
            ])
            context.facts.database = Facts.Database(.sqlite)
            context.facts.database?.file = file
            TraitDetector.detect(&context)
            #expect(context.facts.traits.stateInProcess == wanted)
            #expect(context.facts.writePaths == (wanted.isEmpty ? [] : ["data"]))
        }
    }

    @Test(
        "memory by the libraries that are imported",
        arguments: [
            ("import torch\n", [], 2048), ("from transformers import pipeline\n", [], 2048),
            ("import pandas as pd\n", [], 384),
            ("from sqlalchemy import select\n", [], 160), ("", [], 96), ("", ["torch"], 96), ("", ["sqlalchemy"], 160),
        ] as [(String, [String], Int)]
    )
    func memory(_ code: String, _ depends: [String], _ mebibytes: Int) async throws {
        #expect(try await found(code, depends: depends).traits.workerMiB == mebibytes)
    }

    @Test(
        "folders that are written to",
        arguments: [
            ("open(\"out/a.txt\", \"w\").write(\"x\")\n", ["out"]), ("open(\"in/a.txt\").read()\n", []),
            ("open(\"a.txt\", \"a\")\n", ["."]),
            ("def f(name):\n    with open(f\"uploads/{name}\", \"wb\") as file: ...\n", ["uploads"]),
            ("import os\nDATA = \"data\"\nos.makedirs(os.path.join(DATA, \"img\"), exist_ok=True)\n", ["data/img"]),
            ("from pathlib import Path\nPath(\"store\", \"x\").mkdir(parents=True)\n", ["store/x"]),
            (
                "from pathlib import Path\nHERE = Path(__file__).parent\nROOM = HERE / \"room\"\nROOM.mkdir()\n",
                ["app/room"]
            ),
            ("import logging.handlers as h\nh.RotatingFileHandler(\"/var/log/shop/app.log\")\n", ["/var/log/shop"]),
            (
                "import logging\nfrom logging.handlers import RotatingFileHandler\nRotatingFileHandler(filename=\"logs/app.log\")\n",
                ["logs"]
            ),
            ("from loguru import logger\nlogger.add(\"logs/{time}.log\")\n", ["logs"]),
            (
                "LOGGING = {\"version\": 1, \"handlers\": {\"f\": {\"class\": \"x\", \"filename\": \"logs/app.log\"}}}\n",
                ["logs"]
            ),
            ("import tempfile\ntempfile.mkdtemp()\n", ["/tmp"]),
            ("import os\nos.makedirs(\"data\")\nopen(\"data/x/y\", \"w\")\n", ["data"]),
            ("from pathlib import Path\nlogs = Path(\"data/app.log\").resolve().parent\nlogs.mkdir()\n", ["data"]),
            // What a variable names is not the module's own folder.
            (
                "from pathlib import Path\ndef make(*names):\n    for name in names:\n"
                    + "        folder = Path(name).expanduser().resolve().parent\n        folder.mkdir()\n", []
            ),
            ("from pathlib import Path\nHERE = Path(__file__).resolve().parent / \"up\"\nHERE.mkdir()\n", ["app/up"]),
            ("open(\"/dev/null\", \"w\")\n", []), ("if __name__ == \"__main__\":\n    open(\"dev/x\", \"w\")\n", []),
        ] as [(String, [String])]
    )
    func writes(_ code: String, _ wanted: [String]) async throws {
        #expect(try await found(code).writePaths == wanted)
    }

    @Test("volumes of the image and of the app's service, seen from the folder that it runs in")
    func volumes() async throws {
        let files = [
            "Dockerfile":
                "FROM python:3.12\nRUN pip install x\nWORKDIR /code\nCOPY . .\nVOLUME [\"/code/data\", \"/var/shop\"]\n",
            "compose.yaml": """
            services:
              web:
                build: .
                volumes:
                  - media:/code/media
                  - ./app:/code/app
                  - .:/code
              db:
                image: postgres
                volumes:
                  - db:/var/lib/postgresql/data
            """,
        ]
        #expect(try await found("", files).writePaths == ["/var/shop", "data", "media"])
    }

    @Test("folders in which the app's modules lie are told, and what lies below them is not lost in them")
    func amongCode() async throws {
        let code = "open(f\"app/{name}\", \"w\")\nopen(f\"app/up/{name}\", \"w\")\nopen(\"data/x\", \"w\")\n"
        let facts = try await found(code)
        #expect(facts.writePaths == ["app", "app/up", "data"])
        #expect(facts.writesAmongCode == ["app"])
        // Plug-ins that nobody imports by name would be hidden as well.
        let aside = try await found("open(\"plugins/x\", \"w\")\n", ["plugins/one.py": "print(1)\n"])
        #expect(aside.writePaths == ["plugins"] && aside.writesAmongCode == ["plugins"])
    }

    @Test("a volume would hide files that the app needs, and may lie over those that only came along")
    func amongFiles() async throws {
        let writes = "open(f\"data/{name}\", \"w\")\n"
        let sample = try await found(writes, ["data/sample.csv": "a\n"])
        #expect(sample.writePaths == ["data"] && sample.writesAmongCode.isEmpty)
        let read = try await found(writes + "open(\"data/countries.csv\")\n", ["data/countries.csv": "a\n"])
        #expect(read.writesAmongCode == ["data"])
    }

    @Test("files of a configuration of logging")
    func loggingFiles() async throws {
        let ini = """
            [handler_console]
            class=StreamHandler
            args=(sys.stdout,)
            [handler_trace]
            class=handlers.RotatingFileHandler
            args=('trace.log', 'a', 10485760, 10)
            """
        #expect(try await found("", ["logging.conf": ini]).writePaths == ["."])
        let yaml = "version: 1\nhandlers:\n  f:\n    class: logging.FileHandler\n    filename: logs/app.log\n"
        #expect(try await found("", ["log_config.yaml": yaml]).writePaths == ["logs"])
        let json = "{\"handlers\": {\"f\": {\"filename\": \"var/app.log\"}}}"
        #expect(try await found("", ["logging.json": json]).writePaths == ["var"])
        let loguru = "{\"logger\": {\"path\": \"./logs\", \"rotation\": \"20 days\"}}"
        #expect(try await found("", ["app/logging_config.json": loguru]).writePaths == ["."])
        let other = "{\"logger\": {\"path\": \"./logs\"}}"
        #expect(try await found("", ["logger.json": other, "conf.json": loguru]).writePaths.isEmpty)
        #expect(try await found("", ["alembic.ini": ini]).writePaths.isEmpty)
    }
}
