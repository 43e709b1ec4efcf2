import Foundation
import Model
import Testing

/// Apps that don't come up: the deploy says why, exits 1, and what ran before goes on.
@Suite("Bad apps", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct BadAppTests {
    private let quick = "[deploy]\n  wait_timeout = \"12s\""

    /// Deploys a good release, then a bad one, and checks that the good one is in service afterwards.
    private func afterGood(
        _ bad: [String: String],
        extra: String = "",
        top: String = "",
        _ check: (Outcome) throws -> Void
    ) async throws {
        try await TestHost.with { host in
            let app = try TestApp("victim", env: ["GREETING": "good"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: bad, top: top, extra: extra.isEmpty ? quick : extra)
            let outcome = try await host.roost("deploy", app.folder)
            #expect(outcome.code == 1, "\(outcome.all)")
            try check(outcome)
            let answer = try await host.get("victim", "/")
            #expect(answer.status == 200 && answer.body.contains("good"), "\(answer)")
            let status = try await host.done("status", "-a", "victim")
            #expect(status.contains("rolled_back") || status.contains("failed"), "\(status)")
            #expect(!status.contains("  2        fra"), "no Machine may keep the bad release: \(status)")
        }
    }

    @Test("an app that crashes on import: exit code and its last lines")
    func crash() async throws {
        try await afterGood(["CRASH": "import"]) { outcome in
            #expect(outcome.output.contains("boom on import"), "\(outcome.all)")
            #expect(outcome.error.contains("exit code 1"), "\(outcome.all)")
        }
    }

    @Test("an app that listens on 127.0.0.1: says so, and which line to change")
    func loopback() async throws {
        try await afterGood(["HOST": "127.0.0.1"], extra: "[deploy]\n  wait_timeout = \"40s\"") { outcome in
            #expect(outcome.error.contains("listens on 127.0.0.1:8080"), "\(outcome.all)")
            #expect(outcome.error.contains("fly.toml:"), "\(outcome.all)")
        }
    }

    @Test("an app that listens on another port: says which, and which line to change")
    func otherPort() async throws {
        try await afterGood(["PORT": "9000"]) { outcome in
            #expect(outcome.error.contains("0.0.0.0:9000") && outcome.error.contains("8080"), "\(outcome.all)")
            #expect(outcome.error.contains("fly.toml:"), "\(outcome.all)")
        }
    }

    @Test("a health check that never passes: what it says")
    func unhealthy() async throws {
        try await afterGood(["HEALTH": "bad"]) { outcome in
            #expect(outcome.error.contains("503 not yet, says the app"), "\(outcome.all)")
        }
    }

    @Test("a release command that fails: its code and output, and nothing was touched")
    func releaseCommand() async throws {
        let extra = "[deploy]\n  release_command = \"python3 server.py release\""
        try await afterGood(["RELEASE_CODE": "4", "GREETING": "worse"], extra: extra) { outcome in
            #expect(outcome.error.contains("ended with 4"), "\(outcome.all)")
            #expect(outcome.output.contains("release command ran as 10001"), "\(outcome.all)")
        }
    }

    @Test("a first deploy that fails leaves no Machine behind")
    func firstDeploy() async throws {
        try await TestHost.with { host in
            let app = try TestApp("first", env: ["CRASH": "import"], extra: quick)
            defer { app.remove() }
            let outcome = try await host.roost("deploy", app.folder)
            #expect(outcome.code == 1 && outcome.output.contains("boom on import"), "\(outcome.all)")
            let machines = try await host.done("machine", "list", "-a", "first", "--json")
            #expect(machines.trimmingCharacters(in: .whitespacesAndNewlines).filter { !$0.isWhitespace } == "[]")
        }
    }

    @Test("requirements that don't resolve: the resolver's own words, nothing changed")
    func requirements() async throws {
        try await TestHost.with { host in
            let app = try TestApp("needy")
            defer { app.remove() }
            try "this-package-does-not-exist-roost==9.9\n".write(
                toFile: "\(app.folder)/requirements.txt",
                atomically: true,
                encoding: .utf8
            )
            let outcome = try await host.roost("deploy", app.folder)
            #expect(outcome.code == 1, "\(outcome.all)")
            #expect(outcome.all.contains("this-package-does-not-exist-roost"), "\(outcome.all)")
            let status = try await host.done("status", "-a", "needy")
            #expect(status.contains("none"), "\(status)")
        }
    }

    @Test("an app that runs out of memory: the event says so, and it is restarted")
    func outOfMemory() async throws {
        try await TestHost.with { host in
            let app = try TestApp("hungry", mount: true, check: false)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            _ = try await host.get("hungry", "/eat")
            let machine = try await host.machines("hungry")[0]
            try await eventually("the event tells of the memory") {
                let text = try await host.done("machine", "status", machine.id, "-a", "hungry")
                return text.contains("oom_killed=true")
            }
            try await eventually("it runs again") { try await host.get("hungry", "/").status == 200 }
        }
    }
}
