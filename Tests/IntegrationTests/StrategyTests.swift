import Foundation
import Model
import Testing

/// Each way to roll out, under load: nobody is refused, and what does not come up is taken back.
@Suite("Strategies", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct StrategyTests {
    @Test(
        "a new release comes without a failed request, and one that is no good goes back",
        arguments: ["rolling", "canary", "bluegreen"]
    )
    func strategy(_ name: String) async throws {
        try await TestHost.with { host in
            let app = try TestApp("turned", env: ["GREETING": "old", "QUIET": "1"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let before = Set(try await host.machines("turned").map(\.id))
            try app.write(env: ["GREETING": "new", "QUIET": "1"])
            let plan = try await host.done("deploy", "--plan", "--strategy", name, app.folder)
            #expect(plan.contains("strategy \(name)") && plan.contains("nothing pauses"), "\(plan)")
            #expect(Set(try await host.machines("turned").map(\.id)) == before, "a plan changes nothing")
            let report = try await Load.during(host, "turned", seconds: 10) {
                let output = try await host.done("deploy", "--strategy", name, app.folder)
                #expect(output.contains("v2 of turned is deployed"), "\(output)")
            }
            #expect(report.failed == 0, "\(report.results)")
            #expect(try await host.get("turned", "/").body.contains("new"))
            let after = Set(try await host.machines("turned").map(\.id))
            #expect(after.count == 2 && after.isDisjoint(with: before), "\(after)")

            try app.write(env: ["CRASH": "import"], extra: "[deploy]\n  wait_timeout = \"12s\"")
            let bad = try await Load.during(host, "turned", seconds: 8) {
                let outcome = try await host.roost("deploy", "--strategy", name, app.folder)
                #expect(outcome.code == 1 && outcome.output.contains("boom on import"), "\(outcome.all)")
            }
            #expect(bad.failed == 0, "\(bad.results)")
            #expect(try await host.get("turned", "/").body.contains("new"))
            #expect(Set(try await host.machines("turned").map(\.id)) == after, "the good ones were never touched")
        }
    }

    @Test("immediate exchanges all at once, in their places, and asks nobody how they are")
    func immediate() async throws {
        try await TestHost.with { host in
            let app = try TestApp("rash", env: ["GREETING": "old"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let before = Set(try await host.machines("rash").map(\.id))
            try app.write(env: ["GREETING": "new"])
            let plan = try await host.done("deploy", "--plan", "--strategy", "immediate", app.folder)
            #expect(plan.contains("pause: group app"), "\(plan)")
            try await host.done("deploy", "--strategy", "immediate", app.folder)
            #expect(Set(try await host.machines("rash").map(\.id)) == before)
            try await eventually("the new release answers") { try await host.get("rash", "/").body.contains("new") }
        }
    }

    @Test("of a group that sleeps whole one Machine is started to try the release")
    func sleepers() async throws {
        try await TestHost.with { host in
            let app = try TestApp("drowsy", env: ["GREETING": "old"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            for machine in try await host.machines("drowsy") {
                try await host.done("machine", "stop", machine.id, "-a", "drowsy")
            }
            try app.write(env: ["CRASH": "import"], extra: "[deploy]\n  wait_timeout = \"12s\"")
            var text = try String(contentsOfFile: "\(app.folder)/fly.toml", encoding: .utf8)
            text = text.replacing("internal_port = 8080", with: "internal_port = 8080\n  auto_stop_machines = \"stop\"")
            try text.write(toFile: "\(app.folder)/fly.toml", atomically: true, encoding: .utf8)
            let outcome = try await host.roost("deploy", app.folder)
            #expect(outcome.code == 1 && outcome.output.contains("boom on import"), "\(outcome.all)")
            #expect(try await host.get("drowsy", "/").body.contains("old"))
        }
    }
}
