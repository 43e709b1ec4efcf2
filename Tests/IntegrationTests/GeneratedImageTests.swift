import Foundation
import Model
import Testing
import Toolkit

/// The Dockerfile that a launch writes: built by buildah, run by runc as its image says, with nothing to write to but
/// `/tmp`.
@Suite("Generated images", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct GeneratedImageTests {
    /// A project with what images get wrong: a folder that is written to, a factory, data beside the code, a release step.
    private static let projects: [String: [String: String]] = [
        "pip": [
            "requirements.txt": "fastapi==0.115.0\nuvicorn==0.30.6\n",
            "app/__init__.py": "",
            "app/words.txt": "hello\n",
            "app/main.py": """
            import os
            import pathlib

            from fastapi import FastAPI


            def create_app() -> FastAPI:
                app = FastAPI(openapi_url=None)
                words = (pathlib.Path(__file__).parent / "words.txt").read_text().strip()

                @app.get("/healthz")
                async def healthz():
                    return {"status": "ok"}

                @app.get("/who")
                async def who():
                    try:
                        pathlib.Path("trace").write_text("x")
                        writes = True
                    except OSError:
                        writes = False
                    return {"uid": os.getuid(), "gid": os.getgid(), "writes": writes, "words": words}

                return app
            """,
        ],
        "flask": [
            "pyproject.toml": """
            [project]
            name = "desk"
            version = "1.0"
            requires-python = ">=3.11"
            dependencies = ["flask==3.0.3", "gunicorn==23.0.0"]

            [build-system]
            requires = ["setuptools>=68"]
            build-backend = "setuptools.build_meta"

            [tool.setuptools]
            package-dir = {"" = "src"}
            """,
            "src/desk/__init__.py": "",
            "src/desk/wsgi.py": """
            import os

            from flask import Flask

            app = Flask(__name__)


            @app.get("/healthz")
            def healthz():
                return {"status": "ok"}


            @app.get("/who")
            def who():
                try:
                    open("trace", "w").close()
                    writes = True
                except OSError:
                    writes = False
                return {"uid": os.getuid(), "gid": os.getgid(), "writes": writes, "words": "hello"}
            """,
        ],
    ]

    private struct Who: Decodable {
        var uid: Int
        var gid: Int
        var writes: Bool
        var words: String
    }

    /// What an image says of itself, as buildah prints it.
    private struct Image: Decodable {
        var docker: Inner

        enum CodingKeys: String, CodingKey { case docker = "Docker" }

        struct Inner: Decodable { var config: Config }

        struct Config: Decodable {
            var user: String
            var environment: [String]
            var command: [String]?
            var entrypoint: [String]?
            var folder: String
            var stopSignal: String?
            var health: Health?

            enum CodingKeys: String, CodingKey {
                case user = "User"
                case environment = "Env"
                case command = "Cmd"
                case entrypoint = "Entrypoint"
                case folder = "WorkingDir"
                case stopSignal = "StopSignal"
                case health = "Healthcheck"
            }
        }

        struct Health: Decodable {
            var test: [String]

            enum CodingKeys: String, CodingKey { case test = "Test" }
        }
    }

    @Test("builds, runs as its user on a read-only root, answers its health check, ends when told")
    func boots() async throws {
        try await ExportBench.with { bench in
            // In mount namespaces of their own: none of buildah's mounts stays on the host.
            let store =
                "unshare --mount buildah --root \(bench.folder)/store --runroot \(bench.folder)/store-run --storage-driver overlay"
            for (name, files) in Self.projects.sorted(by: { $0.key < $1.key }) {
                let folder = "\(bench.folder)/\(name)"
                try await launch(files, in: folder)
                try await build(folder, store, bench)
                try await run(name, store, bench)
            }
        }
    }

    // MARK: - Private

    private func launch(_ files: [String: String], in folder: String) async throws {
        for (path, text) in files {
            let parent = ("\(folder)/\(path)" as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try text.write(toFile: "\(folder)/\(path)", atomically: true, encoding: .utf8)
        }
        let roost = "\(TestHost.package)/.build/debug/roost"
        let outcome = try await Shell.run(roost, ["launch", "--yes", "--no-deploy", folder])
        #expect(outcome.code == 0, "\(outcome.all)")
    }

    /// Builds the project's image, from images made here under the names that its Dockerfile has.
    private func build(_ folder: String, _ store: String, _ bench: ExportBench) async throws {
        let dockerfile = try String(contentsOfFile: "\(folder)/Dockerfile", encoding: .utf8)
        for line in dockerfile.split(separator: "\n") where line.hasPrefix("FROM ") {
            let name = String(line.split(separator: " ")[1])
            if try await Shell.run("bash", ["-c", "\(store) inspect --type image \(name)"]).code == 0 { continue }
            if name.contains("astral-sh/uv") {
                try await makeTool(name, store)
            } else {
                try await makeBase("docker.io/library/\(name)", store, bench)
            }
        }
        // buildah of Debian 12 does not know that option.
        try dockerfile.replacing(" --start-interval=2s", with: "")
            .write(toFile: "\(bench.folder)/Dockerfile", atomically: true, encoding: .utf8)
        try await Shell.line(
            "\(store) bud --format docker --pull-never -t \((folder as NSString).lastPathComponent)"
                + " -f \(bench.folder)/Dockerfile --ignorefile \(folder)/.dockerignore \(folder) >\(folder).log 2>&1",
            limit: 300
        )
    }

    /// The image that has uv and nothing else.
    private func makeTool(_ name: String, _ store: String) async throws {
        try await Shell.line(
            """
            set -e
            c=$(\(store) from scratch)
            \(store) add -q "$c" /opt/roost-tools/bin/uv /uv
            \(store) commit -q "$c" \(name)
            \(store) rm "$c" >/dev/null
            """
        )
    }

    /// A whole system with a Python.
    private func makeBase(_ name: String, _ store: String, _ bench: ExportBench) async throws {
        let release = try await Shell.line(". /etc/os-release && echo \"$VERSION_CODENAME\"")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let certificates = "/etc/ssl/certs/ca-certificates.crt"
        try await Shell.line(
            """
            set -e
            unshare --mount --pid --fork --kill-child --mount-proc mmdebstrap --mode=root --variant=minbase \
              --include=python3,python3-venv,ca-certificates \(release) \(bench.folder)/base.tar \
              >\(bench.folder)/base.log 2>&1
            c=$(\(store) from scratch)
            \(store) add -q "$c" \(bench.folder)/base.tar /
            \(store) add -q "$c" \(certificates) \(certificates)
            \(store) run "$c" -- ln -s python3 /usr/bin/python
            \(store) config --env PIP_CERT=\(certificates) --env SSL_CERT_FILE=\(certificates) "$c"
            \(store) commit -q "$c" \(name)
            \(store) rm "$c" >/dev/null
            """,
            limit: 400
        )
    }

    /// Runs the image with its own command, in a network of its own.
    private func run(_ name: String, _ store: String, _ bench: ExportBench) async throws {
        let text = try await Shell.line("\(store) inspect --type image \(name)")
        let image = try JSONDecoder().decode(Image.self, from: Data(text.utf8)).docker.config
        #expect(image.user == "10001:10001")
        let test = try #require(image.health?.test)
        #expect(test.first == "CMD")
        let base = "\(bench.folder)/\(name)"
        let state = "\(bench.folder)/runc"
        try await write(image, root: "\(base)-root", to: "\(base)-bundle/config.json")
        let container = "roost-image-\(UUID().uuidString.prefix(8))"
        // The image's file system is mounted in one mount namespace with what runs in it, and goes with it.
        let buildah = store.replacing("unshare --mount ", with: "")
        let line = """
            set -e; c=$(\(buildah) from \(name)); mkdir -p \(base)-root; mount --bind "$(\(buildah) mount "$c")" \(base)-root
            exec runc --root \(state) run --bundle \(base)-bundle \(container)
            """
        let pid = try bench.start(name + "-image", ["unshare", "--mount", "bash", "-c", line])
        func inside(_ words: [String]) async throws -> Outcome {
            try await Shell.run("runc", ["--root", state, "exec", container] + words)
        }
        try await eventually("the health check of \(name)") { try await inside(Array(test.dropFirst())).code == 0 }
        let ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/who').read().decode())"
        let answer = try await inside(["python", "-c", ask])
        let who = try JSONDecoder().decode(Who.self, from: Data(answer.output.utf8))
        #expect(who.uid == 10001 && who.gid == 10001 && !who.writes && who.words == "hello", "\(answer.all)")
        #expect(try await inside(["sh", "-c", "echo x >/app/x"]).code != 0, "its root can be written to")
        try await Shell.line("runc --root \(state) kill \(container) \(image.stopSignal ?? "SIGTERM")")
        // SIGCONT changes nothing: it ends by the signal that runc sent.
        let code = try await bench.end(pid, SIGCONT)
        #expect(code == 0 || code == 143, "\(code): \(bench.text(of: name + "-image"))")
    }

    /// runc's usual configuration, with what the image says, and a root that can't be written to.
    private func write(_ image: Image.Config, root: String, to path: String) async throws {
        let folder = (path as NSString).deletingLastPathComponent
        try await Shell.line("mkdir -p \(folder) && cd \(folder) && rm -f config.json && runc spec")
        let text = try Data(contentsOf: URL(filePath: path))
        var spec = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        var process = try #require(spec["process"] as? [String: Any])
        let ids = image.user.split(separator: ":").compactMap { Int($0) }
        process["terminal"] = false
        process["user"] = ["uid": ids[0], "gid": ids[1]]
        process["args"] = (image.entrypoint ?? []) + (image.command ?? [])
        process["env"] = image.environment
        process["cwd"] = image.folder
        for set in ["bounding", "effective", "permitted"] {
            process["capabilities"] = (process["capabilities"] as? [String: Any])?.merging([set: [String]()]) { $1 }
        }
        process["noNewPrivileges"] = true
        spec["process"] = process
        spec["root"] = ["path": root, "readonly": true]
        var mounts = try #require(spec["mounts"] as? [[String: Any]])
        mounts.append(["destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]])
        spec["mounts"] = mounts
        try JSONSerialization.data(withJSONObject: spec).write(to: URL(filePath: path))
    }
}
