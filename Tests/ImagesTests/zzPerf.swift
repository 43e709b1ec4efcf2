import Foundation
import Images
import Model
import Testing
import Toolkit

@Suite("perf", .serialized)
struct Perf {
    @Test("perf") func perf() async throws {
        let project = try TemporaryFolder()
        try project.write("fastapi\nuvicorn[standard]\nsqlalchemy\npydantic-settings==\(["2.3.0","2.4.0","2.5.2"].randomElement() ?? "")\n", to: "requirements.txt")
        try project.write("from fastapi import FastAPI\napp = FastAPI()\n", to: "app/main.py")
        for number in 0..<60 { try project.write(String(repeating: "def f\(number)(): return \(Int.random(in: 0...99999))\n", count: 40), to: "app/p\(number % 5)/m\(number).py") }
        let bench = try BuildBench()
        func show(_ what: String, _ body: () async throws -> BuildResult) async throws {
            let start = ContinuousClock.now
            let r = try await body()
            print(what, start.duration(to: .now), r.stages.map { "\($0.name)=\($0.duration) \($0.cached)" })
        }
        try await show("all cold") { try await bench.build(project.path) }
        for i in 0..<4 {
            try project.write("def f0(): return \(Int.random(in: 0...Int.max))\n", to: "app/p0/m0.py")
            try await show("code-only \(i)") { try await bench.build(project.path) }
        }
        try await show("cold deps, other app") { try await bench.build(project.path, app: "b") }
        try project.write("fastapi\nuvicorn[standard]\nsqlalchemy\n", to: "requirements.txt")
        try await show("deps changed, warm uv cache") { try await bench.build(project.path) }
        try await show("nothing changed") { try await bench.build(project.path) }
        // large
        for number in 0..<5000 { try project.write("x = \(number) * \(Int.random(in: 0...Int.max))\n", to: "app/big\(number % 50)/m\(number).py") }
        var start = ContinuousClock.now
        let m = try SourceFolder.scan(project.path)
        print("scan \(m.files.count)", start.duration(to: .now))
        start = .now
        let missing = try await bench.sources.missing(of: m)
        print("missing", missing.count, start.duration(to: .now))
        try await show("5000 new modules (with upload)") { try await bench.build(project.path) }
        try project.write("def f0(): return \(Int.random(in: 0...Int.max))\n", to: "app/p0/m0.py")
        try await show("5000 modules, one changed") { try await bench.build(project.path) }
        start = .now
        print(try await bench.store.collect(keep: [], age: .seconds(-3600), cacheAge: .seconds(-3600)), start.duration(to: .now))
    }
}
