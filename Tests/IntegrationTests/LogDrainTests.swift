import Foundation
import Testing

@Suite("Log drains", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct LogDrainTests {
    private static let receiver = """
        import http.server, json, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with open(sys.argv[1] + "/got", "a") as file:
                    for line in json.loads(body): file.write(json.dumps(line) + "\\n")
                self.send_response(200); self.end_headers()
            def log_message(self, *words): pass
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
        """

    private func start(_ folder: String, _ port: Int) throws -> Int32 {
        let arguments = ["-W", "ignore", "-c", Self.receiver, folder, "\(port)"]
        return try Background.start("/usr/bin/python3", arguments, output: "\(folder)/receiver.log")
    }

    /// Numbers of the app's lines that have come, in their order.
    private func numbers(_ folder: String) -> [Int] {
        let text = (try? String(contentsOfFile: "\(folder)/got", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            line.firstRange(of: "drained-").flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) }
        }
    }

    @Test("every line comes, while the receiver and serve are killed in turn, and after the Machine is gone")
    func nothingLost() async throws {
        let folder = NSTemporaryDirectory() + "roost-drain-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try TestHost.freePort()
        let settings = "[log_drains.web]\nkind = \"http\"\nurl = \"http://127.0.0.1:\(port)/\"\napps = [\"talker\"]\n"
        try await TestHost.with(settings: settings) { host in
            var receiver = try start(folder, port)
            defer { kill(receiver, SIGKILL) }
            try await eventually(within: .seconds(20), "a line to try it out") {
                try await host.roost("log-drains", "test", "web").code == 0
            }
            let unknown = try await host.roost("log-drains", "test", "pager")
            #expect(unknown.code == 1 && unknown.all.contains("there are web"))
            let app = try TestApp("talker")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let url = "http://127.0.0.1:\(host.port)/drained-[0-1199]"
            async let talked = Shell.line("curl -s -o /dev/null --rate 150/s -H 'Host: talker.localhost' '\(url)'")
            for _ in 0..<3 {
                try await Task.sleep(for: .seconds(1))
                kill(receiver, SIGKILL)
                try await Task.sleep(for: .seconds(1))
                receiver = try start(folder, port)
            }
            try await host.killDaemon("serve")
            _ = try await talked
            try await host.start("serve")
            try await eventually(within: .seconds(90), "all lines") { Set(numbers(folder)).count == 1200 }
            let seen = numbers(folder)
            #expect(Set(seen) == Set(0..<1200) && seen.count < 2400, "\(seen.count) lines")
            #expect(!(try String(contentsOfFile: "\(folder)/got", encoding: .utf8)).contains("GET /health"))
            // What it has not been sent may be others' lines alone.
            let listed = try await host.done("log-drains")
            #expect(listed.contains("web") && listed.contains("talker"), "\(listed)")
            // A release that goes has something to say while it ends; a few seconds later its Machines are gone.
            try await host.done("apps", "destroy", "talker", "--yes")
            try await eventually(within: .seconds(30), "nothing waits") {
                try await host.done("log-drains", "--json").contains("\"waiting\" : 0")
            }
        }
    }
}
