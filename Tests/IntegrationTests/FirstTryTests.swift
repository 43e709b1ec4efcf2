import Foundation
import Testing

/// Projects of the kinds that people bring, from a folder to an answer, without an edit and without a registry.
@Suite("First try", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct FirstTryTests {
    private static let app = "from fastapi import FastAPI\n\napp = FastAPI()\n"
    private static let pins = "fastapi==0.115.6\nuvicorn==0.34.0\n"

    private static func service(
        _ name: String,
        command: String? = "uvicorn main:app --host 0.0.0.0 --port 8080"
    ) -> String {
        let processes = command.map { "[processes]\n  app = \"\($0)\"\n" } ?? ""
        return """
            app = "\(name)"
            \(processes)
            [http_service]
              internal_port = 8080
              \(command == nil ? "" : "processes = [\"app\"]")

              [[http_service.checks]]
                path = "/"
                interval = "2s"
                timeout = "2s"
                grace_period = "10s"
            """
    }

    private static func folder(_ files: [String: String]) throws -> String {
        let folder = "/tmp/first\(UInt32.random(in: 0...0xffffff))"
        for (path, text) in files {
            let file = "\(folder)/\(path)"
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true
            )
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        return folder
    }

    private static func home(_ answer: String) -> String {
        app + "\n\n@app.get(\"/\")\ndef home():\n    return \(answer)\n"
    }

    /// Deploys a folder and asks the app's first page.
    private func answer(_ host: TestHost, _ name: String, _ files: [String: String]) async throws -> String {
        let folder = try Self.folder(files)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let outcome = try await host.roost("deploy", "--no-ha", "--no-audit", folder)
        #expect(outcome.code == 0, "\(name): \(outcome.all)")
        let answer = try await host.get(name, "/")
        #expect(answer.status == 200, "\(name): \(answer)")
        return answer.body
    }

    @Test("what was launched is deployed without a registry, by the same commands, until its Dockerfile is edited")
    func launched() async throws {
        try await TestHost.with { host in
            let folder = try Self.folder(["main.py": Self.home("{'ok': True}"), "requirements.txt": Self.pins])
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await host.done("launch", "--yes", "--no-deploy", "--name", "fresh", folder)
            let outcome = try await host.roost("deploy", "--no-ha", folder)
            #expect(outcome.code == 0, "\(outcome.all)")
            #expect(outcome.all.contains("Dockerfile is as roost launch wrote it"), "\(outcome.all)")
            #expect(try await host.get("fresh", "/").body.contains("true"))
        }
    }

    @Test("projects of poetry, with scripts of their own, below src: what their files say is installed and started")
    func managers() async throws {
        try await TestHost.with { host in
            let poetry = """
                [tool.poetry]
                package-mode = false
                [tool.poetry.dependencies]
                fastapi = "^0.115"
                uvicorn = "^0.34"
                [build-system]
                requires = ["poetry-core"]
                build-backend = "poetry.core.masonry.api"
                """
            let listed = try await answer(
                host,
                "listed",
                ["main.py": Self.home("{'ok': True}"), "pyproject.toml": poetry, "fly.toml": Self.service("listed")]
            )
            #expect(listed.contains("true"))
            let manifest = """
                [project]
                name = "ledger-web"
                version = "1.4.2"
                readme = "README.md"
                dependencies = ["fastapi==0.115.6", "uvicorn==0.34.0"]
                [project.scripts]
                ledger-web = "ledger.serve:main"
                [build-system]
                requires = ["hatchling"]
                build-backend = "hatchling.build"
                [tool.hatch.build.targets.wheel]
                packages = ["src/ledger"]
                """
            let serve = """
                from importlib.metadata import version
                import uvicorn
                \(Self.home("{'version': version('ledger-web')}"))

                def main():
                    uvicorn.run(app, host="0.0.0.0", port=8080)
                """
            let script = try await answer(
                host,
                "ledger",
                [
                    "pyproject.toml": manifest, "src/ledger/__init__.py": "", "src/ledger/serve.py": serve,
                    "fly.toml": Self.service("ledger", command: "ledger-web"),
                ]
            )
            #expect(script.contains("1.4.2"))
            let below = try await answer(
                host,
                "below",
                [
                    "src/main.py": "from src.settings import HELLO\n" + Self.home("HELLO"),
                    "src/settings.py": "HELLO = 'hi'\n",
                    "requirements.txt": Self.pins, "fly.toml": Self.service("below", command: nil),
                ]
            )
            #expect(below.contains("hi"))
        }
    }

    @Test("an app writes where its code says it does, and a build has the arguments that its configuration gives it")
    func writesAndArguments() async throws {
        try await TestHost.with { host in
            let code = """
                import sqlite3, os
                os.makedirs("uploads", exist_ok=True)
                \(Self.app)

                @app.get("/")
                def home():
                    base = sqlite3.connect("notes.db")
                    base.execute("create table if not exists note (text)")
                    base.execute("insert into note values ('x')")
                    base.commit()
                    try:
                        open("main.py", "a")
                    except PermissionError:
                        return {"rows": base.execute("select count(*) from note").fetchone()[0]}
                """
            let rows = try await answer(
                host,
                "writer",
                ["main.py": code, "requirements.txt": Self.pins, "fly.toml": Self.service("writer")]
            )
            #expect(rows.contains("\"rows\":"))
            let shelf = """
                --extra-index-url file:///app/vendor/${SHELF}
                \(Self.pins)six==1.16.0
                """
            let page =
                "<a href=\"https://files.pythonhosted.org/none/six-0.1-py3-none-any.whl\">six-0.1-py3-none-any.whl</a>"
            let answer = try await answer(
                host,
                "shelf",
                [
                    "main.py": "import six\n" + Self.home("six.__version__"), "requirements.txt": shelf,
                    "vendor/simple/six/index.html": page,
                    "fly.toml": Self.service("shelf")
                        + "\n\n[build]\n  builder = \"python\"\n\n  [build.args]\n    SHELF = \"simple\"\n",
                ]
            )
            #expect(answer.contains("1.16.0"))
        }
    }
}
