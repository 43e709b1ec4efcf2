import Foundation
import Model
import Testing
import Toolkit

/// Secrets, from a person's hands to a process and nowhere else.
@Suite("Secrets of apps", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct SecretsTests {
    @Test("a value reaches the app's processes, and no file, log, answer or command line")
    func leaks() async throws {
        try await TestHost.with { host in
            let app = try TestApp("vault", env: ["GREETING": "plain"])
            defer { app.remove() }
            let first = Self.value()
            try await Self.set(host, "FIRST", first, "--stage")
            #expect(try await Self.status(host) == ["FIRST": "Staged"])
            try await host.done("deploy", app.folder)
            let second = Self.value()
            let told = try await Self.set(host, "SECOND", second)
            let several = "two lines\n\(Self.value())"
            let words = try await Self.set(host, "SEVERAL", several)
            try await Self.set(host, "GREETING", "from a secret")
            let environment = try await Self.environment(host)
            #expect(environment["FIRST"] == first && environment["SECOND"] == second)
            #expect(environment["SEVERAL"] == several && environment["GREETING"] == "from a secret")
            #expect(try await Self.status(host).values.allSatisfy { $0 == "Deployed" })
            for machine in try await host.machines("vault") {
                try await host.done("machine", "exec", machine.id, "true", "-a", "vault")
            }
            let answers = try await Self.answers(host)
            let commands = try await Shell.line("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; ps axwwo args")
            for value in [first, second, String(several.dropFirst(10))] {
                for text in [told, words, answers, commands] { #expect(!text.contains(value)) }
                try await Self.isNowhere(value, below: host.root)
            }
        }
    }

    @Test("a staged value waits for its deploy, whatever restarts the Machine before")
    func staged() async throws {
        try await TestHost.with { host in
            let app = try TestApp("vault", mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try await Self.set(host, "TOKEN", "one")
            try await Self.set(host, "TOKEN", "two", "--stage")
            #expect(try await Self.status(host) == ["TOKEN": "Staged"])
            let machine = try await host.machines("vault")[0].id
            try await host.done("machine", "restart", machine, "-a", "vault")
            try await Self.eventually(host, "TOKEN", "one")
            // What a new daemon starts again has its own version too.
            try await host.killDaemon("serve")
            try await host.start("serve")
            #expect(try await Self.environment(host)["TOKEN"] == "one")
            let pid = try #require(try await host.pids("vault").values.first)
            kill(pid, SIGKILL)
            try await Self.eventually(host, "TOKEN", "one")
            try await host.done("secrets", "deploy", "-a", "vault")
            try await Self.eventually(host, "TOKEN", "two")
            #expect(try await Self.status(host) == ["TOKEN": "Deployed"])
            let idle = try await host.roost("secrets", "deploy", "-a", "vault")
            #expect(idle.code == 0 && idle.all.contains("in service already"), "\(idle.all)")
            try await host.done("secrets", "unset", "TOKEN", "-a", "vault")
            #expect(try await Self.environment(host)["TOKEN"] == nil)
            let unknown = try await host.roost("secrets", "unset", "TOKEN", "-a", "vault")
            #expect(unknown.code == 1 && unknown.error.contains("no secret TOKEN"), "\(unknown.all)")
        }
    }

    @Test("a new key opens everything, the old one nothing; without the folder of keys nothing starts, and says so")
    func keys() async throws {
        try await TestHost.with { host in
            let app = try TestApp("vault", mount: true)
            defer { app.remove() }
            try await Self.set(host, "TOKEN", "kept", "--stage")
            try await host.done("deploy", app.folder)
            try await Shell.line("cp -a \(host.state)/keys \(host.root)/old-keys")
            let answer = try await host.done("secrets", "rotate")
            #expect(answer.contains("1 values were sealed to it anew"), "\(answer)")
            let machine = try await host.machines("vault")[0].id
            try await host.done("machine", "restart", machine, "-a", "vault")
            try await Self.eventually(host, "TOKEN", "kept")
            try await Shell.line(
                "mv \(host.state)/keys \(host.root)/new-keys; mv \(host.root)/old-keys \(host.state)/keys"
            )
            try await host.done("machine", "stop", machine, "-a", "vault")
            let refused = try await host.roost("machine", "start", machine, "-a", "vault")
            #expect(refused.code == 1 && refused.error.contains("is not in \(host.state)/keys"), "\(refused.all)")
            try await Shell.line("rm -r \(host.state)/keys; mv \(host.root)/new-keys \(host.state)/keys")
            try await host.done("machine", "start", machine, "-a", "vault")
            try await Self.eventually(host, "TOKEN", "kept")
        }
    }

    @Test("values of a file from before are taken in, and the file goes")
    func filesOfBefore() async throws {
        try await TestHost.with { host in
            let app = try TestApp("vault", check: false)
            defer { app.remove() }
            let file = "\(host.state)/env/vault.env"
            try await Shell.line("umask 077; printf 'OLD=\"a b\"\\nexport MORE=1\\n' > \(file)")
            try await host.done("deploy", app.folder)
            let environment = try await Self.environment(host)
            #expect(environment["OLD"] == "a b" && environment["MORE"] == "1")
            #expect(!FileManager.default.fileExists(atPath: file))
            #expect(try await Self.status(host) == ["OLD": "Deployed", "MORE": "Deployed"])
        }
    }

    @Test("what is no secret is refused with words that show no value")
    func refused() async throws {
        try await TestHost.with { host in
            for words in [["A-B=hush-hush"], ["=hush-hush"], ["hush hush"], ["FLY_REGION=hush-hush"]] {
                let outcome = try await Self.roost(host, ["secrets", "set"] + words + ["-a", "vault"])
                #expect(outcome.code != 0 && !outcome.all.contains("hush"), "\(words): \(outcome.all)")
            }
            let prompt = try await Self.roost(host, ["secrets", "set", "TOKEN", "-a", "vault"])
            #expect(prompt.code == 2 && prompt.error.contains("TOKEN=-"), "\(prompt.all)")
            let lines = "GOOD=1\nhush-hush\n"
            let imported = try await Self.piped(host, lines, "secrets import -a vault")
            #expect(imported.code == 1 && imported.error.contains("line 2") && !imported.all.contains("hush"))
            let done = try await Self.piped(host, "A=1\nB=\"\"\"x\ny\"\"\"\n", "secrets import -a vault")
            #expect(done.code == 0, "\(done.all)")
            #expect(try await Self.status(host) == ["A": "Staged", "B": "Staged"])
        }
    }

    // MARK: - Private

    private static func value() -> String { "s3cr3t\(UInt64.random(in: 1 << 60 ... .max))" }

    private static func roost(_ host: TestHost, _ words: [String]) async throws -> Outcome {
        try await Shell.run("\(TestHost.package)/.build/debug/roost", words, environment: host.environment)
    }

    private static func piped(_ host: TestHost, _ input: String, _ command: String) async throws -> Outcome {
        // By a file: the value must not stand on the command line of the shell either.
        let path = NSTemporaryDirectory() + "roost-input-\(UUID().uuidString)"
        try input.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let line = "\(TestHost.package)/.build/debug/roost \(command) < \(path)"
        return try await Shell.run("/bin/bash", ["-c", line], environment: host.environment)
    }

    @discardableResult
    private static func set(
        _ host: TestHost,
        _ name: String,
        _ value: String,
        _ flag: String = ""
    ) async throws -> String {
        let outcome = try await piped(host, value, "secrets set \(name)=- \(flag) -a vault")
        guard outcome.code == 0 else { throw Failure("secrets set \(name): \(outcome.all)") }
        return outcome.all
    }

    private static func status(_ host: TestHost) async throws -> [String: String] {
        let text = try await host.done("secrets", "list", "-a", "vault", "--json")
        let all = try JSONDecoder().decode([SecretView].self, from: Data(text.utf8))
        return Dictionary(all.map { ($0.name, $0.status.rawValue) }) { $1 }
    }

    private static func environment(_ host: TestHost) async throws -> [String: String] {
        let body = try await host.get("vault", "/env").body
        return try JSONDecoder().decode([String: String].self, from: Data(body.utf8))
    }

    private static func eventually(_ host: TestHost, _ name: String, _ value: String) async throws {
        try await IntegrationTests.eventually("\(name) is what it should be") {
            guard let now = try? await environment(host) else { return false }
            return now[name] == value
        }
    }

    /// All that the API says of the app.
    private static func answers(_ host: TestHost) async throws -> String {
        var text = ""
        let machines = try await host.machines("vault").map { "/machines/\($0.id)" }
        let rollouts = try await host.api("/v1/apps/vault/rollouts").output
        let paths = [
            "", "/machines", "/releases", "/rollouts", "/secrets", "/secrets?show_secrets=true", "/logs?tail=10000",
        ]
        for path in paths + machines { text += try await host.api("/v1/apps/vault\(path)").output }
        for match in rollouts.matches(of: /"id":"([0-9A-Z]{26})"/) {
            text += try await host.api("/v1/apps/vault/rollouts/\(match.output.1)/events").output
        }
        #expect(text.contains("SECOND") && text.count > 10_000, "there is something to look through")
        return text
    }

    /// In no file of the state, of what runs, or of the daemons' logs; not in base64 either.
    private static func isNowhere(_ value: String, below root: String) async throws {
        // Base64 of the value at each of the three places where it may begin in a group of three bytes.
        let encoded = (0..<3).map { shift in
            let text = Data((String(repeating: "x", count: shift) + value).utf8).base64EncodedString()
            return String(text.dropFirst(4).prefix(16))
        }
        // All at once: the disks of Machines are gigabytes to read.
        let pattern = NSTemporaryDirectory() + "roost-pattern-\(UUID().uuidString)"
        try ([value] + encoded).joined(separator: "\n").write(toFile: pattern, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: pattern) }
        let found = try await Shell.run("/usr/bin/grep", ["-rlaF", "--devices=skip", "-f", pattern, root])
        #expect(found.code == 1 && found.output.isEmpty, "\(found.all)")
    }
}
