import Model
import Testing

@testable import Scaffold

@Suite("Rules of the server: what looks like it and what is it")
struct RuleSTests {
    static let fly =
        "app = \"shop\"\nkill_signal = \"SIGTERM\"\nkill_timeout = 30\n\n[http_service]\ninternal_port = 8000\n"
        + "processes = [\"app\"]\n"

    private static func files(_ more: [String: String]) -> [String: String] {
        ["main.py": ServerRules.app].merging(more) { _, new in new }
    }

    private static func severities(
        _ id: String,
        _ more: [String: String],
        target: AuditTarget? = nil
    ) async throws -> String {
        try await RuleSample.findings(id, files(more), target: target).map(\.severity.rawValue).joined()
    }

    @Test("the old worker class: in settings, in code, extended, in a comment, with its successor installed")
    func workerClass() async throws {
        let conf = "worker_class = \"uvicorn.workers.UvicornWorker\"\n"
        let found = try await RuleSample.findings(
            "S01",
            Self.files(["gunicorn.conf.py": conf, "requirements.txt": "uvicorn-worker\n"])
        )
        #expect(found.map(\.place.description) == ["gunicorn.conf.py:1"])
        #expect(found.first?.patch?.lines == ["worker_class = \"uvicorn_worker.UvicornWorker\""])
        let own = "from uvicorn.workers import UvicornWorker\n\nclass Own(UvicornWorker):\n    pass\n"
        #expect(try await Self.severities("S01", ["worker.py": own]) == "I")
        #expect(try await Self.severities("S01", ["run.sh": "# gunicorn -k uvicorn.workers.UvicornWorker\n"]) == "")
        #expect(try await Self.severities("S01", ["docs/run.sh": "gunicorn -k uvicorn.workers.UvicornWorker\n"]) == "")
    }

    @Test(
        "workers against the machine",
        arguments: [
            ("256mb", 4, "E"), ("512mb", 4, "W"), ("2gb", 2, "W"), ("1gb", 1, ""),
        ]
    )
    func workers(memory: String, count: Int, severity: String) async throws {
        let toml =
            Self.fly + "[processes]\napp = \"uvicorn main:app --workers \(count)\"\n[[vm]]\nmemory = \"\(memory)\"\n"
        #expect(try await Self.severities("S02", ["fly.toml": toml]) == severity)
    }

    @Test("workers without a known size are an advice, and cpu_count is a warning")
    func unknownSize() async throws {
        #expect(try await Self.severities("S02", ["Procfile": "web: uvicorn main:app --workers 3\n"]) == "I")
        let conf = "import multiprocessing as mp\nworkers = mp.cpu_count() * 2 + 1\n"
        #expect(
            try await Self.severities("S02", ["Procfile": "web: gunicorn main:app\n", "gunicorn.conf.py": conf]) == "W"
        )
    }

    @Test("state of a process: schedulers, sockets, limiters, and what is behind a lock")
    func state() async throws {
        let web = ["Procfile": "web: uvicorn main:app --workers 2\n"]
        func app(_ body: String) -> [String: String] {
            let head =
                "from fastapi import FastAPI, WebSocket\nfrom apscheduler.schedulers.background import BackgroundScheduler\n"
                + "from slowapi import Limiter\n\napp = FastAPI()\n"
            return web.merging(["main.py": head + body]) { _, new in new }
        }
        #expect(try await Self.severities("S03", app("jobs = BackgroundScheduler()\njobs.start()\n")) == "E")
        #expect(
            try await Self.severities("S03", app("lock.acquire()\njobs = BackgroundScheduler()\njobs.start()\n")) == ""
        )
        #expect(try await Self.severities("S03", app("limiter = Limiter(key_func=print)\n")) == "W")
        #expect(
            try await Self.severities("S03", app("limiter = Limiter(key_func=print, storage_uri='redis://c')\n")) == ""
        )
        let socket =
            "clients = []\n\n@app.websocket('/ws')\nasync def ws(socket: WebSocket):\n    clients.append(socket)\n"
        #expect(try await Self.severities("S03", app(socket)) == "E")
        #expect(
            try await Self.severities(
                "S03",
                app(socket).merging(["Procfile": "web: uvicorn main:app\n"]) { _, new in new }
            ) == ""
        )
    }

    @Test(
        "the shutdown ladder",
        arguments: [
            ("uvicorn main:app", 30, "W"), ("uvicorn main:app --timeout-graceful-shutdown 20", 30, ""),
            ("uvicorn main:app --timeout-graceful-shutdown=40", 30, "W"), ("gunicorn main:app", 20, "W"),
            ("gunicorn main:app --graceful-timeout 15", 20, ""), ("hypercorn main:app", 30, ""),
        ]
    )
    func ladder(command: String, kill: Int, severity: String) async throws {
        let toml = "app = \"a\"\nkill_timeout = \(kill)\n[processes]\napp = \"\(command)\"\n"
        #expect(try await Self.severities("S04", ["fly.toml": toml]) == severity)
    }

    @Test("forwarded headers from anybody: by who can reach the port")
    func trust() async throws {
        let web = ["Procfile": "web: uvicorn main:app --forwarded-allow-ips '*'\n"]
        #expect(try await Self.severities("S06", web) == "")
        let image = [
            "Dockerfile":
                "FROM python:3.13\nCOPY . .\nCMD [\"uvicorn\", \"main:app\", \"--forwarded-allow-ips\", \"*\"]\n"
        ]
        #expect(try await Self.severities("S06", image) == "W")
        #expect(try await Self.severities("S06", image, target: .fly) == "")
        let stack = "services:\n  web:\n    build: .\n    restart: always\n    ports: [\"80:80\"]\n"
        #expect(try await Self.severities("S06", image.merging(["compose.prod.yaml": stack]) { _, new in new }) == "E")
        let inner = stack.replacing("    ports: [\"80:80\"]\n", with: "")
        #expect(try await Self.severities("S06", image.merging(["compose.prod.yaml": inner]) { _, new in new }) == "W")
    }

    @Test("gunicorn and SIGINT: where it is said, and where the platform's default is that")
    func signals() async throws {
        let gunicorn = "[processes]\napp = \"gunicorn main:app\"\n"
        #expect(try await Self.severities("S10", ["fly.toml": Self.fly + gunicorn]) == "")
        #expect(try await Self.severities("S10", ["fly.toml": "app = \"a\"\n" + gunicorn]) == "W")
        #expect(
            try await Self.severities("S10", ["fly.toml": "app = \"a\"\n[processes]\napp = \"uvicorn main:app\"\n"])
                == ""
        )
        let image = "FROM python:3.13\nSTOPSIGNAL SIGQUIT\nCMD [\"gunicorn\", \"main:app\"]\n"
        let found = try await RuleSample.findings("S10", Self.files(["Dockerfile": image]))
        #expect(found.map(\.patch?.lines) == [["STOPSIGNAL SIGTERM"]])
    }

    @Test(
        "sizes and times of Compose and Kubernetes",
        arguments: [("512M", 512), ("1g", 1024), ("256Mi", 256), ("1.5GiB", 1536), ("1048576", 1), ("lots", nil)]
    )
    func sizes(text: String, mebibytes: Int?) { #expect(HostingLimits.mebibytes(text) == mebibytes) }

    @Test("durations", arguments: [("30s", 30), ("1m30s", 90), ("90", 90), ("2h", 7200), ("soon", nil)])
    func durations(text: String, seconds: Int?) { #expect(HostingLimits.seconds(text) == seconds) }
}
