import Foundation
import Model
import Testing
import Toolkit

extension TestHost {
    /// Why backups can't be tried here; nil when they can.
    static var unfitForBackups: String? {
        unfit ?? (Restic.program == nil ? "missing: restic (scripts/install.sh test)" : nil)
    }
}

/// Backups with the real restic: what an empty host becomes, and what a bad night leaves.
@Suite(
    "Backups of a host",
    .serialized,
    .enabled(if: TestHost.unfitForBackups == nil, "\(TestHost.unfitForBackups ?? "")")
)
struct BackupTests {
    @Test("an empty host becomes the other one: the same app answers, with its data and its secret")
    func restores() async throws {
        let place = try Place()
        defer { place.remove() }
        let secret = "s3cr3t\(UInt64.random(in: 1 << 60 ... .max))"
        try await TestHost.with { host in
            let app = try TestApp("vault", env: ["QUIET": "1"], mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try await host.done("secrets", "set", "TOKEN=\(secret)", "-a", "vault")
            for count in 1...3 { #expect(try await host.get("vault", "/file").body == "\(count)") }
            try await Self.begin(host, place)
            let made = try await host.done("backup", "create")
            #expect(made.contains("of 1 apps and 1 volumes is made and whole"), "\(made)")
            // What comes later is not in it.
            #expect(try await host.get("vault", "/file").body == "4")
            try await Self.isTold(host, place, secret)
            try await Self.isFound(host, place)
        }
        try await Self.restore(place, secret)
    }

    @Test("kill -9 in the midst of one leaves the last good one, and the next is made as if nothing had been")
    func interrupted() async throws {
        let place = try Place()
        defer { place.remove() }
        try await TestHost.with { host in
            let app = try TestApp("vault", env: ["QUIET": "1"], mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try await Self.begin(host, place)
            try await host.done("backup", "create")
            let before = try await Self.list(host)
            let good = try #require(before.first { $0.isLastGood })
            let fill = "dd if=/dev/urandom of=/data/big bs=1M count=200"
            try await host.done("ssh", "console", "-a", "vault", "-C", fill)
            let id = try String(contentsOfFile: host.paths.identity, encoding: .utf8)
            let name = try #require(id.firstMatch(of: /host_[a-z0-9]+/)).output
            try await host.done("backup", "create", "--detach")
            var pid: Int32?
            try await eventually(within: .seconds(90), "restic runs") {
                let found = try await Shell.run("/usr/bin/pgrep", ["-f", "restic backup .*\(name)"])
                pid = found.output.split(separator: "\n").first.flatMap { Int32($0) }
                return pid != nil
            }
            // A second one is refused while it goes on.
            let busy = try await host.roost("backup", "create")
            #expect(busy.code == 1 && busy.error.contains("under way"), "\(busy.all)")
            try await host.killDaemon("serve")
            kill(try #require(pid), SIGKILL)
            try await eventually("restic is gone") {
                try await Shell.run("/usr/bin/pgrep", ["-f", "restic backup .*\(name)"]).code == 1
            }
            let left = try await Self.list(host)
            #expect(left.map(\.id) == before.map(\.id) && left.first { $0.isLastGood }?.id == good.id)
            #expect(try await host.done("backup", "verify", good.id).contains("It is whole"))
            try await host.start("serve")
            let made = try await host.done("backup", "create")
            #expect(made.contains("is made and whole"), "\(made)")
            #expect(!FileManager.default.fileExists(atPath: "\(host.paths.backup)/stage"))
            try await place.check()
        }
    }

    @Test("what can't be is said, and changes nothing")
    func refused() async throws {
        let place = try Place()
        defer { place.remove() }
        let host = try await TestHost()
        defer { try? FileManager.default.removeItem(atPath: host.root) }
        for words in [["list"], ["verify"]] {
            let none = try await host.roost("backup", words[0])
            #expect(none.code == 1 && none.error.contains("roost backup init"), "\(none.all)")
        }
        let within = try await host.roost("backup", "init", "\(host.state)/copies", "--saved")
        #expect(within.code == 1 && within.error.contains("within the state folder"), "\(within.all)")
        let elsewhere = try await host.roost("backup", "init", "backups")
        #expect(elsewhere.code == 1 && elsewhere.error.contains("no place for backups"), "\(elsewhere.all)")
        let keyless = try await host.roost("backup", "init", "s3:http://127.0.0.1:9/bucket", "--saved")
        let words = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the bucket"
        #expect(keyless.code == 1 && keyless.error.contains(words), "\(keyless.all)")
        try await place.write("password", "x")
        try await place.write("key", "not a key")
        let files = ["--password-file", "\(place.folder)/password", "--recovery-key-file", "\(place.folder)/key"]
        let arguments = ["backup", "restore", place.repository]
        let mistyped = try await Self.roost(host, arguments + files)
        #expect(mistyped.code == 1 && mistyped.error.contains("mistyped"), "\(mistyped.all)")
        try await place.write("key", RecoveryKey().text)
        let nowhere = try await Self.roost(host, arguments + files)
        #expect(nowhere.code == 1 && nowhere.error.contains("there is no repository"), "\(nowhere.all)")
        let silent = try await Self.roost(host, arguments)
        #expect(silent.code == 1 && silent.error.contains("--password-file"), "\(silent.all)")
        #expect(!FileManager.default.fileExists(atPath: host.paths.database))
    }

    @Test(
        "[backup] of roost.toml: what is wrong is said with its place",
        arguments: [
            ("every = \"5m\"", "roost.toml:2:1: backup.every: found"), ("every = 5", "at least \"10m\""),
            ("every = \"often\"", "or \"never\""), ("keep_daily = -1", "a number from 0 to 1000"),
            ("keep_days = 3", "unknown key"),
            ("keep_hourly = 0\nkeep_daily = 0\nkeep_weekly = 0\nkeep_monthly = 0", "no backup would stay"),
        ]
    )
    func configuration(lines: String, words: String) async throws {
        let host = try await TestHost()
        defer { try? FileManager.default.removeItem(atPath: host.root) }
        try "[backup]\n\(lines)\n".write(toFile: host.configuration, atomically: true, encoding: .utf8)
        let outcome = try await host.roost("backup", "list")
        #expect(outcome.code == 1 && outcome.error.contains(words), "\(outcome.all)")
    }

    // MARK: - Private

    /// Where a test's backups go; it outlives the host that makes them.
    private struct Place {
        let folder = "/tmp/roost-backups-\(UUID().uuidString)"
        var repository: String { "\(folder)/repository" }

        init() throws { try Durable.makeFolder(folder, mode: 0o700) }

        func write(_ name: String, _ text: String) async throws {
            try Durable.write(Data("\(text)\n".utf8), to: "\(folder)/\(name)", mode: 0o600)
        }

        /// What restic itself says of the repository.
        func check() async throws {
            let environment = ["RESTIC_REPOSITORY": repository, "RESTIC_PASSWORD_FILE": "\(folder)/password"]
            let outcome = try await Shell.run(
                "/usr/bin/restic",
                ["check", "--read-data", "--no-cache"],
                environment: environment
            )
            #expect(outcome.code == 0 && outcome.output.contains("no errors were found"), "\(outcome.all)")
        }

        /// Changes one byte in the midst of the largest pack; twice is never.
        func flip() throws {
            let data = "\(repository)/data"
            let packs = (FileManager.default.subpaths(atPath: data) ?? []).filter { $0.contains("/") }
            let sizes = try packs.map {
                try FileManager.default.attributesOfItem(atPath: "\(data)/\($0)")[.size] as? Int
            }
            let largest = try #require(zip(packs, sizes).max { ($0.1 ?? 0) < ($1.1 ?? 0) }).0
            var bytes = try #require(FileManager.default.contents(atPath: "\(data)/\(largest)"))
            bytes[bytes.count / 2] ^= 1
            chmod("\(data)/\(largest)", 0o600)
            try bytes.write(to: URL(filePath: "\(data)/\(largest)"))
        }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }
    }

    private struct Row: Decodable {
        var id: String
        var isLastGood: Bool
    }

    private static func list(_ host: TestHost) async throws -> [Row] {
        try JSONDecoder().decode([Row].self, from: Data(try await host.done("backup", "list", "--json").utf8))
    }

    private static func roost(_ host: TestHost, _ words: [String]) async throws -> Outcome {
        try await Shell.run("\(TestHost.package)/.build/debug/roost", words, environment: host.environment, limit: 240)
    }

    /// As on a script's host: the sheet is printed, and only then said to be safe.
    private static func begin(_ host: TestHost, _ place: Place) async throws {
        let early = try await host.roost("backup", "create")
        #expect(early.code == 1 && early.error.contains("roost backup init"), "\(early.all)")
        let sheet = try await host.roost("backup", "init", place.repository)
        #expect(sheet.code == 1 && sheet.error.contains("--saved"), "\(sheet.all)")
        let unsafe = try await host.roost("backup", "create")
        #expect(unsafe.code == 1 && unsafe.error.contains("safe place"), "\(unsafe.all)")
        for (name, label) in [("password", "password"), ("key", "recovery key")] {
            let line = try #require(sheet.output.split(separator: "\n").first { $0.contains("  \(label) ") })
            try await place.write(name, String(try #require(line.split(separator: " ").last)))
        }
        let done = try await host.done("backup", "init", place.repository, "--saved")
        #expect(!done.contains("RECOVERY SHEET"), "\(done)")
        let again = try await host.roost("backup", "init", place.repository)
        #expect(again.code == 1 && again.error.contains("already"), "\(again.all)")
        // The clock begins one by itself, soon; what follows wants one of its own moment.
        try await eventually(within: .seconds(120), "the first was made by the clock") {
            try await host.api("/v1/backups").output.contains("\"lastGood\"")
        }
        try await eventually(within: .seconds(60), "it has ended") {
            try await !host.api("/v1/backups").output.contains("\"stage\"")
        }
    }

    /// Numbers, the doctor and the list say so; no secret is where it should not be.
    private static func isTold(_ host: TestHost, _ place: Place, _ secret: String) async throws {
        let page = try await host.api("/metrics").output
        let line = page.split(separator: "\n").first { $0.hasPrefix("roost_backup_last_success_timestamp_seconds{") }
        let moment = try #require(line?.split(separator: " ").last.flatMap { Double($0) })
        #expect(abs(moment - Date().timeIntervalSince1970) < 300)
        #expect(page.contains("\nroost_backup_interval_seconds{"))
        let untested = try await host.roost("doctor")
        #expect(untested.output.contains("roost backup verify"), "\(untested.output)")
        #expect(try await host.done("backup", "verify").contains("It is whole"))
        #expect(try await host.roost("doctor").output.contains("in \(place.repository)"))
        #expect(try await host.done("backup", "verify", "--quick").contains("apps: vault v"))
        #expect(try await host.done("backup", "list").contains("the last good one"))
        try await place.check()
        let key = try String(contentsOfFile: "\(place.folder)/key", encoding: .utf8).prefix(40)
        let found = try await Shell.run("/usr/bin/grep", ["-rlaF", "--devices=skip", "-e", "\(key)", host.state])
        #expect(found.code == 1 && found.output.isEmpty, "the recovery key is on the host: \(found.all)")
        let clear = try await Shell.run("/usr/bin/grep", ["-rlaF", "-e", secret, place.repository])
        #expect(clear.code == 1, "\(clear.all)")
    }

    /// A flipped byte is found, and nothing is said to be whole meanwhile.
    private static func isFound(_ host: TestHost, _ place: Place) async throws {
        try place.flip()
        let damaged = try await host.roost("backup", "verify")
        #expect(damaged.code == 1 && damaged.error.contains("is damaged"), "\(damaged.all)")
        #expect(!damaged.output.contains("It is whole"))
        try place.flip()
        #expect(try await host.done("backup", "verify").contains("It is whole"))
    }

    /// Ends a restore as a loss of power would, in its midst.
    private static func cutOff(_ host: TestHost, _ arguments: [String]) async throws {
        let pid = try Background.start(
            "\(TestHost.package)/.build/debug/roostd",
            arguments,
            environment: host.environment,
            output: "\(host.root)/restore.log"
        )
        try await eventually(within: .seconds(60), "its files come") {
            FileManager.default.fileExists(atPath: "\(host.state)/restore/copy/manifest.json")
        }
        kill(pid, SIGKILL)
        try await eventually("the restore is gone") { Background.hasEnded(pid) }
        // Its restic goes on, and keeps the next one out until it has ended.
        try await eventually("its restic is gone") {
            try await Shell.run("/usr/bin/pgrep", ["-f", "restic restore .*\(host.state)"]).code == 1
        }
        #expect(!FileManager.default.fileExists(atPath: host.paths.database), "it was cut off")
    }

    private static func restore(_ place: Place, _ secret: String) async throws {
        let host = try await TestHost()
        do {
            // As the package leaves it: started once, nothing deployed.
            try await host.start("serve")
            try await host.killDaemon("serve")
            let files = ["--password-file", "\(place.folder)/password"]
            let arguments = ["backup", "restore", place.repository] + files + ["--recovery-key-file"]
            try await place.write("other", RecoveryKey().text)
            let other = try await roost(host, arguments + ["\(place.folder)/other"])
            #expect(other.code == 1 && other.error.contains("sealed to the recovery key"), "\(other.all)")
            let volumes = (try? FileManager.default.contentsOfDirectory(atPath: host.paths.volumes)) ?? []
            #expect(volumes.isEmpty && !FileManager.default.fileExists(atPath: host.paths.database))
            try await cutOff(host, arguments + ["\(place.folder)/key"])
            let restored = try await roost(host, arguments + ["\(place.folder)/key"])
            #expect(restored.code == 0, "\(restored.all)")
            let again = try await roost(host, arguments + ["\(place.folder)/key"])
            #expect(again.code == 1 && again.error.contains("holds a host already"), "\(again.all)")
            try await host.start("serve")
            try await host.start("edge")
            try await eventually(within: .seconds(60), "the app answers") {
                try await host.get("vault", "/health").status == 200
            }
            #expect(try await host.get("vault", "/env").body.contains(secret))
            #expect(try await host.get("vault", "/file").body == "4")
            let releases = try await host.done("releases", "-a", "vault")
            #expect(releases.contains("v2"), "\(releases)")
            // It goes on as the other did: deploys, and backups to the same place.
            try await host.done("apps", "restart", "vault")
            #expect(try await host.get("vault", "/file").body == "5")
            try await eventually(within: .seconds(90), "a backup of its own, by the clock") {
                try await host.api("/v1/backups").output.contains("\"lastGood\"")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(host.state)/restore"))
        } catch {
            await host.tellLogs()
            try? await host.stop()
            throw error
        }
        try await host.stop()
    }
}
