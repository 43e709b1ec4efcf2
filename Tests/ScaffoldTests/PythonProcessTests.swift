import Foundation
import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Python that ends before it has read all")
struct PythonProcessTests {
    @Test("dies of a file: that one is read by lines, the half line is dropped, the others are read")
    func dies() async throws {
        let folder = try ScratchFolder()
        // Prints the first line and a part of the second, then dies as it would without memory.
        let text = "#!/bin/sh\n/usr/bin/env python3 \"$@\" | head -c 700\nkill -9 $$\n"
        let program = try folder.write(text, to: "python3")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        var python = PythonProcess()
        python.program = program
        let files = Dictionary(uniqueKeysWithValues: (1...5).map { ("f\($0).py", Self.app("f\($0)")) })
        let sources = try await PythonSources.read(Project(files: files), with: python)
        #expect(sources.modules.map(\.path) == ["f1.py", "f2.py", "f3.py", "f4.py", "f5.py"])
        #expect(sources.modules.filter { $0.error == nil }.map(\.path) == ["f1.py", "f3.py", "f5.py"])
        let warning = try #require(sources.warning)
        #expect(
            warning.contains("ended with 137") && warning.contains("2 of 5 Python files") && warning.contains("f2.py")
        )
        // The scan makes up for it, and says so.
        let scan = try await Scan.run(Project(files: files), python: python)
        #expect(scan.context.python.modules.allSatisfy { !$0.calls.isEmpty || !$0.assigns.isEmpty })
        #expect(scan.facts.warnings.contains { $0.message == warning })
        #expect(AuditContext(try await scan.context.withAllCode()).problems == [warning])
    }

    @Test("never answers: all files are read by lines")
    func broken() async throws {
        var python = PythonProcess()
        python.program = "/bin/false"
        let scan = try await Scan.run(
            Project(files: ["main.py": Self.app("main"), "requirements.txt": "fastapi"]),
            python: python
        )
        #expect(scan.facts.entry?.target == "main:app")
        #expect(scan.facts.warnings.contains { $0.message.contains("1 of 1 Python files were not read in full") })
    }

    @Test("is asked only for what has changed since an earlier scan")
    func again() async throws {
        let files = ["main.py": Self.app("main"), "other.py": "x = 1\n", "requirements.txt": "fastapi\nuvicorn\n"]
        let first = try await Scan.run(Project(files: files))
        var python = PythonProcess()
        python.program = "/bin/false"
        let same = try await Scan.run(Project(files: files), python: python, after: first)
        #expect(same.context.python.modules.map(\.path) == ["main.py", "other.py"])
        #expect(same.context.python.modules.allSatisfy { $0.error == nil } && same.facts.warnings.isEmpty)
        #expect(same.facts.entry?.target == first.facts.entry?.target)
        var changed = files
        changed["main.py"] = Self.app("main") + "\ny = 2\n"
        let anew = try await Scan.run(Project(files: changed), python: python, after: first)
        #expect(anew.context.python.modules.map { $0.error == nil } == [false, true])
        #expect(anew.facts.warnings.contains { $0.message.contains("1 of 2 Python files were not read in full") })
    }

    @Test("reaches a limit: what it has said by then counts")
    func limits() async throws {
        var python = PythonProcess()
        python.outputMiB = 1
        let body = (0..<400).map { "call_\($0)(1, 2, 3, name='x')\n" }.joined()
        var files = Dictionary(uniqueKeysWithValues: (10..<50).map { ("f\($0).py", body) })
        let much = try await PythonSources.read(Project(files: files), with: python)
        let read = much.modules.filter { $0.error == nil }
        #expect(read.count > 5 && read.count < 40 && much.modules.count == 40)
        #expect(much.warning?.contains("limit of 1 MiB of output: \(40 - read.count) of 40") == true)

        python = PythonProcess()
        python.seconds = 1
        let list = "x = [" + String(repeating: "f(1), ", count: 100_000) + "]\n"
        files = Dictionary(uniqueKeysWithValues: (10..<30).map { ("f\($0).py", $0 == 10 ? body : list) })
        let slow = try await PythonSources.read(Project(files: files), with: python)
        #expect(slow.modules.first?.error == nil && slow.modules.last?.error != nil && slow.modules.count == 20)
        // On a busy host the clock may be the first to run out.
        let limits = ["reached its limit of 1 s", "took more than 3 s"]
        #expect(limits.contains { slow.warning?.contains($0) == true }, "\(slow.warning ?? "")")
    }

    @Test("one file takes all the memory: only that one is left out")
    func memory() async throws {
        var python = PythonProcess()
        python.memoryMiB = 160
        let list = "import fastapi\nx = [" + String(repeating: "1,", count: 400_000) + "]\napp = fastapi.FastAPI()\n"
        let sources = try await PythonSources.read(Project(files: ["a.py": list, "b.py": Self.app("b")]), with: python)
        #expect(sources.modules.map { $0.error?.message } == ["MemoryError", nil])
    }

    @Test("is not there: lines and files still tell of the app, and a warning says what is missing")
    func absent() async throws {
        var python = PythonProcess()
        python.program = "python3-of-nobody"
        let files = [
            "shop/web.py": Self.app("web"), "requirements.txt": "fastapi\n", "Procfile": "web: uvicorn shop.web:app\n",
        ]
        let scan = try await Scan.run(Project(files: files), python: python)
        #expect(scan.facts.entry?.target == "shop.web:app" && scan.facts.framework == .fastapi)
        #expect(scan.facts.warnings.contains { $0.message == PythonProcess.missing })
        let report = Audit.run(AuditContext(try await scan.context.withAllCode()), rules: [])
        #expect(report.problems == [PythonProcess.missing] && report.exitCode(threshold: .error) == 2)
    }

    @Test("a line cut off anywhere is no module, and half a surrogate pair does no harm")
    func cutOff() async throws {
        let text =
            "import os\nx = {'a': [1, -2.5, None, 'é💥\\n\"\\\\\\x01', f'{os}']}\ny = '\\ud800://\\udfff'\nfoo(*x, a=y, **x)\n"
        let sources = try await PythonSources.read(Project(files: ["a\tb \"é.py": text]))
        let module = try #require(sources.modules.first)
        #expect(module.path == "a\tb \"é.py" && module.strings.map(\.value) == ["?://?"])
        let list = PythonValue.list([.integer(1), .float(-2.5), .none, .string("é💥\n\"\\\u{1}"), .formatted("{os}")])
        #expect(module.assigns.first?.value == .dict([(key: .string("a"), value: list)]))
        #expect(module.calls.last?.keywords.map(\.name) == ["a", "**"])
        let line = #"{"path":"\u0061\ud83d\ude00","imports":[{"n":"x","t":"y","l":1}],"new":{"a":[1,{"b":null}]}}"#
        #expect(FactsReader.modules(line + "\n").map(\.path) == ["a😀"])
        for count in 0..<line.utf8.count {
            let part = String(decoding: line.utf8.prefix(count), as: UTF8.self)
            #expect(FactsReader.modules(part + "\n").isEmpty && FactsReader.modules(part).isEmpty)
        }
        #expect(FactsReader.modules(line + "\n" + line).count == 1)
        #expect(FactsReader.modules(line + "\n{\"path\":1}\n" + line + "\n").count == 1)
    }

    private static func app(_ name: String) -> String {
        "from fastapi import FastAPI\n\napp = FastAPI(title=\"\(name)\")\n"
    }
}
