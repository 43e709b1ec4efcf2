import Foundation
import Model
import Testing

/// Whatever ends at whatever step of whatever strategy: an app ends in the new release or the old one, never in both.
///
/// The steps are those of the plan. Here the daemon alone is killed; `ROOST_CRASH_VICTIMS=cli,serve,edge,conmon,app` kills
/// them all, one a deploy (`make soak-rollouts` does).
@Suite("Roll-outs that are cut off", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct RolloutCrashTests {
    private static let victims: [String] = {
        let stated = ProcessInfo.processInfo.environment["ROOST_CRASH_VICTIMS"] ?? "serve"
        return stated.split(separator: ",").map(String.init)
    }()

    @Test("kill -9 at each step of the plan", arguments: ["rolling", "canary", "bluegreen", "immediate"])
    func everyStep(strategy: String) async throws {
        try await TestHost.with { host in
            let app = try TargetApp("steps", env: ["GREETING": "r0"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            var round = 0
            for victim in Self.victims {
                var step = 0
                repeat {
                    round += 1
                    let extra =
                        "[deploy]\n  strategy = \"\(strategy)\"\n  release_command = \"python3 target.py release\""
                    try app.write(env: ["GREETING": "r\(round)"], extra: extra + "\n  stay_up = \"0s\"")
                    let end = try await cutOff(host, app, at: step, victim)
                    try await check(host, end, "\(strategy), \(victim) at step \(step)")
                    step += 1
                } while step < (try await steps(host, app))
            }
            #expect(round >= 2 * Self.victims.count)
        }
    }

    // MARK: - Private

    /// How many steps the plan of the next deploy has.
    private func steps(_ host: TestHost, _ app: TargetApp) async throws -> Int {
        let text = try await host.done("deploy", "--plan", "--json", app.folder)
        return try JSONDecoder().decode(RolloutPlan.self, from: Data(text.utf8)).steps.count
    }

    private func rollouts(_ host: TestHost) async throws -> [Rollout] {
        let outcome = try await host.api("/v1/apps/steps/rollouts")
        return outcome.code == 0 ? try JSONDecoder().decode([Rollout].self, from: Data(outcome.output.utf8)) : []
    }

    /// Starts a deploy, kills the victim as soon as that step has begun, and waits for the deploy's end.
    private func cutOff(_ host: TestHost, _ app: TargetApp, at step: Int, _ victim: String) async throws -> Rollout {
        let before = Set(try await rollouts(host).map(\.id))
        let client = try Background.start(
            "\(TestHost.package)/.build/debug/roost",
            ["deploy", "--no-audit", app.folder],
            environment: host.environment,
            output: "\(host.root)/deploy.out"
        )
        defer {
            kill(client, SIGKILL)
            _ = Background.hasEnded(client)
        }
        let id = try await eventualID(host, before)
        let journal = "\(host.state)/rollouts/steps/\(id).ndjson"
        try await eventually(within: .seconds(60), "step \(step) begins") {
            let text = (try? String(contentsOfFile: journal, encoding: .utf8)) ?? ""
            // The build is a part of its own.
            return text.components(separatedBy: "{\"stage\":").count > step + 2 || text.contains("\"finished\":")
        }
        try await end(victim, host, client)
        var last: Rollout?
        try await eventually(within: .seconds(90), "the deploy is over") {
            last = try await rollouts(host).first { $0.id == id }
            return last?.phase.isOver == true
        }
        return try #require(last)
    }

    private func eventualID(_ host: TestHost, _ before: Set<String>) async throws -> String {
        var id: String?
        try await eventually(within: .seconds(60), "the deploy begins") {
            id = try await rollouts(host).first { !before.contains($0.id) }?.id
            return id != nil
        }
        return try #require(id)
    }

    private func end(_ victim: String, _ host: TestHost, _ client: Int32) async throws {
        switch victim {
        case "cli": kill(client, SIGKILL)
        case "serve", "edge":
            try await host.killDaemon(victim)
            try await host.start(victim)
        case "conmon":
            for id in try await host.machines("steps").map(\.id).shuffled() {
                let file = "\(host.run)/machines/\(id)/monitor.pid"
                guard let text = try? String(contentsOfFile: file, encoding: .utf8),
                    let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
                else { continue }
                kill(pid, SIGKILL)
                return
            }
        default:
            // A Machine may end while its process is looked for.
            if let pid = (try? await host.pids("steps"))?.values.randomElement() { kill(pid, SIGKILL) }
        }
    }

    /// One release on all Machines, as many as before, and it answers.
    private func check(_ host: TestHost, _ rollout: Rollout, _ what: String) async throws {
        #expect(rollout.phase == .complete || rollout.phase == .rolledBack, "\(what): \(rollout.phase)")
        try await eventually(within: .seconds(30), "\(what): two Machines of one release answer") {
            let machines = try await host.machines("steps")
            guard machines.count == 2, machines.allSatisfy({ $0.state == "started" }) else { return false }
            guard Set(machines.map(\.config.metadata["fly_release_version"])).count == 1 else { return false }
            var answers: Set<String> = []
            for _ in 0..<6 {
                let answer = try await host.get("steps", "/")
                answers.insert(answer.status == 200 ? String(answer.body.prefix { $0 != " " }) : "\(answer.status)")
            }
            return answers.count == 1 && answers.first?.hasPrefix("r") == true
        }
        let releases = try await host.done("releases", "-a", "steps")
        #expect(!releases.contains("running"), "\(what): \(releases)")
    }
}
