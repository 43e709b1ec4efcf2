import Edge
import Foundation
import Model
import NIOCore
import NIOHPACK
import Testing
import Toolkit

/// HTTP/2 as clients speak it.
@Suite("HTTP/2", .serialized)
struct HTTP2Tests {
    /// Runs `curl` over HTTP/2 to `notes.localhost`; what it printed and its exit code.
    private func curl(
        _ lab: Lab,
        _ authority: TestAuthority,
        _ arguments: [String],
        path: String = "/",
        input: String? = nil
    ) async throws -> Command.Outcome {
        let place = "notes.localhost:\(lab.securePort):127.0.0.1"
        let fixed = ["-s", "-m", "20", "--http2", "--cacert", authority.file, "--resolve", place]
        let url = "https://notes.localhost:\(lab.securePort)\(path)"
        return try await Command("curl", fixed + arguments + [url], input: input).run()
    }

    @Test("a request by curl: version, status, fields of the way, cookies in one line")
    func request() async throws {
        try await Lab.secure { lab, authority in
            try await TestApp.with(TestApp.echo) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                let outcome = try await curl(lab, authority, ["-i", "-H", "Cookie: a=1; b=2"], path: "/x?y=z")
                #expect(outcome.output.hasPrefix("HTTP/2 200"), "\(outcome)")
                #expect(outcome.output.contains("fly-request-id: ") && !outcome.output.contains("connection:"))
                let seen = try #require(app.seen.first)
                #expect(seen.start == "GET /x?y=z HTTP/1.1" && seen.values("host").count == 1)
                #expect(seen.value("host") == "notes.localhost:\(lab.securePort)")
                #expect(seen.value("cookie") == "a=1; b=2" && seen.value("via") == "2 roost")
                #expect(seen.value("x-forwarded-proto") == "https" && seen.value("fly-client-ip") == "127.0.0.1")
                #expect(seen.value("connection") == nil && seen.value("transfer-encoding") == nil)
            }
        }
    }

    @Test("bodies with and without a length, both ways; HEAD, 204, an unknown host, and a redirect")
    func bodies() async throws {
        try await Lab.secure { lab, authority in
            let handler = TestApp.serve { message in
                switch message.start {
                case "GET /none HTTP/1.1": "HTTP/1.1 204 No Content\r\n\r\n"
                case "GET /chunked HTTP/1.1":
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
                case "GET /close HTTP/1.1": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
                case "HEAD / HTTP/1.1": "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
                default: TestApp.ok(message.body)
                }
            }
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                let body = String(repeating: "0123456789abcdef", count: 65_536)
                let sized = try await curl(lab, authority, ["--data-binary", "@-"], path: "/echo", input: body)
                #expect(sized.output == body)
                #expect(app.seen.last?.value("content-length") == "\(body.utf8.count)")
                let unsized = try await curl(lab, authority, ["-T", "-"], path: "/echo", input: body)
                #expect(unsized.output == body)
                #expect(app.seen.last?.value("transfer-encoding") == "chunked")
                #expect(try await curl(lab, authority, [], path: "/chunked").output == "hello world")
                #expect(try await curl(lab, authority, [], path: "/close").output == "hi")
                let format = ["-o", "/dev/null", "-w", "%{http_code} %{size_download}"]
                #expect(try await curl(lab, authority, format, path: "/none").output == "204 0")
                let head = try await curl(lab, authority, ["-I"])
                #expect(head.output.contains("HTTP/2 200") && head.output.contains("content-length: 7"))
                let unknown = try await curl(lab, authority, format + ["-H", "Host: other.localhost"])
                #expect(unknown.output.hasPrefix("404"), "\(unknown)")
            }
        }
    }

    @Test("many streams at once, by h2load and nghttp, none fails")
    func many() async throws {
        let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/h2load")
        try #require(isThere, "needs h2load: scripts/install.sh test")
        try await Lab.secure { lab, authority in
            try await TestApp.with(TestApp.echo) { app in
                try await lab.serve.apply(1, [.notes(app.target(soft: 200))])
                let load = try await Command(
                    "h2load",
                    [
                        "-n", "1000", "-c", "4", "-m", "50", "--connect-to", "127.0.0.1:\(lab.securePort)",
                        "https://notes.localhost:\(lab.securePort)/",
                    ]
                ).run()
                #expect(load.output.contains("1000 succeeded, 0 failed, 0 errored"), "\(load)")
                #expect(load.output.contains("Application protocol: h2"))
            }
        }
    }

    @Test("two apps under one certificate and one connection: each request goes where it says")
    func shared() async throws {
        try await Lab.secure(["notes.localhost", "*.apps.test"]) { lab, authority in
            try await TestApp.with(TestApp.serve { _ in TestApp.ok("one") }) { one in
                try await TestApp.with(TestApp.serve { _ in TestApp.ok("any") }) { any in
                    let names = [("one", "one.apps.test", one), ("any", "*.apps.test", any)]
                    let routes = names.map { app, name, machine in
                        Route(app: app, hostnames: [name], autostart: true, machines: [machine.target()])
                    }
                    try await lab.serve.apply(1, routes)
                    try await withHTTP2(lab, authority) { peer in
                        for (number, expected) in ["one", "any", "one"].enumerated() {
                            let host = expected == "one" ? "one.apps.test" : "two.apps.test"
                            let stream = UInt32(2 * number + 1)
                            try await peer.send(Frame.make(1, flags: 5, stream: stream, Frame.fields(host: host)))
                            var answer = try await peer.frame(0)
                            // The end of the answer before this one.
                            if answer.payload.readableBytes == 0 { answer = try await peer.frame(0) }
                            #expect(answer.stream == stream && String(buffer: answer.payload) == expected)
                        }
                    }
                }
            }
        }
    }

    @Test("trailers pass both ways")
    func trailers() async throws {
        try await Lab.secure { lab, authority in
            let handler = TestApp.serve { message in
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n1\r\na\r\n0\r\nx-sum: 7\r\n\r\n"
            }
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withHTTP2(lab, authority) { peer in
                    let fields = Frame.fields(post: false, [("te", "trailers")])
                    try await peer.send(Frame.make(1, flags: 5, stream: 1, fields))
                    #expect(try await peer.frame(1).flags & 1 == 0)
                    #expect(try await peer.frame(0).payload == ByteBuffer(string: "a"))
                    let last = try await peer.frame(1)
                    #expect(last.flags & 1 == 1 && last.payload.readableBytes > 0)
                }
            }
        }
    }

    @Test("an event reaches the client as soon as the app writes it, and a client that leaves is told to the app")
    func events() async throws {
        let (ended, signal) = AsyncStream<Void>.makeStream()
        try await Lab.secure { lab, authority in
            let handler: TestApp.Handler = { peer, _ in
                _ = try await peer.message()
                try await peer.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                try await peer.send("5\r\ndata\n\r\n")
                _ = await peer.rest()
                signal.yield()
            }
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withHTTP2(lab, authority) { peer in
                    try await peer.send(Frame.request(1))
                    #expect(try await peer.frame(0).payload == ByteBuffer(string: "data\n"))
                    try await peer.send(Frame.reset(1))
                    for await _ in ended { break }
                    // The connection is as good as before.
                    try await peer.send(Frame.request(3))
                    #expect(try await peer.frame(0).stream == 3)
                }
            }
        }
    }

    @Test("an app that breaks off in the middle is a reset stream, never a short answer")
    func cutOff() async throws {
        try await Lab.secure { lab, authority in
            let handler: TestApp.Handler = { peer, _ in
                _ = try await peer.message()
                try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            }
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                let outcome = try await curl(lab, authority, [])
                #expect(outcome.code != 0, "\(outcome)")
            }
        }
    }

    @Test("a client that does not read holds the app back, and no other stream")
    func slow() async throws {
        try await Lab.secure { lab, authority in
            let handler = TestApp.serve { message in
                TestApp.ok(message.start.hasPrefix("POST") ? String(repeating: "x", count: 8 << 20) : "small")
            }
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withHTTP2(lab, authority) { peer in
                    // No window is ever given for the first: 64 KiB come, and no more.
                    try await peer.send(Frame.make(8, [0, 0x10, 0, 0]))
                    try await peer.send(Frame.request(1, post: true, flags: 5))
                    var bytes = 0
                    while bytes < 65_535 {
                        let frame = try await peer.frame(0)
                        bytes += frame.payload.readableBytes
                    }
                    try await peer.send(Frame.request(3))
                    var next = try await peer.frame(0)
                    while next.stream != 3 { next = try await peer.frame(0) }
                    #expect(next.payload.readableBytes == 5)
                }
            }
        }
    }

    @Test("an idle connection is let go after its time; one that waits for an app is not")
    func idle() async throws {
        let adjust: (inout Lab.Configuration) -> Void = { $0.limits.clientIdle = .milliseconds(300) }
        try await Lab.secure(adjust: adjust) { lab, authority in
            let handler: TestApp.Handler = { peer, _ in
                _ = try await peer.message()
                try await Task.sleep(for: .milliseconds(900))
                try await peer.send(TestApp.ok("late"))
                _ = await peer.rest()
            }
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withHTTP2(lab, authority) { peer in
                    try await peer.send(Frame.request(1))
                    #expect(try await peer.frame(0).payload == ByteBuffer(string: "late"))
                    _ = try await peer.frame(7)
                    _ = await peer.rest()
                }
            }
        }
    }

    @Test("at shut-down a request under way is answered, and the connection ends")
    func drains() async throws {
        let (told, signal) = AsyncStream<Void>.makeStream()
        try await Lab.secure { lab, authority in
            let handler: TestApp.Handler = { peer, _ in
                _ = try await peer.message()
                await lab.shutDown()
                // Not before the client has been told that the connection ends.
                for await _ in told { break }
                try await peer.send(TestApp.ok("late"))
                _ = await peer.rest()
            }
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withHTTP2(lab, authority) { peer in
                    try await peer.send(Frame.request(1))
                    _ = try await peer.frame(7)
                    signal.yield()
                    #expect(try await peer.frame(0).payload == ByteBuffer(string: "late"))
                    _ = await peer.rest()
                }
            }
        }
    }
}

@Suite("Requests of HTTP/2 as those of HTTP/1.1")
struct RequestTranslationTests {
    private static let good: HPACKHeaders = [
        ":method": "GET", ":scheme": "https", ":path": "/a", ":authority": "notes.localhost",
    ]

    private func text(_ headers: HPACKHeaders, ends: Bool = true) throws -> String {
        var buffer = ByteBuffer()
        try RequestTranslation(headers, ends: ends).write(headers, to: &buffer)
        return String(buffer: buffer)
    }

    @Test("are read by the one parser that there is")
    func plain() throws {
        var headers = Self.good
        headers.add(name: "cookie", value: "a=1")
        headers.add(name: "x-b", value: "c")
        headers.add(name: "cookie", value: "d=2")
        let expected =
            "GET /a HTTP/1.1\r\nhost: notes.localhost\r\nx-b: c\r\ncookie: a=1; d=2\r\nconnection: close\r\n\r\n"
        #expect(try text(headers) == expected)
        let head = try RequestHead(Array(expected.utf8), bounds: .init(target: 1000, fields: 100))
        #expect(head.host == "notes.localhost" && head.framing == .none && !head.keepAlive)
        #expect(try text(Self.good, ends: false).contains("\r\ntransfer-encoding: chunked\r\n"))
    }

    @Test(
        "are refused when they would smuggle another",
        arguments: [
            ("x-a", "b\r\nx-c: d"), ("x-a", "b\nc"), ("x-a", "b\0"), ("x a", "b"), ("x-a: b\r\nx", "c"), ("X-A", "b"),
            ("", "b"), ("transfer-encoding", "chunked"), ("connection", "keep-alive"), ("upgrade", "h2c"),
            ("te", "gzip"),
            ("host", "other.localhost"), ("http2-settings", "x"), ("keep-alive", "1"), ("proxy-connection", "close"),
        ]
    )
    func smuggled(name: String, value: String) {
        var headers = Self.good
        headers.add(name: name, value: value)
        #expect(throws: Malformed.self) { try RequestTranslation(headers, ends: true) }
    }

    @Test(
        "are refused when the request line would be another",
        arguments: [
            (":path", "/a HTTP/1.1\r\nx: y"), (":path", "a"), (":path", ""), (":path", "/a b"),
            (":method", "GET /x HTTP/1.1"),
            (":method", "CONNECT"), (":method", ""), (":authority", "a\r\nb"), (":path", "http://other/"),
        ]
    )
    func line(name: String, value: String) {
        var headers = Self.good
        headers.replaceOrAdd(name: name, value: value)
        #expect(throws: Malformed.self) { try RequestTranslation(headers, ends: true) }
    }
}
