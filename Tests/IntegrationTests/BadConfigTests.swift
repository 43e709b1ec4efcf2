import Foundation
import Testing

/// Mistakes that the CLI finds before anything is sent.
@Suite("Bad configuration", .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct BadConfigTests {
    private func deploy(_ text: String?, environment: [String: String] = [:]) async throws -> Outcome {
        let folder = NSTemporaryDirectory() + "roost-bad-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try text?.write(toFile: "\(folder)/fly.toml", atomically: true, encoding: .utf8)
        let none = ["ROOST_RUN": "/tmp/roost-nobody-here"].merging(environment) { $1 }
        return try await Shell.run(
            "\(TestHost.package)/.build/debug/roost",
            ["deploy"],
            environment: none,
            folder: folder
        )
    }

    @Test("no fly.toml: says where it looked and what to write")
    func missing() async throws {
        let outcome = try await deploy(nil)
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("no fly.toml") && outcome.error.contains("roost launch"))
    }

    @Test("a syntax error: file, line, column, what was expected")
    func syntax() async throws {
        let outcome = try await deploy("app = \"a\"\n[http_service\n")
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("fly.toml:2:"), "\(outcome.error)")
    }

    @Test("a wrong type: what was found, what is allowed")
    func wrongType() async throws {
        let outcome = try await deploy("app = \"a\"\n[http_service]\n  internal_port = \"80a\"\n")
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("fly.toml:3:"), "\(outcome.error)")
        #expect(outcome.error.contains("80a") && outcome.error.contains("integer"), "\(outcome.error)")
    }

    @Test("an unknown region: says which are allowed")
    func region() async throws {
        let outcome = try await deploy("app = \"a\"\nprimary_region = \"frb\"\n")
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("fly.toml:2:") && outcome.error.contains("fra"), "\(outcome.error)")
    }

    @Test("a misspelt key is a warning with its line and the right spelling")
    func misspelt() async throws {
        let outcome = try await deploy("app = \"a\"\nprimary_regoin = \"fra\"\n")
        #expect(outcome.error.contains("fly.toml:2:1") && outcome.error.contains("primary_region"), "\(outcome.error)")
    }

    @Test("roostd is not running: says how to start it")
    func noDaemon() async throws {
        let outcome = try await deploy("app = \"a\"\n")
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("roostd is not running") && outcome.error.contains("roostd serve"))
    }

    @Test("wrong usage ends with 2")
    func usage() async throws {
        let outcome = try await Shell.run("\(TestHost.package)/.build/debug/roost", ["machine", "stop", "not-an-id"])
        #expect(outcome.code == 2)
    }
}
