import Foundation
import Model
import Testing

/// A release is good only if it runs, and a deploy that ends says why at once.
@Suite("Releases that run", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct ReleaseRunsTests {
    /// Writes an app whose `fly.toml` is the given one.
    private func app(_ name: String, _ toml: String, files: [String: String] = [:]) throws -> TestApp {
        let app = try TestApp(name)
        try change(app, toml, files: files)
        return app
    }

    private func change(_ app: TestApp, _ toml: String, files: [String: String] = [:]) throws {
        var all = files
        all["fly.toml"] = "app = \"\(app.name)\"\n\(toml)\n"
        for (name, text) in all {
            try Data(text.utf8).write(to: URL(filePath: "\(app.folder)/\(name)"))
            if name.hasSuffix(".sh") {
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(app.folder)/\(name)")
            }
        }
    }

    private let service = "[http_service]\n  internal_port = 8080\n  processes = [\"app\"]\n"
    private let health = "  [[http_service.checks]]\n    path = \"/health\"\n    interval = \"1s\"\n"

    @Test("a worker that dies takes the deploy back, with its last line and its exit code")
    func worker() async throws {
        try await TestHost.with { host in
            let toml = """
                [processes]
                  app = "python3 server.py"
                  worker = "python3 worker.py"
                \(service)\(health)
                """
            let worker = "import sys, time\ntime.sleep(1)\nsys.exit(\"the broker can't be reached\")\n"
            let app = try app("workers", toml, files: ["worker.py": worker])
            defer { app.remove() }
            let outcome = try await host.roost("deploy", "--no-ha", app.folder)
            #expect(outcome.code == 1, "\(outcome.all)")
            #expect(outcome.output.contains("the broker can't be reached"), "\(outcome.all)")
            #expect(
                outcome.error.contains("group \"worker\"") && outcome.error.contains("exit code 1"),
                "\(outcome.all)"
            )
        }
    }

    @Test("a port that is open while nobody answers is no release; what ran goes on")
    func openPort() async throws {
        try await TestHost.with { host in
            let check = "[checks.port]\n  type = \"tcp\"\n  port = 8080\n"
            let wait = "[deploy]\n  wait_timeout = \"8s\"\n"
            let good = "[processes]\n  app = \"python3 server.py\"\n\(service)\(check)\(wait)"
            let app = try app("master", good)
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            let bad = """
                import socket, time
                server = socket.create_server(("", 8080))
                while True:
                    connection, _ = server.accept()
                    connection.close()
                """
            try change(app, good.replacing("server.py", with: "deaf.py"), files: ["deaf.py": bad])
            let outcome = try await host.roost("deploy", app.folder)
            #expect(outcome.code == 1 && outcome.error.contains("GET / on port 8080"), "\(outcome.all)")
            #expect(try await host.get("master", "/").status == 200)
        }
    }

    @Test("a script with Windows line ends is refused while the old release runs on untouched")
    func crlf() async throws {
        try await TestHost.with { host in
            let toml = "[processes]\n  app = \"./start.sh\"\n\(service)\(health)"
            let app = try app("windows", toml, files: ["start.sh": "#!/bin/sh\nexec python3 server.py\n"])
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            let before = try await host.pids("windows")
            try change(app, toml, files: ["start.sh": "#!/bin/sh\r\nexec python3 server.py\r\n"])
            let outcome = try await host.roost("deploy", app.folder)
            #expect(outcome.code == 1, "\(outcome.all)")
            #expect(outcome.error.contains("\"/bin/sh\\r\": its lines end in CRLF"), "\(outcome.all)")
            #expect(try await host.pids("windows") == before)
        }
    }

    @Test("a release command is followed while it runs, and its time-out names the line to change")
    func releaseTimeout() async throws {
        try await TestHost.with { host in
            let toml = """
                [processes]
                  app = "python3 server.py"
                \(service)\(health)
                [deploy]
                  release_command = "python3 migrate.py"
                  release_command_timeout = "4s"
                """
            let migrate = """
                import time
                for step in range(600):
                    print("migrating step", step, flush=True)
                    time.sleep(0.5)
                """
            let app = try app("slow", toml, files: ["migrate.py": migrate])
            defer { app.remove() }
            let outcome = try await host.roost("deploy", app.folder)
            #expect(outcome.code == 1 && outcome.output.contains("migrating step 3"), "\(outcome.all)")
            #expect(outcome.output.components(separatedBy: "migrating step 2\n").count == 2, "each line once")
            #expect(outcome.error.contains("did not end within 4s"), "\(outcome.all)")
            #expect(outcome.error.contains("release_command_timeout: fly.toml:"), "\(outcome.all)")
        }
    }

    @Test("a stop reaches the program behind a shell, whatever the signal", arguments: ["SIGTERM", "SIGINT"])
    func shell(signal: String) async throws {
        try await TestHost.with { host in
            let toml = """
                kill_signal = "\(signal)"
                kill_timeout = "20s"
                [processes]
                  app = "sh -c 'echo ready && python3 polite.py'"
                \(service)
                """
            let polite = """
                import signal, threading, time
                from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

                def stop(number, frame):
                    print("got", signal.Signals(number).name, flush=True)
                    threading.Thread(target=server.shutdown).start()

                server = ThreadingHTTPServer(("", 8080), SimpleHTTPRequestHandler)
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, stop)
                server.serve_forever()
                time.sleep(0.3)
                print("clean end", flush=True)
                """
            let app = try app("polite", toml, files: ["polite.py": polite])
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            let machine = try await host.machines("polite")[0]
            try await host.done("machine", "stop", machine.id, "-a", "polite")
            let log = try await host.done("logs", "-a", "polite", "--no-tail")
            #expect(log.contains("got \(signal)") && log.contains("clean end"), "\(log)")
            let status = try await host.done("machine", "status", machine.id, "-a", "polite")
            #expect(status.contains("exit_code=0"), "\(status)")
        }
    }

    @Test("an app that may not write where it wants to is told what to do, long before the time is up")
    func notWritable() async throws {
        try await TestHost.with { host in
            let toml = "[processes]\n  app = \"python3 writer.py\"\n\(service)\(health)"
            let app = try app("writer", toml, files: ["writer.py": "import os\nos.makedirs(\"/usr/uploads\")\n"])
            defer { app.remove() }
            let start = ContinuousClock.now
            let outcome = try await host.roost("deploy", "--no-ha", app.folder)
            #expect(ContinuousClock.now - start < .seconds(120))
            #expect(outcome.code == 1, "\(outcome.all)")
            #expect(outcome.error.contains("may not write to \"/usr/uploads\""), "\(outcome.all)")
        }
    }

    @Test("one stream that stays open holds nobody up, and nobody gets an error")
    func stream() async throws {
        try await TestHost.with { host in
            let toml = "[processes]\n  app = \"python3 server.py\"\n\(service)\(health)"
            let data = "[[mounts]]\n  source = \"data\"\n  destination = \"/data\"\n"
            let app = try app("stream", toml + data)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let file = "\(host.root)/events"
            let reader = try Background.start(
                "/usr/bin/curl",
                ["-sN", "-m", "100", "-H", "Host: stream.localhost", "http://127.0.0.1:\(host.port)/events"],
                output: file
            )
            defer { kill(reader, SIGKILL) }
            try await eventually("the stream flows") {
                (try? String(contentsOfFile: file, encoding: .utf8))?.contains("data:") == true
            }
            try change(app, toml + data + "[env]\n  GREETING = \"new\"\n")
            async let deploy = host.roost("deploy", app.folder)
            var slowest = Duration.zero
            let end = ContinuousClock.now + .seconds(90)
            while ContinuousClock.now < end {
                let start = ContinuousClock.now
                let answer = try await host.get("stream", "/", limit: 60)
                slowest = max(slowest, ContinuousClock.now - start)
                #expect(answer.status == 200, "\(answer)")
                if answer.body.contains("new") { break }
            }
            let outcome = try await deploy
            #expect(outcome.code == 0, "\(outcome.all)")
            #expect(slowest < .seconds(25), "a request waited \(slowest)")
        }
    }
}
