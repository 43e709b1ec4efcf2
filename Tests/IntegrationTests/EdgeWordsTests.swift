import Foundation
import Model
import Testing

/// What the edge tells apps and their owners, and what a log shows.
@Suite("Edge and logs", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct EdgeWordsTests {
    @Test("behind something on this host that ends TLS an app sees https and the client")
    func tls() async throws {
        try await TestHost.with { host in
            let app = try TestApp("secure")
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            let outcome = try await Shell.run(
                "/usr/bin/curl",
                [
                    "-s", "-m", "10", "-H", "Host: secure.localhost", "-H", "X-Forwarded-Proto: https", "-H",
                    "X-Forwarded-For: 203.0.113.9", "http://127.0.0.1:\(host.port)/headers",
                ]
            )
            let fields = try JSONDecoder().decode([String: String].self, from: Data(outcome.output.utf8))
            #expect(fields["X-Forwarded-Proto"] == "https" && fields["X-Forwarded-Port"] == "443", "\(fields)")
            #expect(fields["Fly-Client-IP"] == "203.0.113.9", "\(fields)")
        }
    }

    @Test("a follower gets every line of a flood; colours, checks and levels are shown as they should be")
    func logs() async throws {
        try await TestHost.with { host in
            let app = try TestApp("flood")
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            let file = "\(host.root)/lines"
            let reader = try Background.start(
                "\(TestHost.package)/.build/debug/roost",
                ["logs", "-a", "flood", "--tail", "0"],
                environment: host.environment,
                output: file
            )
            defer { kill(reader, SIGKILL) }
            try await eventually("it follows") {
                _ = try await host.get("flood", "/paint")
                return (try? String(contentsOfFile: file, encoding: .utf8))?.contains("red") == true
            }
            _ = try await host.get("flood", "/flood")
            try await eventually(within: .seconds(100), "all lines come") {
                try await Shell.line("grep -c ' flood ' \(file) || true").contains("20000")
            }
            let log = try await host.done("logs", "-a", "flood", "--no-tail", "--tail", "10000")
            #expect(!log.contains("GET /health"))
            let all = try await host.done("logs", "-a", "flood", "--no-tail", "--tail", "10000", "--checks")
            #expect(all.contains("\n") && !all.contains("\u{1b}"))
            let painted = try String(contentsOfFile: file, encoding: .utf8)
            #expect(painted.contains("[warning] WARNING: red plain"), "\(painted.prefix(400))")
            // Nothing that the follower is told is written any more, and still it is noticed that he has gone.
            kill(reader, SIGKILL)
            let serve = try host.pid("serve")
            try await eventually(within: .seconds(40), "the log is let go") {
                try await Shell.line("ls -l /proc/\(serve)/fd | grep -c '/log$' || true").hasPrefix("0")
            }
        }
    }

    @Test("an answer that nobody can read is a 502 whose reason stands in the app's log")
    func reason() async throws {
        try await TestHost.with { host in
            let app = try TestApp("riddle")
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            #expect(try await host.get("riddle", "/garbage?token=secret").status == 502)
            try await eventually("its log says why") {
                let log = try await host.done("logs", "-a", "riddle", "--no-tail")
                return log.contains("edge: 502 GET /garbage: the app's answer can't be read")
                    && !log.contains("edge: 502 GET /garbage?")
            }
        }
    }

    @Test(
        "files of the release are answered without its Machine, also while it sleeps, and with the next release the next"
    )
    func statics() async throws {
        try await TestHost.with { host in
            let statics = "[[statics]]\n  guest_path = \"/app/static\"\n  url_prefix = \"/static\""
            let app = try TestApp("shelf", extra: statics)
            defer { app.remove() }
            try FileManager.default.createDirectory(atPath: "\(app.folder)/static", withIntermediateDirectories: true)
            func put(_ text: String) throws {
                try text.write(toFile: "\(app.folder)/static/a.css", atomically: true, encoding: .utf8)
            }
            try put("one {}")
            try await host.done("deploy", "--no-ha", app.folder)
            #expect(try await host.get("shelf", "/static/a.css").body == "one {}")
            // What is not there, and what was never to be shown, is the app's to answer.
            #expect(try await host.get("shelf", "/static/none").body != "one {}")
            #expect(try await host.get("shelf", "/static/%2e%2e/server.py").body.contains("import") == false)
            let machine = try #require(try await host.machines("shelf").first)
            try await host.done("machine", "stop", machine.id, "-a", "shelf")
            #expect(try await host.get("shelf", "/static/a.css").body == "one {}")
            #expect(try await host.machines("shelf").first?.state == "stopped")
            // As the edge does it with nobody to ask.
            try await host.killDaemon("serve")
            #expect(try await host.get("shelf", "/static/a.css").body == "one {}")
            try await host.start("serve")
            try put("two {}")
            try await host.done("deploy", "--no-ha", app.folder)
            try await eventually("the next release's file") {
                try await host.get("shelf", "/static/a.css").body == "two {}"
            }
        }
    }
}
