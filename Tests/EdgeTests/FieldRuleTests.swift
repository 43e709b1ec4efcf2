import Model
import NIOCore
import Testing

@testable import Edge

/// RFC 9110 and 9112 where a gateway has a choice, or had it wrong once.
@Suite("Rules of fields", .timeLimit(.minutes(1)))
struct FieldRuleTests {
    private func isDate(_ text: String) -> Bool {
        text.wholeMatch(of: #/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/#) != nil
    }

    @Test("every final answer has one Date: the app's own, or the edge's")
    func dates() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
        let own = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        let handler = TestApp.serve { $0.start.contains("own") ? answer + own + "\r\n" : answer + "\r\n" }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get("/own")).values("date") == ["Sun, 06 Nov 1994 08:49:37 GMT"])
                for request in [get(), get(host: "unknown"), "nonsense\r\n\r\n"] {
                    let dates = try await fetch(lab.port, request).values("date")
                    #expect(dates.count == 1)
                    #expect(isDate(dates.first ?? ""), "\(dates)")
                }
            }
        }
    }

    @Test(
        "the date's text",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        ]
    )
    func text(seconds: Int, text: String) {
        #expect(DateField.text(seconds) == text)
    }

    @Test("a method that the edge refuses comes with those that it takes", arguments: ["CONNECT x:80", "TRACE /"])
    func allow(line: String) async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let answer = try await fetch(lab.port, "\(line) HTTP/1.1\r\nHost: notes.localhost\r\n\r\n")
                #expect(answer.status == 405)
                #expect(answer.value("allow") == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
                #expect(app.seen.isEmpty)
            }
        }
    }

    @Test("a higher minor version is read as 1.1", arguments: 0...9)
    func minor(number: Int) throws {
        let text = "GET / HTTP/1.\(number)\r\nHost: a\r\n\r\n"
        let head = try RequestHead(Array(text.utf8), bounds: .init(target: 10, fields: 10))
        #expect(head.minor == min(number, 1))
        #expect(head.keepAlive == (number > 0))
    }

    @Test(
        "hosts and ports",
        arguments: [
            ("a.localhost:80", true), ("a.localhost:", true), ("a:abc", false), ("a:8 0", false), ("a:-1", false),
            ("a:80:80", false), ("[::1]:80", true), ("[::1]:x", false), ("[::1", false), ("[::1]80", false), ("", true),
            ("a[b]", false), ("a%41", false),
        ]
    )
    func authority(text: String, isValid: Bool) {
        #expect(Authority.isValid(Array(text.utf8)[...]) == isValid)
    }

    @Test("trailers that vouch, route or frame are dropped, both ways; others pass")
    func trailers() async throws {
        let bad = [
            "Authorization: x", "authorization: y", "Cookie: a=b", "Set-Cookie: a=b", "Host: evil", "Content-Length: 9",
            "Proxy-Authorization: x", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-Host: evil", "X_Forwarded_Host: evil",
            "Fly-Client-IP: 1.1.1.1", "WWW-Authenticate: Basic", "Content-Type: text/evil", "If-Match: x", "Date: x",
            "Cache-Control: no-store", "Trailer: x",
        ]
        let block = bad.map { $0 + "\r\n" }.joined() + "Grpc-Status: 0\r\n"
        let handler: TestApp.Handler = { peer, app in
            _ = try await peer.until("\r\n\r\n")
            let body = try await peer.until("\r\n\r\n")
            app.record(Peer.Message(head: body, body: ""))
            try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(block)\r\n")
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    let fields = "Host: notes.localhost\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n"
                    try await peer.send("POST / HTTP/1.1\r\n\(fields)\r\n0\r\n\(block)\r\n")
                    _ = try await peer.until("\r\n\r\n")
                    #expect(try await peer.until("\r\n\r\n") == "0\r\nGrpc-Status: 0\r\n\r\n")
                    #expect(app.seen.first?.head == "0\r\nGrpc-Status: 0\r\n\r\n")
                }
            }
        }
    }
}
