import Foundation
import Glibc
import Model
import Testing
import Toolkit

@Suite("A project folder")
struct SourceFolderTests {
    @Test("sends files with mode, size and hash, sorted by path")
    func files() throws {
        let folder = try TemporaryFolder()
        try folder.write("print(1)\n", to: "b/main.py")
        try folder.write("", to: "a.txt")
        chmod("\(folder.path)/b/main.py", 0o755)
        chmod("\(folder.path)/a.txt", 0o640)
        let manifest = try SourceFolder.scan(folder.path)
        #expect(
            manifest.files == [
                .init(path: "a.txt", mode: 0o640, size: 0, sha256: Digest.hex(Data())),
                .init(path: "b/main.py", mode: 0o755, size: 9, sha256: Digest.hex(Data("print(1)\n".utf8))),
            ]
        )
        try manifest.check()
    }

    @Test("never sends git's, Python's and its own folders, or anything that is no file")
    func neverSent() throws {
        let folder = try TemporaryFolder()
        let kept = ["main.py", "node_modules/x.js", "venvs/a.py"]
        let left = [
            ".git/HEAD", "sub/.git/HEAD", ".roost/x", "__pycache__/main.pyc", "b/__pycache__/x", "old.pyc",
            "venv/pyvenv.cfg", "venv/lib/a.py", "deep/env/pyvenv.cfg", "deep/env/bin/x",
        ]
        for path in kept + left { try folder.write("x", to: path) }
        mkfifo("\(folder.path)/pipe", 0o600)
        #expect(try SourceFolder.scan(folder.path).files.map(\.path) == kept.sorted())
    }

    @Test("heeds the ignore file, or the one named, and sends what is always needed")
    func ignoreFile() throws {
        let folder = try TemporaryFolder()
        for path in ["a", "Dockerfile", "deep/x/kept", "deep/x/other"] { try folder.write("x", to: path) }
        try folder.write("*\n!deep/x/kept\n", to: ".dockerignore")
        try folder.write("a\n", to: "other.ignore")
        #expect(
            try SourceFolder.scan(folder.path, always: ["Dockerfile"]).files.map(\.path)
                == [".dockerignore", "Dockerfile", "deep/x/kept"]
        )
        #expect(
            try SourceFolder.scan(folder.path, ignoreFile: "other.ignore").files.map(\.path)
                == [".dockerignore", "Dockerfile", "deep/x/kept", "deep/x/other", "other.ignore"]
        )
        let fault = #expect(throws: Fault.self) { try SourceFolder.scan(folder.path, ignoreFile: "missing") }
        #expect(fault?.message.contains("missing") == true)
    }

    @Test("keeps links that stay inside, and follows none")
    func links() throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "a/b/file")
        for (target, name) in [("b/file", "a/good"), ("../a", "a/loop"), (".", "self"), ("nowhere", "dangling")] {
            symlink(target, "\(folder.path)/\(name)")
        }
        let manifest = try SourceFolder.scan(folder.path)
        #expect(manifest.files.map(\.path) == ["a/b/file", "a/good", "a/loop", "dangling", "self"])
        #expect(manifest.files.map(\.target) == [nil, "b/file", "../a", "nowhere", "."])
        try manifest.check()
    }

    @Test(
        "sends a link that leads out as it is: in the Machine it leads somewhere else",
        arguments: ["/data/uploads", "/etc/passwd", "..", "../x", "a/b/step/../../tmp"]
    )
    func linksOut(target: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "a/b/file")
        symlink("../..", "\(folder.path)/a/b/step")
        symlink(target, "\(folder.path)/out")
        let manifest = try SourceFolder.scan(folder.path)
        #expect(manifest.files.last?.target == target)
        try manifest.check()
        #expect(manifest.linkOut(on: "out/x") == "out")
        #expect(manifest.linkOut(on: "a/b/file") == nil)
    }

    @Test("sends empty folders, but not those that are left out")
    func emptyFolders() throws {
        let folder = try TemporaryFolder()
        for name in ["a/b/empty", "out/empty", "venv/lib"] {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        }
        try folder.write("x", to: "a/file")
        try folder.write("x", to: "venv/pyvenv.cfg")
        try folder.write("out\n", to: ".dockerignore")
        #expect(try SourceFolder.scan(folder.path).folders == ["a/b/empty"])
    }

    @Test("leaves files of variables at home, unless the ignore file names them")
    func secrets() throws {
        let folder = try TemporaryFolder()
        let secret = [".env", ".env.production", "api/.env"]
        for name in secret + [".env.example", ".env.sample", ".envrc", "x.env"] { try folder.write("K=v", to: name) }
        var survey = try SourceFolder.survey(folder.path)
        #expect(survey.secrets == secret)
        #expect(survey.manifest.files.map(\.path) == [".env.example", ".env.sample", ".envrc", "x.env"])
        try folder.write("*.md\n!.env\n", to: ".dockerignore")
        survey = try SourceFolder.survey(folder.path)
        #expect(survey.secrets == [".env.production", "api/.env"])
        #expect(survey.manifest.files.map(\.path).contains(".env"))
        // What takes back everything names nothing.
        try folder.write("a\n!**\n.env\n", to: ".dockerignore")
        survey = try SourceFolder.survey(folder.path)
        #expect(!survey.manifest.files.map(\.path).contains(".env"))
    }

    @Test("finds Dockerfile and ignore file from the folder of fly.toml, and their own names beside it")
    func buildFiles() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        for name in ["services/api/Dockerfile", "services/api/fly.toml", "other/Dockerfile", ".dockerignore"] {
            try folder.write("x", to: name)
        }
        var build = AppConfig.Build()
        build.dockerfile = "Dockerfile"
        let config = "\(path)/services/api/fly.toml"
        #expect(
            try BuildFiles.find(build, in: path, config: config)
                == BuildFiles(dockerfile: "services/api/Dockerfile", ignoreFile: ".dockerignore")
        )
        // From the top, which this program took before.
        build.dockerfile = "other/Dockerfile"
        #expect(try BuildFiles.find(build, in: path, config: config).dockerfile == "other/Dockerfile")
        build.dockerfile = "../../other/Dockerfile"
        #expect(try BuildFiles.find(build, in: path, config: config).dockerfile == "other/Dockerfile")
        build.dockerfile = "missing"
        #expect(throws: Fault.self) { try BuildFiles.find(build, in: path, config: config) }
        build.dockerfile = "../../other/Dockerfile"
        #expect(throws: Fault.self) { try BuildFiles.find(build, in: "\(path)/services", config: config) }
        try folder.write("*", to: "Dockerfile")
        try folder.write("y", to: "Dockerfile.dockerignore")
        let own = try BuildFiles.find(AppConfig.Build(), in: path, config: "\(path)/fly.toml")
        #expect(own == BuildFiles(dockerfile: "Dockerfile", ignoreFile: "Dockerfile.dockerignore"))
        build.builder = "python"
        build.dockerfile = nil
        #expect(try BuildFiles.find(build, in: path, config: "\(path)/fly.toml").dockerfile == nil)
    }

    @Test("says that a folder is missing, and that a name is not UTF-8")
    func unreadable() throws {
        #expect(throws: Fault.self) { try SourceFolder.scan("/nowhere/at/all") }
        let folder = try TemporaryFolder()
        let name = Array("\(folder.path)/".utf8) + [0xff, 0xfe, 0]
        close(open(name.map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o600))
        let fault = #expect(throws: Fault.self) { try SourceFolder.scan(folder.path) }
        #expect(fault?.message.contains("UTF-8") == true)
    }
}
