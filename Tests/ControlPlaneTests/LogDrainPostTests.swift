import Foundation
import Model
import Testing
import Toolkit

@testable import ControlPlane

/// By the real curl and to a real rsyslogd.
@Suite("Lines on their way to receivers", .timeLimit(.minutes(2)))
struct LogDrainPostTests {
    /// A program of the test's own, with a folder to write to.
    private final class Receiver {
        let folder = NSTemporaryDirectory() + "roost-receiver-\(UUID())"
        private var process: Process?

        init() throws { try Durable.makeFolder(folder) }

        deinit {
            stop()
            try? FileManager.default.removeItem(atPath: folder)
        }

        func start(_ program: String, _ arguments: [String]) throws {
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = arguments
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            self.process = process
        }

        func stop() {
            guard let process else { return }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            self.process = nil
        }

        func got(_ name: String) -> String {
            (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
        }

        func until(_ what: String, _ isSo: () -> Bool) async throws {
            for _ in 0..<600 {
                if isSo() { return }
                try await Task.sleep(for: .milliseconds(50))
            }
            throw Fault(.timedOut, "never: \(what)")
        }
    }

    private static let web = """
        import http.server, json, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with open(sys.argv[1] + "/body", "wb") as file: file.write(body)
                with open(sys.argv[1] + "/head", "w") as file:
                    file.write("%s %s %s %s" % (self.path, self.headers["Content-Type"],
                        self.headers["Authorization"], self.headers["X-Scope-OrgID"]))
                code, answer = 200, "{}"
                if self.path.startswith("/code/"): code, answer = int(self.path[6:]), "because\\nof this"
                if self.path == "/_bulk":
                    items = [l for l in body.decode().splitlines()[1::2]]
                    made = [{"create": {"status": 400, "error": {"reason": "bad"}} if "poison" in l else
                        {"status": 429 if "busy" in l else 409 if "again" in l else 201}} for l in items]
                    answer = json.dumps({"errors": True, "items": made})
                self.send_response(code); self.end_headers(); self.wfile.write(answer.encode())
            def log_message(self, *words): pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        open(sys.argv[1] + "/port", "w").write("%d\\n" % server.server_port)
        server.serve_forever()
        """

    private static func entry(_ text: String, _ number: Int = 0) -> LogEntry {
        var entry = LogEntry(platform: text, app: "shop", region: "fra", at: Timestamp(milliseconds: 1_800_000_000_000))
        (entry.stream, entry.machine, entry.id) = (.stdout, "m1", "i-\(number)")
        return entry
    }

    private func drain(_ kind: LogDrain.Kind, _ url: String) -> LogDrain { LogDrain(name: "d", kind: kind, url: url) }

    @Test("HTTP: what is sent, with the token and headers of files, and what each answer means")
    func http() async throws {
        let receiver = try Receiver()
        try receiver.start("/usr/bin/python3", ["-W", "ignore", "-c", Self.web, receiver.folder])
        try await receiver.until("a port") { receiver.got("port").hasSuffix("\n") }
        let base = "http://127.0.0.1:\(receiver.got("port").trimmingCharacters(in: .newlines))"
        let post = LogDrainPost(host: "here", folder: receiver.folder)
        try Durable.write(Data("s3cret\n".utf8), to: "\(receiver.folder)/token")
        try Durable.write(Data("X-Scope-OrgID: acme\n".utf8), to: "\(receiver.folder)/headers")
        var loki = drain(.loki, "\(base)/loki/api/v1/push")
        (loki.tokenFile, loki.headersFile) = ("\(receiver.folder)/token", "\(receiver.folder)/headers")
        #expect(await post.send([Self.entry("\"é\" @/etc/passwd")], to: loki) == .taken())
        #expect(receiver.got("head") == "/loki/api/v1/push application/json Bearer s3cret acme")
        let sent = try JSONValue.parse(receiver.got("body").utf8, what: "body")
        #expect(sent["streams"]?.array?[0]["values"]?.array?[0].array?[1].string == "\"é\" @/etc/passwd")
        let refused = await post.send([Self.entry("x")], to: drain(.http, "\(base)/code/400"))
        #expect(refused == .refused("the receiver answers 400: because"))
        for code in [401, 404, 429, 500, 503] {
            let outcome = await post.send([Self.entry("x")], to: drain(.ndjson, "\(base)/code/\(code)"))
            #expect(outcome == .failed("the receiver answers \(code): because"))
        }
        let bulk = drain(.elasticsearch, "\(base)/_bulk")
        let both = [Self.entry("poison"), Self.entry("good", 1), Self.entry("again", 2)]
        let some = await post.send(both, to: bulk)
        #expect(some == .taken(refused: 1), "\(some)")
        #expect(await post.send([Self.entry("poison")], to: bulk) == .refused("bad"))
        #expect(
            await post.send(both + [Self.entry("busy")], to: bulk) == .failed("the receiver answers 429: status 429")
        )
        #expect(
            await post.send(both, to: drain(.elasticsearch, base)) == .failed("the receiver's answer is none of _bulk")
        )
        loki.tokenFile = "/nowhere"
        guard case .failed(let words) = await post.send(both, to: loki) else {
            Issue.record("no token")
            return
        }
        #expect(words.contains("/nowhere can't be read"))
        receiver.stop()
        guard case .failed = await post.send(both, to: bulk) else {
            Issue.record("nobody is there")
            return
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: receiver.folder).filter { $0.hasSuffix(".body") }
        #expect(left.isEmpty)
    }

    @Test(
        "syslog: a real rsyslogd has each line once, of several lines too, over TCP and TLS; while it is gone nothing is sent"
    )
    func syslog() async throws {
        let receiver = try Receiver()
        let port = try Self.freePort()
        let secure = try Self.freePort()
        try await Command(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost", "-keyout", "\(receiver.folder)/key", "-out", "\(receiver.folder)/cert",
            ]
        ).checked()
        let configuration = """
            global(workDirectory="\(receiver.folder)" maxMessageSize="64k"
              defaultNetstreamDriverCAFile="\(receiver.folder)/cert"
              defaultNetstreamDriverCertFile="\(receiver.folder)/cert"
              defaultNetstreamDriverKeyFile="\(receiver.folder)/key")
            module(load="imptcp")
            module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
            template(name="all" type="string" string="%pri% %hostname% %app-name% %procid% %structured-data% %msg%\\n")
            ruleset(name="keep") { action(type="omfile" file="\(receiver.folder)/got" template="all") }
            input(type="imptcp" address="127.0.0.1" port="\(port)" ruleset="keep")
            input(type="imtcp" address="127.0.0.1" port="\(secure)" ruleset="keep")
            """
        try Durable.write(Data(configuration.utf8), to: "\(receiver.folder)/conf")
        let arguments = ["-n", "-f", "\(receiver.folder)/conf", "-i", "\(receiver.folder)/pid"]
        let post = LogDrainPost(host: "here", folder: receiver.folder)
        let plain = drain(.syslog, "tcp://127.0.0.1:\(port)")
        guard case .failed(let words) = await post.send([Self.entry("early")], to: plain) else {
            Issue.record("nobody listens")
            return
        }
        #expect(words.contains("127.0.0.1:\(port) can't be reached"))
        try receiver.start("/usr/sbin/rsyslogd", arguments)
        try await receiver.until("rsyslogd listens") { Self.listens(port) && Self.listens(secure) }
        let lines = (0..<1000).map { Self.entry($0 == 500 ? "ERROR é\nand more" : "line \($0)", $0) }
        #expect(await post.send(lines, to: plain) == .taken())
        try await receiver.until("all lines") { receiver.got("got").split(separator: "\n").count >= 1000 }
        let got = receiver.got("got").split(separator: "\n")
        #expect(got.count == 1000 && got[0].hasPrefix("134 here shop m1 [roost@32473 region=\"fra\""), "\(got[0])")
        #expect(got[0].hasSuffix("line 0") && got[500].hasPrefix("131 ") && got[500].hasSuffix("#012and more"))
        var sealed = drain(.syslog, "tls://localhost:\(secure)")
        guard case .failed = await post.send([Self.entry("who are you")], to: sealed) else {
            Issue.record("a certificate that nobody trusts was trusted")
            return
        }
        sealed.authorityFile = "\(receiver.folder)/cert"
        let outcome = await post.send([Self.entry("sealed")], to: sealed)
        #expect(outcome == .taken(), "\(outcome)")
        try await receiver.until("the sealed line") { receiver.got("got").hasSuffix("sealed\n") }
        #expect(!receiver.got("got").contains("who are you") && !receiver.got("got").contains("early"))
    }

    @Test("a receiver that takes connections and reads nothing is let go")
    func deaf() async throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let port = try Self.bound(descriptor)
        #expect(listen(descriptor, 4) == 0)
        let post = try SyslogPost(drain(.syslog, "tcp://127.0.0.1:\(port)"), patience: .seconds(1))
        await #expect {
            try await post.send(String(repeating: "x", count: 32 << 20))
        } throws: { error in
            (error as? Fault)?.code == .timedOut
        }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return try bound(descriptor)
    }

    /// Gives a socket a port of its own.
    private static func bound(_ descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw Fault(.io, "no port is free") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// By the kernel's table: a connection would be a message without words.
    private static func listens(_ port: Int) -> Bool {
        let word = ":" + String(UInt16(port), radix: 16, uppercase: true).leftPadded(4)
        let table = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
        return table.split(separator: "\n").contains { $0.contains("0100007F\(word) ") && $0.contains(" 0A ") }
    }
}

extension String {
    fileprivate func leftPadded(_ count: Int) -> String {
        String(repeating: "0", count: max(0, count - self.count)) + self
    }
}
