import Foundation
import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Scans")
struct ScanTests {
    @Test(
        "the kind of what is there",
        arguments: [
            (["README.md": "x"], "empty"), ([:], "empty"),
            (["pyproject.toml": "[project]\nname = \"x\"\n", "x/__init__.py": "def f(): pass\n"], "library"),
            (["copier.yml": "_x: 1", "{{ project_name }}/main.py": "x = 1"], "template"),
            (["copier.yaml": "_x: 1", "src/main.py.jinja": "x"], "template"),
            (["main.py": EntryCase.app, "data/{{x}}.txt": "1"], "app"),
            (["main.py": EntryCase.app, "{{weird}}/notes.txt": "1", "requirements.txt": "fastapi"], "app"),
        ] as [([String: String], String)]
    )
    func kinds(files: [String: String], kind: String) async throws {
        #expect(try await Scan.run(Project(files: files)).facts.kind.rawValue == kind)
    }

    @Test("names that would break what is generated stay out of it")
    func hostileNames() async throws {
        let evil = "app\n\"'$(touch x)`{{"
        let files = [
            "\(evil)/main.py": EntryCase.app, "\(evil)/Dockerfile": "FROM x\nCMD [\"uvicorn\", \"main:app\"]\n",
            "requirements.txt": "fastapi",
            "a b/Dockerfile": "FROM x\nCOPY . .\nCMD [\"uvicorn\", \"a\\nb:app\"]\n", "-rf/main.py": EntryCase.app,
            "pyproject.toml": "[project]\nname = \"x\\n$(y)\"\n",
            "docker-compose.yml": "services: {\"we\\nb\": {command: \"uvicorn {{x}}:app\"}}\n",
            "Makefile": "{{x}}: \n\t$(shell rm -rf /)\n", "fly.toml": "app = \"{{ name }}\"\n",
        ]
        let facts = try await Scan.run(Project(name: "a\"b\nc", files: files)).facts
        #expect(facts.name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        if let entry = facts.entry {
            #expect(!entry.target.contains("\n") && !entry.target.contains("{{") && !entry.importRoot.contains("\n"))
        }
        #expect(facts.entry?.evidence.allSatisfy { !$0.what.contains("\n") } ?? true)
    }

    @Test("a folder on disk: bytes that are no text, links in circles, files that are too large")
    func disk() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "scan-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appending(path: "app"), withIntermediateDirectories: true)
        func write(_ name: String, _ data: Data) throws { try data.write(to: folder.appending(path: name)) }
        try write(
            "app/main.py",
            Data("# caf\u{e9}\n".unicodeScalars.map { UInt8($0.value) }) + Data(EntryCase.app.utf8)
        )
        try write("app/binary.py", Data([0, 1, 2, 0xff]))
        try write("app/huge.py", Data(repeating: UInt8(ascii: "#"), count: Project.maximumFileBytes + 1))
        try write("requirements.txt", Data("fastapi\n".utf8))
        try write("compose.yaml", Data("a: &a [1]\nb: [*a, *a\n".utf8))
        try write("Procfile", Data("web: uvicorn app.main:app --port 8000\n".utf8))
        try FileManager.default.createSymbolicLink(
            at: folder.appending(path: "app/loop"),
            withDestinationURL: folder.appending(path: "app")
        )
        try FileManager.default.createSymbolicLink(
            at: folder.appending(path: "self"),
            withDestinationURL: folder.appending(path: "self")
        )
        let result = try await Scan.run(folder: folder.path)
        #expect(EntryCase.text(result.facts) == "app app.main:app in ., certain, 8000")
        #expect(result.facts.warnings.contains { $0.message.contains("links") })
        #expect(result.facts.warnings.contains { $0.place?.file == "compose.yaml" })
        let again = try await Scan.run(folder: folder.path)
        #expect(try JSON.encode(again.facts) == JSON.encode(result.facts))
    }

    @Test("tens of thousands of files are all seen", .timeLimit(.minutes(5)))
    func manyFiles() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "many-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for part in 0..<20 {
            let inner = folder.appending(path: "d\(part)").path
            try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
            for index in 0..<1_000 {
                let descriptor = open("\(inner)/f\(index).\(index % 10 == 0 ? "py" : "txt")", O_CREAT | O_WRONLY, 0o600)
                if descriptor >= 0 { close(descriptor) }
            }
        }
        try Data(EntryCase.app.utf8).write(to: folder.appending(path: "main.py"))
        let result = try await Scan.run(folder: folder.path)
        #expect(result.facts.entry?.target == "main:app")
        #expect(result.context.project.files.count == 20_001)
    }

    @Test("files that are there already, and which Dockerfile is for production")
    func existing() async throws {
        let docker =
            "FROM python:3.13 AS prod\nWORKDIR /a\nCOPY backend/ /a\nCMD [\"uvicorn\", \"app.main:app\"]\nFROM prod AS dev\n"
        let files = [
            "backend/app/main.py": EntryCase.app, "backend/requirements.txt": "fastapi", "backend/Dockerfile": docker,
            "backend/Dockerfile.dev": "FROM x\nCMD uvicorn app.main:app --reload\n",
            "backend/worker.Dockerfile": "FROM x\nCOPY backend /a\n",
            "fly.toml": "app = \"shop\"\n[http_service]\ninternal_port = 9000\n", "Procfile": "", ".dockerignore": "x",
            "compose.yaml": "services: {}\n", "compose.dev.yaml": "services: {}\n", "backend/.env.example": "A=1\n",
            ".github/workflows/ci.yml": "jobs: {}\n", "k8s/a.yaml": "apiVersion: v1\nkind: Service\n",
            "k8s/values.yaml": "x: 1\n",
        ]
        let facts = try await Scan.run(Project(files: files)).facts
        let found = facts.existing
        #expect(facts.root == "backend" && facts.name == "shop")
        #expect(found.dockerfile == "backend/Dockerfile" && found.dockerTarget == "prod" && found.dockerContext == "")
        #expect(found.flyConfig == "fly.toml" && found.procfile == "Procfile" && found.dockerignore == ".dockerignore")
        #expect(
            found.compose == ["compose.dev.yaml", "compose.yaml"] && found.environmentExample == "backend/.env.example"
        )
        #expect(found.kubernetes == ["k8s/a.yaml"] && found.workflows == [".github/workflows/ci.yml"])
    }

    @Test(
        "fly.json and fly.yaml count when they are Fly's, after fly.toml",
        arguments: [
            (["fly.json": #"{"app": "j", "services": []}"#, "fly.yaml": "app: y\n"], "fly.json"),
            (["fly.json": #"{"birds": 3}"#, "fly.yaml": "app: y\nservices:\n  - internal_port: 9001\n"], "fly.yaml"),
            (["fly.json": #"{"app": "j"}"#, "fly.toml": "app = \"t\"\n"], "fly.toml"),
            (["fly.json": "[1]"], nil),
        ] as [([String: String], String?)]
    )
    func flyFiles(files: [String: String], expected: String?) async throws {
        let own = ["main.py": EntryCase.app, "requirements.txt": "fastapi"]
        let scan = try await Scan.run(Project(files: own.merging(files) { $1 }))
        #expect(scan.facts.existing.flyConfig == expected)
        let context = AuditContext(scan.context)
        #expect(context.configPath == expected && (context.config != nil) == (expected != nil))
        if let expected, expected != "fly.toml" { #expect(context.flyFiles.map(\.path).contains(expected)) }
    }

    @Test(
        "the port: command, then image, then platform, then Compose, then settings",
        arguments: [
            ("EXPOSE 7000\nCMD [\"python\", \"main.py\"]", "", 7000),
            ("CMD [\"python\", \"main.py\"]", "internal_port = 7001", 7001),
            ("CMD [\"python\", \"main.py\"]", "", 7003),
            ("CMD uvicorn main:app --port 7004", "internal_port = 7001", 7004),
            ("ENV PORT=7005\nCMD uvicorn main:app --port $PORT", "", 7005), ("CMD uvicorn main:app", "", 8000),
            ("CMD uvicorn main:app --port $PORT", "internal_port = 7001", nil),
            ("ENV UVICORN_PORT=7006\nCMD uvicorn main:app", "", 7006),
        ] as [(String, String, Int?)]
    )
    func ports(docker: String, fly: String, number: Int?) async throws {
        let main = """
            import uvicorn
            from fastapi import FastAPI
            from settings import get_settings
            app = FastAPI()
            settings = get_settings()
            if __name__ == "__main__":
                uvicorn.run(app, port=settings.port)
            """
        let settings =
            "from pydantic import BaseModel\n\nclass Settings(BaseModel):\n    port: int\n\ndef get_settings() -> Settings:\n"
            + "    return Settings()\n"
        let files = [
            "main.py": main, "settings.py": settings, "requirements.txt": "fastapi\n",
            "fly.toml": "[http_service]\n\(fly)\n",
            "Dockerfile": "FROM python:3.13\nWORKDIR /a\nCOPY . .\n\(docker)\n",
            "compose.yaml": "services:\n  api:\n    build: .\n    ports: [\"80:7003\"]\n",
        ]
        let facts = try await Scan.run(Project(files: files)).facts
        #expect(facts.entry?.target == "main:app")
        #expect(facts.port?.number == number)
    }
}
