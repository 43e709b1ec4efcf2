import Foundation
import Model
import Testing
import Toolkit

@testable import Images

@Suite("The choice of a builder")
struct ImageBuilderTests {
    /// No step is ever run.
    private struct NoSandbox: BuildSandbox {
        func run(_ step: BuildStep, onLine: @Sendable (String) async throws -> Void) async throws -> Int32 { 127 }
    }

    private func build(
        _ files: [String: String],
        _ change: (inout AppConfig.Build) -> Void = { _ in }
    ) async throws -> Fault? {
        let bench = try BuildBench(sandbox: NoSandbox())
        let project = try TemporaryFolder()
        for (path, text) in files { try project.write(text, to: path) }
        return await #expect(throws: Fault.self) { try await bench.build(project.path, change) }
    }

    @Test("says what it can't build, and what to do")
    func refuses() async throws {
        var fault = try await build(["main.go": ""])
        #expect((fault?.code, fault?.hint?.contains("Dockerfile")) == (.buildFailed, true))
        fault = try await build(["main.py": ""]) { $0.builder = "heroku/builder" }
        #expect((fault?.code, fault?.message.contains("heroku/builder")) == (.unsupported, true))
        fault = try await build(["main.py": ""]) { $0.dockerfile = "deploy/Dockerfile" }
        #expect(fault?.message.contains("deploy/Dockerfile") == true)
        fault = try await build(["main.py": ""]) { $0.image = "--help" }
        #expect(fault?.code == .invalidConfig)
        fault = try await build(["notes.txt": ""]) { $0.builder = "python" }
        #expect(fault?.message.contains("nothing says how to build it") == true)
    }

    @Test("an image of this host is taken by its digest")
    func byDigest() async throws {
        let bench = try BuildBench(sandbox: NoSandbox())
        let scratch = try bench.store.makeScratch()
        let layer = try await bench.store.addLayer(from: scratch, form: .asFound)
        let image = try await bench.store.add(layers: [layer], config: .init(cmd: ["run"]))
        let project = try TemporaryFolder()
        #expect(try await bench.build(project.path) { $0.image = image.digest }.image == image)
        let other = "sha256:" + String(repeating: "0", count: 64)
        await #expect(throws: Fault.self) { try await bench.build(project.path) { $0.image = other } }
    }

    @Test("a file that was not uploaded is named")
    func notUploaded() async throws {
        let bench = try BuildBench(sandbox: NoSandbox())
        let entry = SourceManifest.Entry(path: "a/main.py", mode: 0o644, size: 1, sha256: Digest.hex(Data("x".utf8)))
        var request = BuildRequest(app: "app", manifest: .init(files: [entry]), build: .init(), needsCommand: false)
        request.python = PythonBuild()
        let fault = await #expect(throws: Fault.self) { try await bench.builder.build(request) { _ in } }
        #expect((fault?.code, fault?.message.contains("a/main.py")) == (.invalidRequest, true))
    }

    @Test("a report that can't be made ends the build")
    func noReader() async throws {
        struct Gone: Error {}
        let lock = KeyedLock()
        let trace = BuildTrace { _ in throw Gone() }
        await #expect(throws: Gone.self) { try await lock.withLock("a") { try await trace.say("x", "y") } }
    }
}
