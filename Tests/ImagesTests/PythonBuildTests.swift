import Foundation
import Images
import Model
import Testing
import Toolkit

@Suite("Python builds, for real", .serialized, .enabled(if: Requirements.python))
struct PythonBuildTests {
    /// Shared by all of them, and kept between runs, for the base takes half a minute.
    static let state = "/var/tmp/roost-test-base"

    @Test("a code-only change makes one small layer")
    func codeOnly() async throws {
        let project = try TemporaryFolder()
        try project.write("fastapi\nuvicorn\n", to: "requirements.txt")
        try project.write("from fastapi import FastAPI\nfrom app import greet\napp = FastAPI()\n", to: "app/main.py")
        try project.write("", to: "app/__init__.py")
        for number in 0..<20 { try project.write("def f\(number)(): return \(number)\n", to: "app/m\(number).py") }
        let bench = try BuildBench(state: Self.state)
        let first = try await bench.build(project.path)
        print(bench.lines.text)
        print(first.stages)
        #expect(first.image.config.cmd == ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8080"])
        try project.write("def f0(): return \(Int.random(in: 0...Int.max))\n", to: "app/m0.py")
        let start = ContinuousClock.now
        let second = try await bench.build(project.path)
        print(second.stages, start.duration(to: .now))
        #expect(second.image.layers.dropLast() == first.image.layers.dropLast())
        #expect(second.image.layers.last != first.image.layers.last)
        let third = try await bench.build(project.path)
        print(third.stages)
        #expect(third.image == second.image)
    }
}
