import Edge
import Model
import NIOCore
import Testing

@Suite("Hostile input", .timeLimit(.minutes(1)))
struct HostileTests {
    @Test("requests that two servers may read in two ways are refused", arguments: smuggling)
    func smuggled(request: String) async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(request)
                    let answer = try await peer.message()
                    #expect(answer.status == 400)
                    #expect(answer.value("connection") == "close")
                    #expect(await peer.rest() == "")
                }
                #expect(app.seen.isEmpty)
            }
        }
    }

    private static let smuggling = [
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 5, 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 0x5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\n0",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\n0",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost:abc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost:80:80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET http://notes.localhost:8o/ HTTP/1.1\r\nHost: notes.localhost\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: notes.localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding:\u{b}chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\nHost: notes.localhost\n\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost\r\nX: a\nY: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost\r\n: empty\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost\r\nbare\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost\r\nHost: notes.localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: notes.localhost/x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@notes.localhost\r\n\r\n",
        "GET http://a@notes.localhost/ HTTP/1.1\r\nHost: notes.localhost\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: notes.localhost\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: notes.localhost\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nHost: notes.localhost\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\nHost: notes.localhost\r\n\r\n",
        "GET notes HTTP/1.1\r\nHost: notes.localhost\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: notes.localhost\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: notes.localhost\r\n\r\n",
        "GET /\r\nHost: notes.localhost\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n",
    ]

    @Test(
        "sizes and forms beyond the limits get their own status",
        arguments: [
            ("GET /" + String(repeating: "a", count: 17_000) + " HTTP/1.1\r\nHost: notes.localhost\r\n\r\n", 414),
            ("GET /" + String(repeating: "a", count: 100_000), 414),
            (
                "GET / HTTP/1.1\r\nHost: notes.localhost\r\nX: " + String(repeating: "a", count: 66_000) + "\r\n\r\n",
                431
            ),
            ("GET / HTTP/1.1\r\nHost: notes.localhost\r\n" + String(repeating: "X: a\r\n", count: 100) + "\r\n", 431),
            ("CONNECT notes.localhost:80 HTTP/1.1\r\nHost: notes.localhost\r\n\r\n", 405),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("TRACE / HTTP/1.1\r\nHost: notes.localhost\r\n\r\n", 405),
            ("POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        ]
    )
    func bounds(request: String, status: Int) async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, request).status == status)
                #expect(app.seen.isEmpty)
            }
        }
    }

    @Test("just within the limits passes")
    func withinBounds() async throws {
        try await TestApp.with(TestApp.serve { _ in TestApp.ok("") }) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let target = "/" + String(repeating: "a", count: 16_383)
                let fields = String(repeating: "X: a\r\n", count: 99)
                let request = "GET \(target) HTTP/1.1\r\nHost: notes.localhost\r\n\(fields)\r\n"
                #expect(try await fetch(lab.port, request).status == 200)
            }
        }
    }

    @Test(
        "a chunked body that breaks the rules never becomes another request",
        arguments: [
            "5\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "-5\r\nhello", "5 5\r\nhello", "0x5\r\nhello\r\n",
            "fffffffffffffffff\r\n", ";x\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n", "0\r\nbad trailer\r\n\r\n",
        ]
    )
    func badChunks(body: String) async throws {
        let handler: TestApp.Handler = { peer, app in
            _ = try await peer.until("\r\n\r\n")
            let rest = await peer.rest()
            #expect(!rest.contains("GET"))
            app.record(Peer.Message(head: "closed", body: rest))
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(
                        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                    )
                    try await eventually("the app is reached") { app.connections == 1 }
                    try await peer.send(body + get("/smuggled"))
                    #expect(try await peer.message().status == 400)
                    #expect(await peer.rest() == "")
                }
                try await eventually("the app's connection is closed") { app.seen.count == 1 }
            }
        }
    }

    @Test("a head that takes too long is 408; silence is closed; dripping bytes buys no time")
    func slowHead() async throws {
        let adjust: (inout Lab.Configuration) -> Void = { $0.limits.headTime = .milliseconds(700) }
        try await Lab.with(adjust) { lab in
            try await lab.serve.apply(1, [])
            try await withClient(lab.port) { peer in #expect(await peer.rest() == "") }
            try await withClient(lab.port) { peer in
                try await peer.send(get())
                #expect(try await peer.message().status == 404)
                try await peer.send("GET / HT")
                #expect(try await peer.message().status == 408)
                #expect(await peer.rest() == "")
            }
        }
    }

    @Test("a client that sends too many pipelined requests is held back, not buffered")
    func pipelineFlood() async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            _ = await peer.rest()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    let sent = Counter()
                    let piece = ByteBuffer(string: String(repeating: get(), count: 1000))
                    let writer = peer.writer
                    try await withThrowingTaskGroup(of: Void.self) { tasks in
                        tasks.addTask {
                            while true {
                                try await writer.send(piece)
                                sent.add(piece.readableBytes)
                            }
                        }
                        #expect(try await sent.settled() < 64_000_000)
                        try await writer.channel.close()
                        await #expect(throws: (any Error).self) { try await tasks.waitForAll() }
                    }
                }
                #expect(app.seen.count == 1)
            }
        }
    }
}
