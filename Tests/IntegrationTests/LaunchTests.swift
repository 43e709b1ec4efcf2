import Foundation
import Testing

/// What a new user does first, and what can go wrong with it.
@Suite("Launch, audit, export", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct LaunchTests {
    /// A FastAPI project as people have them before they know of us.
    private static let shop = [
        "requirements.txt": "fastapi==0.115.0\nuvicorn==0.30.6\n",
        ".python-version": "3.11\n",
        "app/__init__.py": "",
        "app/main.py": """
        import os

        from fastapi import FastAPI

        app = FastAPI(openapi_url=None)
        GREETING = os.environ.get("GREETING", "hello")


        @app.get("/healthz")
        async def healthz():
            return {"status": "ok"}


        @app.get("/")
        async def root():
            return {"greeting": GREETING}
        """,
    ]

    private func project(_ files: [String: String]) throws -> String {
        let folder = NSTemporaryDirectory() + "roost-launch-\(UUID().uuidString)/shop"
        for (name, text) in files {
            let path = "\(folder)/\(name)"
            let parent = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return folder
    }

    private func roost(_ words: String...) async throws -> Outcome {
        try await Shell.run("\(TestHost.package)/.build/debug/roost", words, environment: [:], limit: 60)
    }

    @Test("a launch writes what is missing once, and knows when it is out of date")
    func writes() async throws {
        let folder = try project(Self.shop)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try await roost("launch", "--yes", "--no-deploy", folder)
        #expect(first.code == 0, "\(first.all)")
        #expect(first.output.contains("app.main:app · likely · app/main.py:5"), "\(first.all)")
        for name in ["fly.toml", "Dockerfile", ".dockerignore", ".env.example"] {
            #expect(FileManager.default.fileExists(atPath: "\(folder)/\(name)"), "\(name): \(first.all)")
        }
        let config = try String(contentsOfFile: "\(folder)/fly.toml", encoding: .utf8)
        #expect(config.contains("path = \"/healthz\"") && config.contains("internal_port = 8000"), "\(config)")
        let again = try await roost("launch", "--yes", "--no-deploy", folder)
        #expect(again.code == 0 && !again.output.contains("Wrote"), "\(again.all)")
        let fresh = try await roost("launch", "--check", folder)
        #expect(fresh.code == 0, "\(fresh.all)")
        try (config + "\n# mine\n").write(toFile: "\(folder)/fly.toml", atomically: true, encoding: .utf8)
        let stale = try await roost("launch", "--check", folder)
        #expect(stale.code == 1 && stale.error.contains("fly.toml"), "\(stale.all)")
    }

    @Test("changes that are accepted are all made, and the files know of them")
    func accepts() async throws {
        let code = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/\")\ndef root():\n    return {}\n"
        let folder = try project(["requirements.txt": "fastapi\nuvicorn\n", "main.py": code])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let outcome = try await roost("launch", "--yes", "--accept", "--no-deploy", folder)
        #expect(outcome.code == 0, "\(outcome.all)")
        let changed = try String(contentsOfFile: "\(folder)/main.py", encoding: .utf8)
        #expect(changed.contains("/healthz") && changed.contains("openapi_url"), "\(changed)")
        let config = try String(contentsOfFile: "\(folder)/fly.toml", encoding: .utf8)
        #expect(config.contains("path = \"/healthz\""), "\(config)")
    }

    @Test("nothing is written or shown through a link that the project has")
    func links() async throws {
        var files = Self.shop
        files["requirements.txt"] = "fastapi\nuvicorn\n"
        let folder = try project(files)
        let outside = "\(folder)-outside"
        defer {
            try? FileManager.default.removeItem(atPath: folder)
            try? FileManager.default.removeItem(atPath: outside)
        }
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        try "hidden words".write(toFile: "\(outside)/secret", atomically: true, encoding: .utf8)
        for (name, target) in [("Dockerfile", "\(outside)/secret"), ("k8s", outside), ("fly.toml", "\(outside)/new")] {
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: target)
        }
        #expect(mkfifo("\(folder)/.dockerignore", 0o600) == 0)
        for words in [["launch", "--yes", "--no-deploy"], ["export", "k8s", "--force"]] {
            let outcome = try await Shell.run(
                "\(TestHost.package)/.build/debug/roost",
                words + [folder],
                environment: [:],
                limit: 60
            )
            #expect(outcome.all.contains("is a link or no"), "\(outcome.all)")
            #expect(!outcome.all.contains("hidden words"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["secret"])
        }
        #expect(try String(contentsOfFile: "\(outside)/secret", encoding: .utf8) == "hidden words")
    }

    @Test(
        "what is no app is told apart, with exit code 1",
        arguments: [
            ["README.md": "# nothing"], ["{{cookiecutter.name}}/main.py": "app = 1", "cookiecutter.json": "{}"],
        ]
    )
    func noApp(files: [String: String]) async throws {
        let folder = try project(files)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let outcome = try await roost("launch", "--yes", "--no-deploy", folder)
        #expect(outcome.code == 1, "\(outcome.all)")
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/fly.toml"))
    }

    @Test("a probe starts the app once, sees its port and its health path, and leaves nothing")
    func probe() async throws {
        try await TestHost.with { host in
            let folder = try project(Self.shop)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            // One of a launch that was killed: no process has that number.
            try await host.done("apps", "create", "probe-4194305-0123abcd")
            try await host.done("apps", "create", "probe-mine")
            let outcome = try await host.roost("launch", "--probe", "--plan", folder)
            #expect(outcome.code == 0, "\(outcome.all)")
            #expect(outcome.output.contains("8000 · confirmed"), "\(outcome.all)")
            #expect(outcome.output.contains("/healthz · 200"), "\(outcome.all)")
            #expect(outcome.output.contains("MiB at most"), "\(outcome.all)")
            let apps = try await host.done("apps", "list", "--json")
            #expect(apps.contains("probe-mine") && apps.firstMatch(of: /probe-[0-9]/) == nil, "\(apps)")
        }
    }

    @Test("a strict deploy refuses what will fail before anything is made; without it the finding is a warning")
    func strict() async throws {
        try await TestHost.with { host in
            let app = try TestApp("careless")
            defer { app.remove() }
            try "import time\nfrom fastapi import FastAPI\napp = FastAPI(debug=True)\n".write(
                toFile: "\(app.folder)/main.py",
                atomically: true,
                encoding: .utf8
            )
            try "fastapi\nuvicorn\n".write(toFile: "\(app.folder)/requirements.txt", atomically: true, encoding: .utf8)
            let refused = try await host.roost("deploy", "--strict", app.folder)
            #expect(refused.code == 1 && refused.error.contains("A01"), "\(refused.all)")
            #expect(try await host.done("apps", "list").contains("careless") == false)
        }
    }

    @Test("an audit has findings for people and for machines, and exit codes for CI")
    func audit() async throws {
        let folder = try project(Self.shop)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let dockerfile = "FROM python:3.11-slim\nCOPY . /app\nHEALTH CHECK x\nCMD uvicorn app.main:app --reload\n"
        try dockerfile.write(toFile: "\(folder)/Dockerfile", atomically: true, encoding: .utf8)
        let text = try await roost("audit", folder)
        #expect(text.code == 1 && text.output.contains("D02") && text.output.contains("Dockerfile:3"), "\(text.all)")
        let sarif = try await roost("audit", folder, "--format", "sarif")
        #expect(sarif.output.contains("\"2.1.0\"") && sarif.output.contains("\"D09\""), "\(sarif.all)")
        let github = try await roost("audit", folder, "--format", "github", "--show", "E")
        #expect(github.output.contains("::error file=Dockerfile,line=3"), "\(github.all)")
        #expect(try await roost("audit", folder, "--rule", "Z99").code == 2)
        #expect(try await roost("audit", "--explain", "D07").output.contains("D07"))
    }

    @Test("an export writes files once, and an import gives a fly.toml that validates")
    func exportAndImport() async throws {
        let folder = try project(Self.shop)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try await roost("export", "heroku", folder)
        #expect(first.code == 0, "\(first.all)")
        let procfile = try String(contentsOfFile: "\(folder)/Procfile", encoding: .utf8)
        #expect(procfile.contains("uvicorn app.main:app"), "\(procfile)")
        try "web: other\n".write(toFile: "\(folder)/Procfile", atomically: true, encoding: .utf8)
        let second = try await roost("export", "heroku", folder)
        #expect(second.code == 1 && second.error.contains("left as it is"), "\(second.all)")
        try procfile.write(toFile: "\(folder)/Procfile", atomically: true, encoding: .utf8)
        let imported = try await roost("import", "procfile", "\(folder)/Procfile")
        #expect(imported.code == 0, "\(imported.all)")
        let config = try String(contentsOfFile: "\(folder)/fly.toml", encoding: .utf8)
        #expect(config.contains("uvicorn app.main:app"), "\(config)")
    }
}
