import Foundation
import Testing

/// The commands from another machine: by the API's port with a token, and by ssh.
@Suite("Remote use", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct RemoteTests {
    @Test("over HTTPS: a context is added, nothing else is trusted, and deploys, logs, consoles and tunnels work")
    func https() async throws {
        let port = try TestHost.freePort()
        try await TestHost.with(settings: "[api]\nlisten = \"127.0.0.1:\(port)\"\n") { host in
            let made = try await host.roost("tokens", "create", "org", "--name", "laptop")
            let token = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let fingerprint = try #require(made.error.firstMatch(of: /sha256:[0-9a-f]{64}/)).output
            let laptop = Laptop(host)
            let url = "https://127.0.0.1:\(port)"
            let unknown = try await laptop.roost("context", "add", "far", url, with: ["FLY_API_TOKEN": token])
            #expect(unknown.code == 2 && unknown.error.contains(fingerprint), "\(unknown.all)")
            let other = "sha256:" + String(repeating: "0", count: 64)
            let forged = try await laptop.roost(
                "context",
                "add",
                "far",
                url,
                "--fingerprint",
                other,
                with: ["FLY_API_TOKEN": token]
            )
            #expect(forged.code == 1 && forged.error.contains("somebody may stand between"), "\(forged.all)")
            try await laptop.done(
                "context",
                "add",
                "far",
                url,
                "--fingerprint",
                String(fingerprint),
                with: ["FLY_API_TOKEN": token]
            )
            #expect(try await laptop.done("context", "list").contains("* "))
            #expect(try await laptop.done("auth", "whoami").contains("laptop"))
            #expect(try await laptop.done("auth", "token") == token + "\n")
            try await laptop.work(host)
            // Without the token nothing opens, and the token is kept for its owner alone.
            let mode = try await Shell.line("stat -c %a \(laptop.folder)/roost/contexts.json")
            #expect(mode == "600\n")
            try await laptop.done("auth", "logout")
            let refused = try await laptop.roost("apps", "list")
            #expect(refused.code == 1 && refused.error.contains("token"), "\(refused.all)")
            // Fly's own variables say the same without a context.
            let ca = "\(host.state)/api-tls/ca.pem"
            let variables = ["FLY_API_HOSTNAME": url, "FLY_ACCESS_TOKEN": token, "ROOST_CA": ca]
            #expect(try await laptop.done("apps", "list", "-q", with: variables) == "box\n")
            let mistrusted = try await laptop.roost("apps", "list", with: ["ROOST_HOST": url, "FLY_API_TOKEN": token])
            #expect(mistrusted.code == 1 && mistrusted.error.contains("ROOST_CA"), "\(mistrusted.all)")
        }
    }

    @Test("over ssh: by a real sshd, with nothing open on the host, one connection for all commands")
    func ssh() async throws {
        try await TestHost.with { host in
            let server = try await SSHServer(host.root)
            defer { server.stop() }
            var laptop = Laptop(host)
            laptop.programs = server.programs
            try await laptop.done("context", "add", "far", "ssh://root@127.0.0.1:\(server.port)\(host.run)")
            #expect(try await laptop.done("auth", "whoami").contains("root"))
            try await laptop.work(host)
            #expect(try server.connections() == 1)
            // A host that is away is said to be, and found again.
            try await laptop.done("context", "rm", "far")
            server.stop()
            let place = "ssh://root@127.0.0.1:\(server.port)\(host.run)"
            let away = try await laptop.roost("apps", "list", with: ["ROOST_HOST": place])
            #expect(away.code == 1 && away.error.contains("ssh found no way"), "\(away.all)")
        }
    }
}

/// Another machine, as far as commands can tell: it has a home of its own and no socket.
private struct Laptop {
    let folder: String
    let runtime: String
    /// A folder whose programs come first.
    var programs: String?

    init(_ host: TestHost) {
        folder = "\(host.root)/laptop"
        runtime = "\(host.root)/rt"
        try? FileManager.default.createDirectory(
            atPath: runtime,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    func roost(_ words: String..., with more: [String: String] = [:]) async throws -> Outcome {
        try await run(words, more)
    }

    @discardableResult
    func done(_ words: String..., with more: [String: String] = [:]) async throws -> String {
        let outcome = try await run(words, more)
        guard outcome.code == 0 else { throw Failure("roost \(words): \(outcome.code)\n\(outcome.all)") }
        return outcome.output
    }

    /// What people do all day.
    func work(_ host: TestHost) async throws {
        let app = try TestApp("box")
        defer { app.remove() }
        try await done("deploy", app.folder)
        #expect(try await host.get("box", "/health").body == "fine")
        #expect(try await done("status", "-a", "box").contains("started"))
        #expect(try await done("logs", "-a", "box", "--no-tail").contains("starting"))
        try await done("secrets", "set", "A=b", "-a", "box")
        let told = try await roost("ssh", "console", "-a", "box", "-C", "sh -c 'echo $A; exit 3'")
        #expect(told.code == 3 && told.output == "b\n", "\(told.all)")
        #expect(try await done("dig", "--short", "box.internal").contains("fdaa:"))
        let log = "\(folder)/proxy.log"
        let client = try Background.start(
            Self.program,
            ["proxy", "0:8080", "-a", "box"],
            environment: environment([:]),
            output: log
        )
        defer { kill(client, SIGKILL) }
        var port = ""
        try await eventually("it listens") {
            let text = try String(contentsOfFile: log, encoding: .utf8)
            port = text.firstMatch(of: /local port ([0-9]+) to/).map { String($0.output.1) } ?? ""
            return !port.isEmpty
        }
        let many = "seq 20 | xargs -P 20 -I{} curl -sf -m 30 http://127.0.0.1:\(port)/health | grep -o fine | wc -l"
        #expect(try await Shell.line(many) == "20\n")
    }

    private static let program = "\(TestHost.package)/.build/debug/roost"

    private func run(_ words: [String], _ more: [String: String]) async throws -> Outcome {
        try await Shell.run(Self.program, words, environment: environment(more), limit: 240)
    }

    private func environment(_ more: [String: String]) -> [String: String] {
        // `make` says where this machine's daemon is, which a laptop has none of.
        var all = ["XDG_CONFIG_HOME": folder, "XDG_RUNTIME_DIR": runtime, "ROOST_RUN": "", "ROOST_HOST": ""]
        if let programs {
            all["PATH"] = "\(programs):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
        }
        return all.merging(more) { $1 }
    }
}

/// A real sshd on loopback, and an ssh that has a key for it.
private final class SSHServer {
    let port: Int
    /// Has `ssh`, which is the real one with settings of its own.
    let programs: String
    private let pid: Int32
    private let log: String

    init(_ root: String) async throws {
        let folder = "\(root)/ssh"
        (port, programs, log) = (try TestHost.freePort(), "\(folder)/bin", "\(folder)/sshd.log")
        try await Shell.line(
            "mkdir -p -m 700 \(programs) /run/sshd && cd \(folder) && ssh-keygen -q -t ed25519 -N '' -f host && "
                + "ssh-keygen -q -t ed25519 -N '' -f key && cp key.pub allowed"
        )
        let settings = """
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(folder)/host
            AuthorizedKeysFile \(folder)/allowed
            StrictModes no
            PidFile none
            UsePAM no
            PermitRootLogin prohibit-password
            LogLevel VERBOSE
            """
        try settings.write(toFile: "\(folder)/sshd_config", atomically: true, encoding: .utf8)
        let program = """
            #!/bin/sh
            exec /usr/bin/ssh -F none -o IdentityFile=\(folder)/key -o UserKnownHostsFile=\(folder)/known \
                -o StrictHostKeyChecking=accept-new -o BatchMode=yes "$@"
            """
        try program.write(toFile: "\(programs)/ssh", atomically: true, encoding: .utf8)
        try await Shell.line("chmod 755 \(programs)/ssh")
        pid = try Background.start("/usr/sbin/sshd", ["-D", "-e", "-f", "\(folder)/sshd_config"], output: log)
        try await eventually("sshd listens") { [port] in
            try await Shell.run("/bin/bash", ["-c", "</dev/tcp/127.0.0.1/\(port)"]).code == 0
        }
    }

    /// How often somebody has logged in.
    func connections() throws -> Int {
        try String(contentsOfFile: log, encoding: .utf8).components(separatedBy: "Accepted publickey").count - 1
    }

    func stop() { kill(pid, SIGKILL) }
}
