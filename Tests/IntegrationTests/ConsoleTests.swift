import Foundation
import Model
import Testing

/// Programs that people run inside Machines.
@Suite("Consoles", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct ConsoleTests {
    @Test("a command has the Machine's environment, secrets, limits and user; its outputs, input and code pass through")
    func commands() async throws {
        try await TestHost.with { host in
            let app = try TestApp("box", env: ["PLAIN": "p"], mount: true)
            defer { app.remove() }
            try await host.done("secrets", "set", "TOKEN=t", "--stage", "-a", "box")
            try await host.done("deploy", app.folder)
            let machine = try await host.machines("box")[0].id
            let seen = try await host.done("machine", "exec", machine, "env", "-a", "box")
            for pair in ["PLAIN=p", "TOKEN=t", "FLY_MACHINE_ID=\(machine)"] { #expect(seen.contains(pair), "\(seen)") }
            let status = try await Self.console(host, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status")
            let own = try await Self.console(host, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/1/status")
            #expect(status.output == own.output && status.output.contains("Seccomp:\t2"), "\(status.all) \(own.all)")
            // Seen from its control group namespace, a process outside of the Machine's groups would be at `/../…`.
            let groups = try await Self.console(host, "cat /proc/self/cgroup").output.split(separator: "\n")
            #expect(!groups.isEmpty && groups.allSatisfy { $0.hasSuffix(":/") }, "\(groups)")
            let failed = try await Self.console(host, "sh -c 'echo out; echo err >&2; exit 7'")
            #expect(failed.code == 7 && failed.output == "out\n" && failed.error == "err\n", "\(failed)")
            #expect(try await Self.console(host, "sh -c 'kill -9 $$'").code == 137)
            let told = try await host.roost("machine", "exec", machine, "sh -c 'exit 3'", "-a", "box")
            #expect(told.code == 0 && told.output == "Exit code: 3\n", "\(told)")
            let missing = try await Self.console(host, "no-such-program")
            #expect(missing.code != 0 && missing.error.contains("no-such-program"), "\(missing)")
            // A megabyte through both pipes, unchanged.
            let line =
                "head -c 3000000 /dev/urandom > \(host.root)/in; "
                + "\(Self.roost) ssh console -a box -C cat < \(host.root)/in > \(host.root)/out; "
                + "cmp \(host.root)/in \(host.root)/out"
            let copied = try await Shell.run("/bin/bash", ["-c", line], environment: host.environment)
            #expect(copied.code == 0, "\(copied.all)")
            #expect(try await Self.console(host, "id -u", "-u", "nobody").output == "65534\n")
            let unknown = try await Self.console(host, "id", "-u", "nobody-of-that-name")
            #expect(unknown.code == 1 && unknown.error.contains("no user"), "\(unknown.all)")
        }
    }

    @Test("a terminal: size, kind, Ctrl-C, and a shell that ends with its code")
    func terminal() async throws {
        try await TestHost.with { host in
            let app = try TestApp("box", mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let script = """
                import os, pty, select, sys, time, fcntl, termios, struct, signal
                pid, fd = pty.fork()
                if pid == 0:
                    os.environ["TERM"] = "xterm-256color"
                    os.execv("\(Self.roost)", ["roost", "ssh", "console", "-a", "box"])
                fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
                text = b""
                def until(word, limit=20):
                    global text
                    end = time.time() + limit
                    while word not in text:
                        if time.time() > end or not select.select([fd], [], [], 0.5)[0] and time.time() > end:
                            sys.exit("no %r in %r" % (word, text))
                        if select.select([fd], [], [], 0.1)[0]:
                            text += os.read(fd, 4096)
                    text = text[text.index(word) + len(word):]
                os.write(fd, b"echo be''gin $TERM $(stty size)\\n")
                until(b"begin xterm-256color 33 101")
                fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 99, 0, 0))
                os.kill(pid, signal.SIGWINCH)
                time.sleep(0.3)
                os.write(fd, b"echo si''ze $(stty size)\\n")
                until(b"size 44 99")
                os.write(fd, b"sleep 1000\\n")
                time.sleep(0.5)
                os.write(fd, b"\\x03")
                os.write(fd, b"echo co''de $?\\n")
                until(b"code 130")
                os.write("\\u00e4\\u20ac".encode() and fd, "echo \\u00e4''\\u20ac\\n".encode())
                until("\\u00e4\\u20ac".encode())
                os.write(fd, b"exit 5\\n")
                _, status = os.waitpid(pid, 0)
                sys.exit(0 if os.waitstatus_to_exitcode(status) == 5 else "ended with %r %r" % (status, text))
                """
            let outcome = try await Shell.run(
                "/usr/bin/python3",
                ["-c", script],
                environment: host.environment,
                limit: 90
            )
            #expect(outcome.code == 0, "\(outcome.all)")
        }
    }

    @Test("kill -9 of the client, or of serve, leaves nothing in the Machine")
    func killed() async throws {
        try await TestHost.with { host in
            let app = try TestApp("box", mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let left = "pgrep -fc 'sleep 98[0-9]{3}' || true"
            for (number, flag) in [("98001", "--pty"), ("98002", "")] {
                let log = "\(host.root)/console.log"
                let words = ["ssh", "console", "-a", "box"] + (flag.isEmpty ? [] : [flag])
                let pid = try Background.start(
                    Self.roost,
                    words + ["-C", "sh -c 'sleep \(number) & exec sleep \(number)'"],
                    environment: host.environment,
                    output: log
                )
                try await eventually("it runs") {
                    try await Shell.line("pgrep -xfc 'sleep \(number)' || true") == "2\n"
                }
                kill(pid, SIGKILL)
                try await eventually("nothing is left") { try await Shell.line(left) == "0\n" }
                #expect(Background.hasEnded(pid))
            }
            let log = "\(host.root)/console.log"
            let client = try Background.start(
                Self.roost,
                ["ssh", "console", "-a", "box", "-C", "sh -c 'sleep 98003 & exec sleep 98003'"],
                environment: host.environment,
                output: log
            )
            try await eventually("it runs") { try await Shell.line("pgrep -xfc 'sleep 98003' || true") == "2\n" }
            try await host.killDaemon("serve")
            try await eventually("the client ends") { Background.hasEnded(client) }
            #expect(try String(contentsOfFile: log, encoding: .utf8).contains("connection to roostd was lost"))
            try await host.start("serve")
            try await eventually("nothing is left") { try await Shell.line(left) == "0\n" }
            #expect(try await host.get("box", "/").status == 200)
        }
    }

    @Test("roost console is a Machine of its own that goes with its terminal, also when serve is killed")
    func throwAway() async throws {
        try await TestHost.with { host in
            let app = try TestApp("box", mount: true)
            defer { app.remove() }
            try await host.done("secrets", "set", "TOKEN=t", "--stage", "-a", "box")
            try await host.done("deploy", app.folder)
            let own = try await host.machines("box").map(\.id)
            let outcome = try await host.roost(
                "console",
                "-a",
                "box",
                "-C",
                "sh -c 'echo $TOKEN $FLY_MACHINE_ID; exit 4'"
            )
            #expect(outcome.code == 4 && outcome.output.hasPrefix("t "), "\(outcome.all)")
            #expect(!own.contains { outcome.output.contains($0) })
            try await eventually("it goes") { try await host.machines("box").map(\.id) == own }
            let client = try Background.start(
                Self.roost,
                ["console", "-a", "box", "-C", "sleep 98004"],
                environment: host.environment,
                output: "\(host.root)/console.log"
            )
            try await eventually("it runs") { try await Shell.line("pgrep -xfc 'sleep 98004' || true") == "1\n" }
            try await host.killDaemon("serve")
            try await eventually("the client ends") { Background.hasEnded(client) }
            try await host.start("serve")
            try await eventually("it goes") { try await host.machines("box").map(\.id) == own }
            #expect(try await Shell.line("pgrep -xfc 'sleep 98004' || true") == "0\n")
        }
    }

    @Test("a tunnel carries many connections, ends each half by itself, and says what listens when nothing does")
    func tunnel() async throws {
        try await TestHost.with { host in
            let app = try TestApp("box", mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let refused = try await host.roost("proxy", "0:5432", "-a", "box")
            #expect(refused.code == 1 && refused.error.contains(":8080"), "\(refused.all)")
            let log = "\(host.root)/proxy.log"
            let client = try Background.start(
                Self.roost,
                ["proxy", "0:8080", "-a", "box"],
                environment: host.environment,
                output: log
            )
            defer { kill(client, SIGKILL) }
            var port = ""
            try await eventually("it listens") {
                let text = try String(contentsOfFile: log, encoding: .utf8)
                port = text.firstMatch(of: /local port ([0-9]+) to/).map { String($0.output.1) } ?? ""
                return !port.isEmpty
            }
            let many = "seq 40 | xargs -P 40 -I{} curl -sf -m 20 http://127.0.0.1:\(port)/health | grep -o fine | wc -l"
            #expect(try await Shell.line(many) == "40\n")
            let large = try await Shell.line("curl -sf -m 20 http://127.0.0.1:\(port)/env | wc -c")
            #expect(try #require(Int(large.filter(\.isNumber))) > 200)
            // The client says that it has no more to say, and still hears the whole answer.
            let half =
                "printf 'GET /slow HTTP/1.0\\r\\n\\r\\n' | timeout 20 python3 -c '"
                + "import socket,sys;s=socket.create_connection((\"127.0.0.1\",\(port)));"
                + "s.sendall(sys.stdin.buffer.read());s.shutdown(socket.SHUT_WR);print(s.makefile().read())'"
            #expect(try await Shell.line(half).contains("slow"))
            let open = "ls /proc/\(try host.pid("serve"))/fd | wc -l"
            let before = try await Shell.line(open)
            _ = try await Shell.line(many)
            try await eventually("no descriptor is left") { try await Shell.line(open) <= before }
        }
    }

    // MARK: - Private

    private static let roost = "\(TestHost.package)/.build/debug/roost"

    private static func console(_ host: TestHost, _ command: String, _ more: String...) async throws -> Outcome {
        try await Shell.run(
            roost,
            ["ssh", "console", "-a", "box", "-C", command] + more,
            environment: host.environment,
            limit: 60
        )
    }
}
