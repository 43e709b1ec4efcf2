import Foundation
import Model
import Testing

/// Every process may be killed at any moment.
@Suite("Crashes", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct CrashTests {
    @Test("kill -9 of serve under load: no failed request, the same processes are adopted")
    func serve() async throws {
        try await TestHost.with { host in
            let app = try TestApp("steady", env: ["QUIET": "1"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let before = try await host.pids("steady")
            #expect(before.count == 2)
            let report = try await Load.during(host, "steady", seconds: 8) {
                try await host.killDaemon("serve")
                try await host.start("serve")
                try await host.killDaemon("serve")
                try await host.start("serve")
            }
            #expect(report.failed == 0, "\(report.results)")
            #expect(try await host.pids("steady") == before)
            // What was adopted is really driven: a stop works, and so does the next deploy.
            try app.write(env: ["GREETING": "after", "QUIET": "1"])
            try await host.done("deploy", app.folder)
            #expect(try await host.get("steady", "/").body.contains("after"))
        }
    }

    @Test("kill -9 of the edge: a new one serves from its own copy of the routes, even while serve is down")
    func edge() async throws {
        try await TestHost.with { host in
            let app = try TestApp("steady")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try await eventually("routed") { try await host.get("steady", "/").status == 200 }
            try await eventually("kept on disk") {
                // The table, or what has changed since.
                ["routes.json", "routes.json.changes"].contains {
                    let text = try? String(contentsOfFile: "\(host.state)/edge/\($0)", encoding: .utf8)
                    return text?.contains("\"ready\"") == true
                }
            }
            try await host.killDaemon("serve")
            try await host.killDaemon("edge")
            try await host.start("edge")
            #expect(try await host.get("steady", "/").status == 200)
            try await host.start("serve")
            try app.write(env: ["GREETING": "later"])
            try await host.done("deploy", app.folder)
            #expect(try await host.get("steady", "/").body.contains("later"))
        }
    }

    @Test("kill -9 of an app's process: restarted by policy; of conmon: noticed and repaired")
    func machine() async throws {
        try await TestHost.with { host in
            let app = try TestApp("steady", mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let first = try #require(try await host.pids("steady").first)
            kill(first.value, SIGKILL)
            try await eventually("a new process") {
                guard let now = try? await host.pids("steady")[first.key], now != first.value else { return false }
                return try await host.get("steady", "/").status == 200
            }
            let text = try await host.done("machine", "status", first.key, "-a", "steady")
            #expect(text.contains("exit_code=137,oom_killed=false,requested_stop=false"), "\(text)")

            let second = try #require(try await host.pids("steady")[first.key])
            let conmon = try String(contentsOfFile: "\(host.run)/machines/\(first.key)/monitor.pid", encoding: .utf8)
            let monitor = try #require(Int32(conmon.trimmingCharacters(in: .whitespacesAndNewlines)))
            kill(monitor, SIGKILL)
            try await eventually("a new process with a monitor") {
                guard let now = try? await host.pids("steady")[first.key], now != second else { return false }
                return try await host.get("steady", "/").status == 200
            }
            let after = try await host.done("machine", "status", first.key, "-a", "steady")
            #expect(after.contains("monitor lost"), "\(after)")
        }
    }

    @Test("kill -9 of serve at each recorded step of a deploy ends in the old release or the new one")
    func everyStep() async throws {
        try await TestHost.with { host in
            let app = try TestApp("steps", env: ["GREETING": "release0", "QUIET": "1"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            // Each part of the story begins and ends with a line: build, release command, two updates.
            for line in 1...8 {
                let extra = "[deploy]\n  release_command = \"python3 server.py release\""
                try app.write(env: ["GREETING": "release\(line)", "QUIET": "1"], extra: extra)
                try await killAt(line: line, host, app)
                let status = try await host.done("status", "-a", "steps")
                #expect(status.contains("complete") || status.contains("rolled_back") || status.contains("failed"))
                let machines = try await host.machines("steps")
                let releases = Set(machines.compactMap { $0.config.metadata["fly_release_version"] })
                #expect(machines.count == 2 && releases.count == 1, "line \(line): \(releases)")
                var answers: Set<String> = []
                for _ in 0..<6 {
                    let answer = try await host.get("steps", "/")
                    #expect(answer.status == 200)
                    answers.insert(String(answer.body.prefix { $0 != " " }))
                }
                #expect(answers.count == 1, "line \(line): \(answers)")
            }
        }
    }

    /// Starts a deploy, kills serve as soon as that many lines of its story are there, starts serve again, and waits
    /// until the deploy is over.
    private func killAt(line: Int, _ host: TestHost, _ app: TestApp) async throws {
        let file = "\(host.root)/deploy.out"
        let roost = "\(TestHost.package)/.build/debug/roost"
        try? FileManager.default.removeItem(atPath: file)
        let pid = try Background.start(roost, ["deploy", app.folder], environment: host.environment, output: file)
        try await eventually(within: .seconds(60), "the deploy comes to line \(line)") {
            let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("==> ") || $0.hasPrefix("    done: ") }
            return lines.count { !$0.hasPrefix("==> upload") } >= line
        }
        try await host.killDaemon("serve")
        try await host.start("serve")
        try await eventually(within: .seconds(90), "the command ends") { Background.hasEnded(pid) }
    }
}
