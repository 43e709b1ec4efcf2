import Foundation
import Model
import Testing
import Toolkit

@testable import Images

@Suite("What a Python project says of itself")
struct PythonRulesTests {
    static let ranges: [(String, String, Bool)] = [
        (">=3.11", "3.11.2", true), (">=3.11", "3.10.9", false), (">=3.11,<4", "3.13", true),
        (">=3.11,<3.12", "3.12.0", false), (" >= 3.8 , != 3.9.* ", "3.9.4", false), ("==3.11.*", "3.11.2", true),
        ("==3.11", "3.11.2", false), ("~=3.11", "3.12", true), ("~=3.11.2", "3.12", false),
        ("~=3.11.2", "3.11.4", true),
        ("^3.11", "3.12", true), ("^3.11", "4.0", false), ("~3.11", "3.11.9", true), ("~3.11", "3.12", false),
        ("*", "3.11", true), ("", "3.11", true), ("3.11.*", "3.11.2", true), ("<3.9 || >=3.11", "3.11.2", true),
        ("<3.9 || >=3.12", "3.11.2", false), (">3.11", "3.11.2", true), ("<=3.11", "3.11.2", false),
        (">=3.11rc1", "3.11.2", true), ("===3.11.2", "3.11.2", true),
    ]

    @Test("ranges of versions hold what they say", arguments: ranges)
    func holds(range: String, version: String, expected: Bool) throws {
        let version = try #require(PythonVersion(version))
        #expect(try #require(PythonRange(range)).contains(version) == expected)
    }

    @Test("other texts are no ranges", arguments: ["three", ">=", "~=3", ">=3.x", ">=99999"])
    func noRange(text: String) { #expect(PythonRange(text) == nil) }

    @Test("reads both formats of APT's sources, and takes the release's own")
    func apt() {
        var sources = AptSources()
        sources.add(
            list: """
                # deb http://comment bookworm main
                deb http://deb.debian.org/debian bookworm main contrib # why
                deb [arch=amd64 signed-by=/k.gpg] https://mirror/debian bookworm-updates main
                deb-src http://deb.debian.org/debian bookworm main
                deb https://packages.cloud.google.com/apt cloud-sdk-bookworm main
                deb http://flat/ ./
                """
        )
        sources.add(
            deb822: """
                Types: deb deb-src
                # a comment
                URIs: http://security/debian-security
                Suites: bookworm-security other
                Components: main
                Signed-By: /usr/share/keyrings/debian.gpg

                Types: deb
                URIs: http://off
                Suites: bookworm
                Components: main
                Enabled: no

                Types: deb
                URIs: http://key
                Suites: bookworm
                Components: main
                Signed-By:
                 -----BEGIN PGP PUBLIC KEY BLOCK-----
                 .
                 abc
                """
        )
        #expect(
            sources.entries(of: "bookworm").map(\.line) == [
                "deb http://deb.debian.org/debian bookworm main contrib",
                "deb http://key bookworm main",
                "deb [signed-by=/k.gpg] https://mirror/debian bookworm-updates main",
                "deb [signed-by=/usr/share/keyrings/debian.gpg] http://security/debian-security bookworm-security main",
            ]
        )
        #expect(sources.entries(of: "trixie").isEmpty)
    }

    static let requirements: [(String, [String], Bool)] = [
        ("fastapi==1 # -r no\n", [], false),
        (
            "-r a.txt\n-ra2.txt\n--requirement b.txt\n--requirement=c.txt\n-c d.txt",
            ["a.txt", "a2.txt", "b.txt", "c.txt", "d.txt"], false
        ),
        ("# -r no.txt\n  -r yes.txt  # why", ["yes.txt"], false),
        ("--require-hashes\nx==1 \\\n  --hash=sha256:0\n", [], false),
        ("-e .", [], true), ("-e git+https://x/y#egg=z", [], false), ("./libs/common", [], true),
        ("x @ file:///app/x", [], true), ("x @ https://host/x.zip", [], false), ("x @ ../x", [], true),
        ("-f wheels", [], true), ("--find-links https://x", [], false),
    ]

    @Test("follows what requirements include", arguments: requirements)
    func includes(text: String, files: [String], folders: Bool) {
        let found = RequirementFiles.scan(text)
        #expect((found.includes, found.namesFolders) == (files, folders))
    }

    private func read(_ files: [String: String]) async throws -> PythonProject {
        try await Self.with(files) { try PythonProject.read($0) }
    }

    /// Uploads a project.
    static func with<Result>(
        _ files: [String: String],
        _ body: (ProjectFiles) throws -> Result
    ) async throws -> Result {
        let folder = try TemporaryFolder()
        let sources = try SourceStore(images: folder.path)
        var entries: [SourceManifest.Entry] = []
        for (path, text) in files.sorted(by: { $0.key < $1.key }) {
            let digest = Digest.hex(Data(text.utf8))
            try await sources.put(digest, Data(text.utf8))
            entries.append(.init(path: path, mode: 0o644, size: Int64(text.utf8.count), sha256: digest))
        }
        let project = try ProjectFiles(SourceManifest(files: entries), in: sources)
        return try body(project)
    }

    @Test("chooses the lock, then requirements, then the manifest")
    func sources() async throws {
        let manifest = "[project]\nname='x'\nversion='1'\nrequires-python='>=3.11'\ndependencies=['fastapi']\n"
        var found = try await read(["pyproject.toml": manifest, "uv.lock": "", "requirements.txt": "x"])
        #expect((found.dependencies, found.files) == (.lock, ["pyproject.toml", "uv.lock"]))
        #expect(found.wishes == [.init(file: "pyproject.toml (requires-python)", text: ">=3.11")])
        found = try await read([
            "pyproject.toml": manifest, "requirements.txt": "-r a/b.txt", "a/b.txt": "-r c.txt\nx", "a/c.txt": "y",
        ])
        #expect(
            (found.dependencies, found.files) == (
                .file("requirements.txt"), ["requirements.txt", "a/b.txt", "a/c.txt"]
            )
        )
        found = try await read(["pyproject.toml": manifest, "poetry.lock": ""])
        #expect((found.dependencies, found.needsAllFiles) == (.file("pyproject.toml"), false))
        #expect(found.notes.first?.contains("poetry.lock is not read") == true)
        found = try await read(["pyproject.toml": "[tool.ruff]\nline-length=1\n"])
        #expect(found.dependencies == .none)
        found = try await read(["setup.py": ""])
        #expect((found.dependencies, found.needsAllFiles) == (.file("setup.py"), true))
    }

    @Test("knows when dependencies are folders of the project")
    func folders() async throws {
        let manifest = "[project]\nname='x'\nversion='1'\n"
        let plain = "[[package]]\nname = \"x\"\nsource = { virtual = \".\" }\n"
        let member = plain + "[[package]]\nsource = { editable = \"libs/y\" }\n"
        #expect(try await !read(["pyproject.toml": manifest, "uv.lock": plain]).needsAllFiles)
        #expect(try await read(["pyproject.toml": manifest, "uv.lock": member]).needsAllFiles)
        #expect(try await read(["pyproject.toml": manifest + "dynamic=['dependencies']\n"]).needsAllFiles)
        #expect(try await read(["pyproject.toml": manifest + "[tool.uv.sources]\ny={path='y'}\n"]).needsAllFiles)
        #expect(try await read(["pyproject.toml": "[tool.poetry]\nname='x'\n"]).needsAllFiles)
    }

    @Test("says what it can't install from", arguments: ["Pipfile", "environment.yml"])
    func unknown(file: String) async throws {
        let fault = await #expect(throws: Fault.self) { try await read([file: ""]) }
        #expect((fault?.code, fault?.message.contains(file)) == (.buildFailed, true))
        await #expect(throws: Fault.self) { try await read(["pyproject.toml": "[project"]) }
    }

    @Test(
        "compares wishes with the base",
        arguments: [
            ("3.11\n", true), ("3.11.9", true), ("3.12", false), ("python-3.11.7", true), ("cpython@3.11", true),
            ("# why\n\n3.12.1\n3.11\n", false), ("pypy3.9", false), (">=3.10", true), ("3.13t", false),
            ("system", true),
        ]
    )
    func wishes(text: String, isFine: Bool) async throws {
        let version = try #require(PythonVersion("3.11.2"))
        let project = try await read([".python-version": text])
        if isFine { return try project.check(version, base: "the base") }
        let fault = #expect(throws: Fault.self) { try project.check(version, base: "the base") }
        #expect(fault?.message.hasPrefix(".python-version asks for Python") == true)
        #expect(fault?.message.hasSuffix("the base has 3.11.2") == true)
    }

    static let commands: [(String, [String]?)] = [
        ("web: uvicorn main:app", ["uvicorn", "main:app"]),
        ("release: x\nweb:   a 'b c'", ["a", "b c"]),
        ("worker: x", nil),
        ("web:", nil),
        ("web: a --port $PORT", ["/bin/sh", "-c", "exec a --port $PORT"]),
        ("web: a --port ${PORT:-8000}", ["/bin/sh", "-c", "exec a --port ${PORT:-8000}"]),
        ("web: a && b", ["/bin/sh", "-c", "a && b"]),
        ("web: X=1 a", ["/bin/sh", "-c", "exec env X=1 a"]),
    ]

    @Test("reads a Procfile", arguments: commands)
    func procfile(text: String, words: [String]?) throws {
        #expect(try StartCommand.procfile(text)?.words == words)
    }

    @Test(
        "finds the app",
        arguments: [
            (["main.py": "app = FastAPI()"], "main:app"),
            (
                [
                    "app/main.py": "from fastapi import FastAPI\napi: FastAPI = FastAPI(\n",
                    "tests/main.py": "t = FastAPI()",
                ], "app.main:api"
            ),
            (["src/shop/main.py": "x = fastapi.FastAPI()"], "shop.main:x"),
            (["shop/__init__.py": "app = FastAPI()"], "shop:app"),
            (["main.py": "print(1)", "api/server.py": "app=FastAPI()"], "api.server:app"),
            (["web/main.py": "from fastapi import FastAPI\nlog = get()\napp = create_app(1)\n"], "web.main:app"),
            (["main.py": "def f():\n    app = FastAPI()\n"], nil),
            (["tests/main.py": "app = FastAPI()"], nil),
        ]
    )
    func finds(files: [String: String], app: String?) async throws {
        try await Self.with(files) { project throws in
            guard let app else {
                let fault = #expect(throws: Fault.self) { try StartCommand.find(project, programs: ["uvicorn"]) }
                #expect(fault?.hint?.contains("[processes]") == true)
                return
            }
            #expect(try StartCommand.find(project, programs: ["uvicorn"]).words.dropFirst().first == app)
            let fault = #expect(throws: Fault.self) { try StartCommand.find(project, programs: []) }
            #expect(fault?.message.contains("uvicorn is not among the dependencies") == true)
        }
    }
}
