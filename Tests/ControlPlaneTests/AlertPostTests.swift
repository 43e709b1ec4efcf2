import Foundation
import Model
import Testing
import Toolkit

@testable import ControlPlane

/// By the real curl, to servers of Python's that write down what they get.
@Suite("Alerts on their way", .timeLimit(.minutes(1)))
struct AlertPostTests {
    /// A program that writes its port into a file, then what it is sent.
    private final class Receiver {
        let folder: String
        private let process = Process()

        init(_ script: String) async throws {
            folder = NSTemporaryDirectory() + "roost-post-\(UUID())"
            try Durable.makeFolder(folder)
            process.executableURL = URL(filePath: "/usr/bin/python3")
            process.arguments = ["-W", "ignore", "-c", script, folder]
            try process.run()
        }

        deinit {
            // Started by a thread of a pool it has other signals blocked.
            kill(process.processIdentifier, SIGKILL)
            try? FileManager.default.removeItem(atPath: folder)
        }

        func port() async throws -> String {
            for _ in 0..<400 {
                if let port = try? String(contentsOfFile: "\(folder)/port", encoding: .utf8), port.hasSuffix("\n") {
                    return port.trimmingCharacters(in: .newlines)
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            throw Fault(.timedOut, "the receiver did not start")
        }

        func got(_ name: String) throws -> String { try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }
    }

    private static let web = """
        import http.server, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                open(sys.argv[1] + "/body", "wb").write(body)
                open(sys.argv[1] + "/head", "w").write(self.path + " " + self.headers["Content-Type"])
                self.send_response(404 if self.path == "/gone" else 200); self.end_headers()
            def do_GET(self):
                open(sys.argv[1] + "/beat", "w").write(self.path)
                self.send_response(200); self.end_headers()
            def log_message(self, *words): pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        open(sys.argv[1] + "/port", "w").write("%d\\n" % server.server_port)
        server.serve_forever()
        """

    private static let mail = """
        import smtpd, asyncore, sys
        class Server(smtpd.SMTPServer):
            def process_message(self, peer, sender, to, data, **more):
                open(sys.argv[1] + "/mail", "wb").write(data)
                open(sys.argv[1] + "/envelope", "w").write(sender + " " + " ".join(to))
        server = Server(("127.0.0.1", 0), None)
        open(sys.argv[1] + "/port", "w").write("%d\\n" % server.socket.getsockname()[1])
        asyncore.loop()
        """

    private static func message(_ summary: String) -> AlertMessage {
        var message = AlertMessage.trial(at: Timestamp(milliseconds: 1_800_000_000_000))
        message.alerts[0].summary = summary
        return message
    }

    private static let words = "it's \"quoted\", a \\ and Grüße\tto @all\nin lines"

    @Test("a webhook gets Alertmanager's JSON, Slack its text, whatever letters are in it")
    func web() async throws {
        let receiver = try await Receiver(Self.web)
        let port = try await receiver.port()
        let post = AlertPost(host: "h", folder: receiver.folder)
        let hook = AlertChannel(.webhook(url: "http://127.0.0.1:\(port)/hook?token=s3cret"), name: "webhook")
        try await post.send(Self.message(Self.words), to: hook)
        #expect(try receiver.got("head") == "/hook?token=s3cret application/json")
        let json = try JSON.decode(JSONValue.self, from: Data(try receiver.got("body").utf8), what: "body")
        #expect(json["alerts"]?.array?.first?["annotations"]?["summary"]?.string == Self.words)
        #expect(json["receiver"]?.string == "webhook")
        let slack = AlertChannel(.slack(url: "http://127.0.0.1:\(port)/slack"), name: "slack")
        try await post.send(Self.message(Self.words), to: slack)
        let text = try JSON.decode(JSONValue.self, from: Data(try receiver.got("body").utf8), what: "body")["text"]?
            .string
        #expect(text?.contains(Self.words) == true && text?.contains("Test on h, since 2027") == true)
        try await post.ask("http://127.0.0.1:\(port)/beat")
        #expect(try receiver.got("beat") == "/beat")
    }

    @Test("what does not get through says why, without the address")
    func refused() async throws {
        let receiver = try await Receiver(Self.web)
        let port = try await receiver.port()
        let post = AlertPost(host: "h", folder: receiver.folder)
        let gone = AlertChannel(.webhook(url: "http://127.0.0.1:\(port)/gone"), name: "webhook")
        let fault = await #expect(throws: Fault.self) { try await post.send(Self.message("x"), to: gone) }
        #expect(fault?.message.contains("404") == true && fault?.message.contains("gone") == false)
        let closed = AlertChannel(.slack(url: "http://127.0.0.1:1/s3cret"), name: "slack")
        let other = await #expect(throws: Fault.self) { try await post.send(Self.message("x"), to: closed) }
        #expect(other?.message.contains("s3cret") == false && other?.message.isEmpty == false)
        // Nothing of this host's files is to be had by an address.
        await #expect(throws: Fault.self) { try await post.ask("file:///etc/passwd") }
    }

    @Test("a program reads the JSON, and its last words are told when it fails")
    func program() async throws {
        let folder = NSTemporaryDirectory() + "roost-post-\(UUID())"
        try Durable.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let post = AlertPost(host: "h", folder: folder)
        let tee = AlertChannel(.command(["/bin/sh", "-c", "cat >\(folder)/in"]), name: "command")
        try await post.send(Self.message("x"), to: tee)
        let text = try String(contentsOfFile: "\(folder)/in", encoding: .utf8)
        #expect(try JSON.decode(JSONValue.self, from: Data(text.utf8), what: "in")["version"]?.string == "4")
        let failing = AlertChannel(.command(["/bin/sh", "-c", "echo nobody is there >&2; exit 3"]), name: "command")
        let fault = await #expect(throws: Fault.self) { try await post.send(Self.message("x"), to: failing) }
        #expect(fault?.message == "/bin/sh ended with 3: nobody is there")
    }

    @Test("mail reaches a server, with its thread, and a subject in any letters")
    func mail() async throws {
        let receiver = try await Receiver(Self.mail)
        let port = try await receiver.port()
        let post = AlertPost(host: "h", folder: receiver.folder)
        let mail = AlertMail(
            server: "smtp://127.0.0.1:\(port)",
            from: "roost@example.com",
            to: ["a@example.com", "b@example.com"]
        )
        try await post.send(
            Self.message("Grüße, a line\nBcc: all@example.com"),
            to: AlertChannel(.email(mail), name: "email")
        )
        #expect(try receiver.got("envelope") == "roost@example.com a@example.com b@example.com")
        let text = try receiver.got("mail")
        let head = text.components(separatedBy: "\n\n").first ?? ""
        #expect(head.contains("Subject: =?utf-8?B?") && !head.contains("Bcc"))
        #expect(head.contains("Message-ID: <Test.1800000000000@h>") && head.contains("Date: "))
        #expect(text.contains("Grüße, a line") && text.contains("roost alerts list"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: receiver.folder).contains { $0.hasSuffix(".eml") }
                == false
        )
    }

    @Test("a password is for a server that proves itself")
    func password() async throws {
        let receiver = try await Receiver(Self.mail)
        let port = try await receiver.port()
        try "s3cret\n".write(toFile: "\(receiver.folder)/password", atomically: true, encoding: .utf8)
        let mail = AlertMail(
            server: "smtp://127.0.0.1:\(port)",
            from: "roost@example.com",
            to: ["a@example.com"],
            user: "roost",
            passwordFile: "\(receiver.folder)/password"
        )
        let post = AlertPost(host: "h", folder: receiver.folder)
        let channel = AlertChannel(.email(mail), name: "email")
        let fault = await #expect(throws: Fault.self) { try await post.send(Self.message("x"), to: channel) }
        #expect(fault?.message.contains("s3cret") == false)
        #expect(!FileManager.default.fileExists(atPath: "\(receiver.folder)/mail"))
    }

    @Test("every option stands in its quotes, and a line of another's making begins none")
    func configuration() {
        let text = Curl.configuration([("data-raw", "a\"\nurl = \"http://other\\"), ("url", "x")])
        #expect(text.contains(#"data-raw = "a\"\nurl = \"http://other\\""#))
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("url") }.count == 1)
    }
}
