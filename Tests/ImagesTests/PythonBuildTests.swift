import Foundation
import Glibc
import Images
import Model
import Testing
import Toolkit

/// Builds with all their programs.
///
/// One after the other: they share a store, and a daemon is alone with its own too.
@Suite("Builds, for real", .serialized)
enum RealBuilds {
    /// Kept between runs, for the base takes half a minute.
    static let state = "/var/tmp/roost-test-base"
}

extension RealBuilds {
    @Suite("in Python", .enabled(if: Requirements.python))
    struct PythonBuildTests {
        private func project(_ files: [String: String]) throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            for (path, text) in files { try folder.write(text, to: path) }
            return folder
        }

        /// Runs a command in an image, as its user.
        private func run(_ command: [String], in image: Image, _ bench: BuildBench) async throws -> (Int32, String) {
            let lines = Lines()
            for name in ["upper", "work"] {
                try FileManager.default.createDirectory(
                    atPath: "\(bench.folder.path)/\(name)",
                    withIntermediateDirectories: true
                )
            }
            let variables = image.config.env.map { variable -> (String, String) in
                let parts = variable.split(separator: "=", maxSplits: 1).map(String.init)
                return (parts[0], parts.count > 1 ? parts[1] : "")
            }
            var step = BuildStep(
                layers: try bench.store.layerPaths(of: image),
                upper: "\(bench.folder.path)/upper",
                work: "\(bench.folder.path)/work",
                command: command,
                user: image.config.user
            )
            step.environment = Dictionary(variables) { $1 }
            step.workingDirectory = image.config.workingDirectory
            let code = try await ChrootSandbox().run(step) { lines.add(BuildProgress(stage: "run", line: $0)) }
            return (code, lines.text)
        }

        @Test("a code-only change makes one small layer, compiles one file, and takes a moment")
        func codeOnly() async throws {
            let project = try project([
                "requirements.txt": "fastapi\nuvicorn\n",
                "app/main.py": "from fastapi import FastAPI\nfrom app import m0\napp = FastAPI()\n",
                "app/__init__.py": "",
                "app/static/page.html": "<p>\(Int.random(in: 0...Int.max))</p>",
            ])
            for number in 0..<20 { try project.write("def f\(number)(): return \(number)\n", to: "app/m\(number).py") }
            let bench = try BuildBench(state: RealBuilds.state)
            let first = try await bench.build(project.path)
            #expect(first.image.config.cmd.prefix(2) == ["uvicorn", "app.main:app"])
            #expect(first.image.config.user == "10001:10001")
            #expect(first.image.config.workingDirectory == "/app")
            let script = "import app.main, app.m0 as m, os; print(m.f0(), os.path.exists(m.__cached__), os.getuid())"
            var (code, text) = try await run(["python", "-c", script], in: first.image, bench)
            #expect((code, text) == (0, "run: 0 True 10001"))
            let number = Int.random(in: 1...Int.max)
            try project.write("def f0(): return \(number)\n", to: "app/m0.py")
            let start = ContinuousClock.now
            let second = try await bench.build(project.path)
            print("code-only rebuild:", start.duration(to: .now), second.stages.map { "\($0.name) \($0.duration)" })
            #expect(second.image.layers.dropLast() == first.image.layers.dropLast())
            #expect(second.image.layers.last != first.image.layers.last)
            #expect(second.stages.filter(\.cached).map(\.name) == ["base", "dependencies"])
            (code, text) = try await run(["python", "-c", script], in: second.image, bench)
            #expect((code, text) == (0, "run: \(number) True 10001"))
            let third = try await bench.build(project.path)
            #expect(third.image == second.image)
        }

        @Test("files of the app are root's and readable, and keep the time at which they first came")
        func ownership() async throws {
            let text = "x = \(Int.random(in: 0...Int.max))\n"
            let project = try project([
                "main.py": text, "Procfile": "web: python main.py --port $PORT\n", "data/x": "1",
            ])
            chmod("\(project.path)/main.py", 0o600)
            let bench = try BuildBench(state: RealBuilds.state)
            let before = time(nil)
            let image = try await bench.build(project.path).image
            #expect(image.config.cmd == ["python", "main.py", "--port", "8080"])
            let top = try #require(bench.store.layerPaths(of: image).last)
            let status = try #require(FileStatus.of("\(top)/app/main.py"))
            #expect((status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, 0, 0o644))
            #expect(status.st_mtim.tv_sec >= before - 1)
            let again = try BuildBench(state: RealBuilds.state)
            try project.write("2", to: "data/x")
            let second = try await again.build(project.path).image
            let later = try #require(again.store.layerPaths(of: second).last)
            #expect(FileStatus.of("\(later)/app/main.py")?.st_mtim.tv_sec == status.st_mtim.tv_sec)
        }

        @Test("a module that does not compile is told of, and is no reason to fail")
        func brokenModule() async throws {
            let project = try project([
                "main.py": "", "Procfile": "web: x", "t.py": "{{ \(Int.random(in: 0...999_999)) ",
            ])
            let bench = try BuildBench(state: RealBuilds.state)
            _ = try await bench.build(project.path)
            #expect(bench.lines.text.contains("app: t.py does not compile"))
        }

        @Test("a link in the place of __pycache__ is not written through")
        func linkedCache() async throws {
            let text = "x = \(Int.random(in: 0...Int.max))\n"
            let project = try project(["pkg/m.py": text, "Procfile": "web: x", "other/kept": "1"])
            symlink("../other", "\(project.path)/pkg/__pycache__")
            var manifest = try SourceFolder.scan(project.path)
            // The client leaves such a link out; a hostile one would not.
            manifest.files.append(
                .init(path: "pkg/__pycache__", kind: .symlink, mode: 0o777, size: 0, sha256: "", target: "../other")
            )
            let bench = try BuildBench(state: RealBuilds.state)
            _ = try await bench.build(project.path)
            var request = BuildRequest(app: "app", manifest: manifest, build: .init(), needsCommand: false)
            request.python = PythonBuild()
            let image = try await bench.builder.build(request) { _ in }.image
            let top = try #require(bench.store.layerPaths(of: image).last)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(top)/app/other") == ["kept"])
        }

        @Test("requirements that can't be met end the build with uv's own words")
        func unresolvable() async throws {
            let bench = try BuildBench(state: RealBuilds.state)
            let project = try project(["main.py": "", "requirements.txt": "fastapi>=0.100\nfastapi<0.50\n"])
            let fault = await #expect(throws: Fault.self) { try await bench.build(project.path, needsCommand: false) }
            #expect(fault?.code == .buildFailed)
            #expect(fault?.message.contains("No solution found") == true)
            #expect(bench.lines.text.contains("No solution found"))
        }

        @Test("installs from a pyproject without a lock, and from files that requirements include")
        func otherSources() async throws {
            let bench = try BuildBench(state: RealBuilds.state)
            let manifest = "[project]\nname='x'\nversion='1'\ndependencies=['six==1.16.0']\n"
            let one = try project(["main.py": "", "Procfile": "web: x", "pyproject.toml": manifest])
            let first = try await bench.build(one.path)
            let script = "import six; print(six.__version__)"
            #expect(try await run(["python", "-c", script], in: first.image, bench).1 == "run: 1.16.0")
            let two = try project([
                "main.py": "", "Procfile": "web: x", "requirements.txt": "-r more/base.txt\n-c limits.txt\n",
                "more/base.txt": "six", "limits.txt": "six==1.15.0",
            ])
            let second = try await bench.build(two.path)
            let other = try BuildBench(state: RealBuilds.state)
            #expect(try await run(["python", "-c", script], in: second.image, other).1 == "run: 1.15.0")
        }

        @Test("what a lock of another Python lacks for this one is installed beside it, and its own pins stay")
        func incompleteLock() async throws {
            let bench = try BuildBench(state: RealBuilds.state)
            let lock = #"{"_meta": {}, "default": {"jinja2": {"version": "==3.1.4"}}, "develop": {}}"#
            let project = try project([
                "main.py": "", "Procfile": "web: x", "Pipfile": "[packages]\njinja2 = \"*\"\n", "Pipfile.lock": lock,
            ])
            let built = try await bench.build(project.path)
            let script = "import jinja2, markupsafe; print(jinja2.__version__)"
            let (code, output) = try await run(["python", "-c", script], in: built.image, bench)
            #expect(code == 0 && output == "run: 3.1.4", "\(output), after \(bench.lines.text)")
        }

        @Test("builds the example with its lock", .enabled(if: Example.isThere))
        func example() async throws {
            let bench = try BuildBench(state: RealBuilds.state)
            let result = try await bench.build(Example.path, app: "notes", needsCommand: false) {
                $0.builder = "python"
            }
            print("notes:", result.stages.map { "\($0.name) \($0.duration)" })
            let script = "import notes.main as m; print(m.app.title != '')"
            let (code, text) = try await run(["python", "-c", script], in: result.image, bench)
            #expect(code == 0, "\(text)")
        }

        @Test("a build that is cancelled while it installs leaves nothing, and the next one works")
        func cancelled() async throws {
            let bench = try BuildBench(state: RealBuilds.state)
            // A build backend that never ends; the number is for it to be found by.
            let marker = Int.random(in: 100_000...999_999)
            let own = "from setuptools import setup\nsetup(name='x', py_modules=[])\n"
            let setup = "import subprocess\nsubprocess.run(['sleep', '\(marker)'])\n\(own)"
            let project = try project(["main.py": "", "setup.py": setup, "Procfile": "web: x"])
            let build = Task { try await bench.build(project.path) }
            try await eventually(within: .seconds(60)) { Processes.running("sleep \(marker)") }
            build.cancel()
            let result = await build.result
            #expect(throws: CancellationError.self) { try result.get() }
            try await eventually(within: .seconds(10)) { !Processes.running("sleep \(marker)") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(bench.images)/tmp").isEmpty)
            #expect(!Mounts.below(bench.images))
            try project.write(own, to: "setup.py")
            _ = try await bench.build(project.path)
        }

        @Test("making the base image can be interrupted, and leaves nothing half-made")
        func interruptedBase() async throws {
            let bench = try BuildBench()
            let project = try project(["main.py": "", "Procfile": "web: x"])
            let first = Task { try await bench.build(project.path) }
            let second = Task { try await bench.build(project.path, app: "other") }
            try await eventually(within: .seconds(120)) { bench.lines.text.contains("extracting archives") }
            #expect(bench.lines.text.contains("waits for another build"))
            first.cancel()
            second.cancel()
            for build in [first, second] {
                let result = await build.result
                #expect(throws: CancellationError.self) { try result.get() }
            }
            for place in ["tmp", "layers", "cache/keys", "blobs/sha256"] {
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(bench.images)/\(place)").isEmpty)
            }
            #expect(!Mounts.below(bench.images))
        }

        @Test("a build that does not fit says so and leaves nothing")
        func build() async throws {
            // Makes the base where there is none yet.
            try await BuildBench(state: RealBuilds.state).python.prepare { _ in }
            let shared = "\(RealBuilds.state)/images"
            let parts = ["layers", "blobs", "cache/keys", "index.json", "oci-layout"].map { "./\($0)" }
            let size =
                try await Command("du", ["-cm"] + parts, workingDirectory: shared).checked()
                .split(separator: "\n").last?.split(separator: "\t").first.flatMap { Int($0) } ?? 0
            // Room for what is there, but not for these two with all that they bring.
            try await SmallDisk.with(size * 11 / 10 + 40) { images in
                try await Command("mkdir", ["-p", images]).checked()
                try await Command("cp", ["-a", "--parents"] + parts + [images], workingDirectory: shared).checked()
                let bench = try BuildBench(state: (images as NSString).deletingLastPathComponent)
                let project = try TemporaryFolder()
                try project.write("print(1)\n", to: "main.py")
                try project.write("numpy\nscipy\n", to: "requirements.txt")
                let fault = await #expect(throws: Fault.self) {
                    try await bench.build(project.path, needsCommand: false)
                }
                #expect(fault?.code == .diskFull)
                #expect(bench.lines.text.contains("dependencies: "))
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(images)/tmp").isEmpty)
            }
        }
    }
}

/// The example app of the repository.
enum Example {
    static var path: String {
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        return here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("examples/notes").path
    }

    static let isThere = FileManager.default.fileExists(atPath: "\(path)/uv.lock")
}
