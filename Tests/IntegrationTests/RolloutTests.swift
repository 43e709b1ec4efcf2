import Foundation
import Model
import Testing

/// What clients meet while a release is rolled out, and what comes of a release that is no good.
@Suite("Roll-outs", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct RolloutTests {
    @Test("requests, uploads, events and WebSockets go through a roll-out unharmed", arguments: [false, true])
    func mixed(mount: Bool) async throws {
        try await TestHost.with { host in
            let app = try TargetApp("mixed", env: ["GREETING": "old"], mount: mount)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let seen = try await app.underLoad(host, seconds: mount ? 14 : 20) {
                try app.write(env: ["GREETING": "new"], mount: mount)
                let output = try await host.done("deploy", app.folder)
                #expect(output.contains(" requests, 0 failed"), "\(output)")
                if mount { #expect(output.contains("requests were held for "), "\(output)") }
            }
            #expect(seen.failed == 0, "\(seen.results)")
            #expect((seen.results["socket closed 1001"] ?? 0) > 0, "\(seen.results)")
            #expect((seen.results["events ended"] ?? 0) > 0, "\(seen.results)")
            #expect(try await host.get("mixed", "/").body.contains("new"))
            let shown = try await host.done("deployments", "show", "-a", "mixed")
            #expect(shown.contains("Clients:  ") && shown.contains("0 failed"), "\(shown)")
        }
    }

    /// A way to misbehave, and what the deploy says of it.
    struct Misdeed: Sendable, CustomTestStringConvertible {
        var env: [String: String]
        var words: String
        /// More lines of `fly.toml`, in `[deploy]`.
        var extra = "wait_timeout = \"6s\""
        var seconds = 10
        var testDescription: String { words }
    }

    @Test(
        "an app that misbehaves is taken back, with the cause, while the old release serves",
        arguments: [
            Misdeed(env: ["HEALTH": "never"], words: "the database is away"),
            Misdeed(env: ["DIE_AFTER_S": "0.3", "HEALTH": "never"], words: "exit code 7"),
            Misdeed(env: ["START_S": "60"], words: "GET /health on port 8080: the connection was refused"),
            Misdeed(env: ["LISTEN": "127.0.0.1"], words: "the app listens on 127.0.0.1:8080"),
            Misdeed(env: ["LEAK_MB_S": "400"], words: "ran out of memory (256 MB)"),
            Misdeed(env: ["ROOT": "500"], words: "GET / of the new release answers 500"),
            Misdeed(
                env: ["HEALTH": "once", "HEALTH_S": "3"],
                words: "the database is away",
                extra: "wait_timeout = \"12s\"\n  stay_up = \"8s\"",
                seconds: 20
            ),
            Misdeed(
                env: ["GREETING": "new"],
                words: "machine check \"python3 target.py 3\" of Machine",
                extra: "wait_timeout = \"9s\"\n[[machine_checks]]\n  command = [\"python3\", \"target.py\", \"3\"]"
            ),
        ]
    )
    func misbehaving(misdeed: Misdeed) async throws {
        try await TestHost.with { host in
            let app = try TargetApp("rogue", env: ["GREETING": "old"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let before = try await host.pids("rogue")
            try app.write(
                env: ["GREETING": "new"].merging(misdeed.env) { $1 },
                extra: "[deploy]\n  \(misdeed.extra)"
            )
            let report = try await Load.during(host, "rogue", seconds: misdeed.seconds, rate: 50) {
                let outcome = try await host.roost("deploy", app.folder)
                #expect(outcome.code == 1 && outcome.all.contains(misdeed.words), "\(outcome.all)")
                #expect(outcome.all.contains("rolled back: v1 is in service"), "\(outcome.all)")
            }
            #expect(report.failed == 0, "\(report.results)")
            #expect(try await host.pids("rogue") == before)
            let releases = try await host.done("releases", "-a", "rogue")
            #expect(releases.contains("rolled_back"), "\(releases)")
        }
    }

    @Test("errors that only clients see take a release back, also where its one Machine has a volume")
    func errorsOfClients() async throws {
        try await TestHost.with { host in
            let app = try TargetApp("errant", env: ["GREETING": "old"], mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["GREETING": "bad", "ERRORS": "60", "ERRORS_AT": "/page"], mount: true)
            let refused = try await host.roost("deploy", "--require-zero-downtime", app.folder)
            #expect(refused.code == 1 && refused.all.contains("would not be without a pause"), "\(refused.all)")
            let report = try await Load.during(host, "errant", path: "/page", seconds: 12, rate: 100) {
                let outcome = try await host.roost("deploy", app.folder)
                #expect(outcome.code == 1 && outcome.all.contains("answers to clients were errors"), "\(outcome.all)")
                #expect(outcome.all.contains("rolled back: v1 is in service"), "\(outcome.all)")
            }
            #expect(Set(report.results.keys).isSubset(of: ["200", "500"]), "\(report.results)")
            #expect(try await host.get("errant", "/").body.contains("old"))
        }
    }

    @Test("seed_command runs before an app's first release, and never again; machine_checks see each new Machine")
    func commands() async throws {
        try await TestHost.with { host in
            let app = try TargetApp("seeded", env: ["GREETING": "old"])
            defer { app.remove() }
            let extra = """
                [deploy]
                  seed_command = "python3 target.py 0"
                [[machine_checks]]
                  command = ["python3", "target.py", "ask"]
                """
            try app.write(env: ["GREETING": "old"], extra: extra)
            let first = try await host.done("deploy", app.folder)
            #expect(first.contains("run seed_command"), "\(first)")
            #expect(first.components(separatedBy: "answers 200").count == 3, "\(first)")
            try app.write(env: ["GREETING": "new"], extra: extra)
            let second = try await host.done("deploy", app.folder)
            #expect(!second.contains("seed_command") && second.contains("answers 200"), "\(second)")
            #expect(try await host.machines("seeded").count == 2, "the Machines of checks are gone")
        }
    }

    @Test("what the edge could not serve is refused before anything changes")
    func poisoned() async throws {
        try await TestHost.with { host in
            let app = try TargetApp("healthy", env: ["GREETING": "old"])
            let other = try TargetApp("other", env: ["GREETING": "old"])
            defer { for one in [app, other] { one.remove() } }
            let name = "hostnames = [\"taken.example.com\"]"
            try other.write(service: name)
            try await host.done("deploy", "--ha=false", other.folder)
            try await host.done("deploy", app.folder)
            let before = try await host.pids("healthy")
            let clash = """
                [[services]]
                  processes = ["app"]
                  internal_port = 9000
                  [[services.ports]]
                    port = 443
                    handlers = ["tls", "http"]
                """
            try app.write(env: ["GREETING": "new"], extra: clash)
            let refused = try await host.roost("deploy", app.folder)
            #expect(refused.code == 1, "\(refused.all)")
            #expect(refused.all.contains("two services of group app answer on port 443"), "\(refused.all)")
            try app.write(env: ["GREETING": "new"], service: name)
            let foreign = try await host.roost("deploy", app.folder)
            #expect(foreign.code == 1 && foreign.all.contains("belongs to app other"), "\(foreign.all)")
            #expect(try await host.pids("healthy") == before)
            #expect(try await host.done("releases", "-a", "healthy").contains("v2") == false)
        }
    }

    @Test("a migration that breaks what runs is found before anything is built, and goes on where that is meant")
    func breakingMigration() async throws {
        try await TestHost.with { host in
            let command = "[deploy]\n  release_command = \"python3 target.py migrate\""
            let app = try TargetApp("migrated", env: ["GREETING": "old"])
            defer { app.remove() }
            func revise(_ id: String, after parent: String, _ body: String) throws {
                let folder = "\(app.folder)/alembic/versions"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try "".write(toFile: "\(app.folder)/alembic/env.py", atomically: true, encoding: .utf8)
                let text = """
                    from alembic import op

                    revision = "\(id)"
                    down_revision = \(parent)


                    def upgrade():
                        \(body)

                    """
                try text.write(toFile: "\(folder)/\(id).py", atomically: true, encoding: .utf8)
            }
            try app.write(env: ["GREETING": "old"], extra: command)
            try revise("r1", after: "None", "pass")
            try await host.done("deploy", "--no-audit", app.folder)
            try app.write(env: ["GREETING": "new"], extra: command)
            try revise("r2", after: "\"r1\"", "op.execute(\"ALTER TABLE people DROP COLUMN name\")")
            let refused = try await host.roost("deploy", "--no-audit", app.folder)
            #expect(refused.code == 1 && refused.all.contains("alembic/versions/r2.py:8: drops name"), "\(refused.all)")
            #expect(refused.all.contains("would break v1") && !refused.all.contains("==> build"), "\(refused.all)")
            let allowed = try await host.done("deploy", "--no-audit", "--allow-breaking-migration", app.folder)
            #expect(allowed.contains("a command ran: migrate"), "\(allowed)")
            #expect(try await host.get("migrated", "/").body.contains("new"))
            // The next one brings none.
            try app.write(env: ["GREETING": "newer"], extra: command)
            try await host.done("deploy", "--no-audit", app.folder)
            let upgrade = command.replacing("python3 target.py migrate", with: "alembic upgrade head")
            try app.write(env: ["DATABASE_URL": "sqlite:////data/a.db"], extra: upgrade, mount: true)
            let misplaced = try await host.roost("deploy", "--no-audit", app.folder)
            #expect(misplaced.code == 1 && misplaced.all.contains("has no volume"), "\(misplaced.all)")
        }
    }

    @Test("an app that ignores signals, or leaks, is exchanged all the same")
    func stubborn() async throws {
        try await TestHost.with { host in
            let app = try TargetApp("stubborn", env: ["GREETING": "old", "STUBBORN": "1", "LEAK_MB_S": "1"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["GREETING": "new"])
            let report = try await Load.during(host, "stubborn", seconds: 14, rate: 50) {
                try await host.done("deploy", app.folder)
            }
            #expect(report.failed == 0, "\(report.results)")
            #expect(try await host.get("stubborn", "/").body.contains("new"))
        }
    }

    @Test("a canary's share is judged by its numbers: errors send it back, a good one goes on")
    func canary() async throws {
        try await TestHost.with { host in
            let app = try TargetApp("canary", env: ["GREETING": "old"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let before = Set(try await host.machines("canary").map(\.id))
            try app.write(env: ["GREETING": "bad", "ERRORS": "60"])
            _ = try await Load.during(host, "canary", seconds: 14, rate: 100) {
                let outcome = try await host.roost(
                    "deploy",
                    "--canary-weight",
                    "20%",
                    "--canary-duration",
                    "30",
                    app.folder
                )
                #expect(outcome.code == 1 && outcome.all.contains("of the canary's"), "\(outcome.all)")
            }
            #expect(Set(try await host.machines("canary").map(\.id)) == before)
            try app.write(env: ["GREETING": "good"])
            let report = try await Load.during(host, "canary", seconds: 20, rate: 100) {
                let output = try await host.done(
                    "deploy",
                    "--canary-weight",
                    "20%",
                    "--canary-duration",
                    "5",
                    app.folder
                )
                #expect(output.contains("canary: ") && output.contains("0 errors"), "\(output)")
            }
            #expect(report.failed == 0, "\(report.results)")
            #expect(try await host.get("canary", "/").body.contains("good"))
            #expect(try await host.machines("canary").allSatisfy { $0.config.metadata["fly_canary_share"] == nil })
        }
    }

    @Test("a second deploy is told who holds the app, or waits; a deploy can be listed, shown and cancelled")
    func lock() async throws {
        try await TestHost.with { host in
            let app = try TargetApp("locked", env: ["GREETING": "old"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["HEALTH": "never"], extra: "[deploy]\n  wait_timeout = \"90s\"")
            try await host.done("deploy", "--detach", app.folder)
            try app.write(env: ["GREETING": "new"])
            let refused = try await host.roost("deploy", app.folder)
            #expect(refused.code == 1 && refused.all.contains("is being deployed by "), "\(refused.all)")
            #expect(refused.all.contains("(now: "), "\(refused.all)")
            async let waiting = host.roost("deploy", "--lock-wait", "60", app.folder)
            try await eventually("it is under way") {
                try await host.done("deployments", "list", "-a", "locked").contains(" rolling ")
            }
            // So that the second one has asked, and waits.
            try await Task.sleep(for: .seconds(3))
            try await host.done("deployments", "cancel", "-a", "locked")
            let waited = try await waiting
            #expect(waited.code == 0 && waited.all.contains("waits: locked is being deployed by"), "\(waited.all)")
            #expect(try await host.get("locked", "/").body.contains("new"))
            let all = try await host.done("deployments", "-a", "locked")
            #expect(all.contains("rolled_back") && all.contains("complete"), "\(all)")
        }
    }

    @Test("flags of fly deploy choose Machines, build alone, and keep what failed where that is wanted")
    func flags() async throws {
        try await TestHost.with { host in
            let app = try TargetApp("flags", env: ["GREETING": "old"])
            defer { app.remove() }
            let first = try await host.roost(
                "deploy",
                "--ha=false",
                "--remote-only",
                "--yes",
                "--depot=false",
                "--smoke-checks=false",
                app.folder
            )
            #expect(first.code == 0 && first.all.contains("--depot changes nothing here"), "\(first.all)")
            let only = try #require(try await host.machines("flags").first)
            #expect(try await host.machines("flags").count == 1)
            try app.write(env: ["GREETING": "built"])
            let built = try await host.done("deploy", "--build-only", "--no-cache", app.folder)
            #expect(built.contains("is built"), "\(built)")
            #expect(try await host.get("flags", "/").body.contains("old"))
            try await host.done("deploy", "--exclude-machines", only.id, "--update-only", app.folder)
            #expect(try await host.get("flags", "/").body.contains("old"), "its one Machine was left alone")
            try app.write(env: ["HEALTH": "never"], extra: "[deploy]\n  rollback = false\n  wait_timeout = \"4s\"")
            let kept = try await host.roost("deploy", app.folder)
            #expect(kept.code == 1 && kept.all.contains("rollback = false: Machines stay as they are"), "\(kept.all)")
            #expect(try await host.machines("flags").count == 2, "the new one is there to be looked at")
            let wrong = try await host.roost("deploy", "--process-groups", "nobody", app.folder)
            #expect(wrong.code == 1 && wrong.all.contains("there is no process group"), "\(wrong.all)")
        }
    }

    @Test("a probe measures a deploy that nobody visits")
    func probe() async throws {
        try await TestHost.with { host in
            let app = try TargetApp("probed", env: ["GREETING": "old"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["GREETING": "new"])
            let output = try await host.done("deploy", "--probe", "/health", app.folder)
            let line = try #require(output.split(separator: "\n").first { $0.contains("during the roll-out: ") })
            #expect(line.contains(" requests, 0 failed, p99 ") && line.contains("("), "\(line)")
        }
    }

    @Test(
        "a check that goes on failing restarts or replaces its Machine, by itself",
        arguments: ["restart", "replace"]
    )
    func healing(remedy: String) async throws {
        try await TestHost.with { host in
            let app = try TargetApp("sick")
            defer { app.remove() }
            try app.write(
                env: ["HEALTH": "once", "HEALTH_S": "8"],
                check: "    on_failure = \"\(remedy)\""
            )
            try await host.done("deploy", "--ha=false", app.folder)
            let before = try await host.pids("sick")
            try await eventually(within: .seconds(40), "it is helped") {
                guard let now = try? await host.pids("sick"), now != before, now.count == 1 else { return false }
                return (now.keys.sorted() == before.keys.sorted()) == (remedy == "restart")
            }
            try await eventually("it serves again") { try await host.get("sick", "/").status == 200 }
            let log = try await host.done("logs", "-a", "sick", "--no-tail")
            #expect(remedy == "replace" || log.contains("on_failure: check "), "\(log)")
        }
    }

    @Test("a script for fly goes on working: canary, a look at its health, promotion or the way back")
    func script() async throws {
        try await TestHost.with(secure: true) { host in
            let app = try TargetApp("scripted", env: ["GREETING": "old"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let (port, authority) = (try #require(host.securePort), "\(host.root)/ca.pem")
            try await host.done("certs", "trust", "--print").write(toFile: authority, atomically: true, encoding: .utf8)
            let script = """
                set -e
                mkdir -p bin && ln -sf \(TestHost.package)/.build/debug/roost bin/fly && PATH=$PWD/bin:$PATH
                healthy() {
                  for i in 1 2 3; do
                    curl -sf --cacert \(authority) https://scripted.localhost:\(port)/health || return 1
                  done
                }
                if fly deploy --strategy canary --wait-timeout 120 && healthy; then
                  fly deploy --strategy rolling
                else
                  echo going back
                  fly releases rollback --app scripted
                fi
                """
            for (env, isGood) in [(["GREETING": "new"], true), (["GREETING": "bad", "DIE_AFTER_S": "0.3"], false)] {
                try app.write(env: env)
                let outcome = try await Shell.run(
                    "/bin/bash",
                    ["-c", script],
                    environment: host.environment,
                    folder: app.folder,
                    limit: 240
                )
                #expect(outcome.code == 0 && outcome.output.contains("going back") != isGood, "\(outcome.all)")
                #expect(try await host.get("scripted", "/").body.contains("new"))
            }
            let back = ["-c", "bin/fly releases rollback v1 --app scripted"]
            let outcome = try await Shell.run("/bin/bash", back, environment: host.environment, folder: app.folder)
            #expect(outcome.code == 0, "\(outcome.all)")
            #expect(try await host.get("scripted", "/").body.contains("old"))
        }
    }
}
