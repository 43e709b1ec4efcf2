import Edge
import Model
import NIOCore
import Synchronization
import Testing

@Suite("Streaming", .timeLimit(.minutes(1)))
struct StreamingTests {
    @Test("chunked bodies pass both ways, with trailers for those who ask")
    func chunked() async throws {
        let handler: TestApp.Handler = { peer, _ in
            while true {
                let head = try await peer.until("\r\n\r\n")
                let body = try await peer.until("\r\n\r\n")
                #expect(head.contains("\r\nTransfer-Encoding: chunked\r\n"))
                // The last chunk, its trailer, and nothing that frames or vouches.
                #expect(body.hasSuffix("0\r\nX-Sum: 1\r\n\r\n"))
                try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n")
                try await peer.send("6\r\n world\r\n0\r\nX-Sum: 2\r\nContent-Length: 7\r\n\r\n")
            }
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    for wanted in [true, false] {
                        let te = wanted ? "TE: trailers\r\n" : ""
                        try await peer.send(
                            "POST / HTTP/1.1\r\nHost: notes.localhost\r\n\(te)Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
                        )
                        try await peer.send("2\r\nde\r\n0\r\nX-Sum: 1\r\nHost: evil\r\nFly-Region: x\r\n\r\n")
                        let head = try await peer.until("\r\n\r\n")
                        #expect(head.contains("\r\nTransfer-Encoding: chunked\r\n"))
                        let rest = try await peer.until("0\r\n" + (wanted ? "X-Sum: 2\r\n\r\n" : "\r\n"))
                        #expect(rest.contains("hello") && rest.contains(" world"))
                    }
                }
            }
        }
    }

    @Test("a body that ends with the app's connection becomes chunked, so that the client's stays")
    func untilClose() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            try await peer.send("HTTP/1.0 200 OK\r\n\r\nall there is")
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    for _ in 0..<3 {
                        try await peer.send(get())
                        let answer = try await peer.message()
                        #expect(answer.value("transfer-encoding") == "chunked")
                        #expect(answer.body == "all there is")
                    }
                }
            }
        }
    }

    @Test("an event reaches the client before the next is sent")
    func serverSentEvents() async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            try await peer.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            for number in 1...5 {
                try await peer.send("9\r\ndata: \(number)\n\n\r\n")
                try await eventually("the client has event \(number)") { app.seen.count == number + 1 }
            }
            try await peer.send("0\r\n\r\n")
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    for number in 1...5 {
                        _ = try await peer.until("data: \(number)\n\n")
                        app.record(Peer.Message(head: "", body: ""))
                    }
                    _ = try await peer.until("0\r\n\r\n")
                }
            }
        }
    }

    @Test("100-continue and other 1xx pass on before the answer")
    func interim() async throws {
        let handler: TestApp.Handler = { peer, _ in
            let head = try await peer.until("\r\n\r\n")
            #expect(head.contains("Expect: 100-continue\r\n"))
            try await peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            #expect(String(buffer: try await peer.bytes(4)) == "body")
            try await peer.send(TestApp.ok("done"))
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(
                        "PUT / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
                    )
                    #expect(try await peer.message().start == "HTTP/1.1 103 Early Hints")
                    #expect(try await peer.message().status == 100)
                    try await peer.send("body")
                    #expect(try await peer.message().body == "done")
                }
            }
        }
    }

    @Test("a slow client holds the app back: the edge keeps little, and all arrives in the end")
    func slowReader() async throws {
        let total = 64 * 1024 * 1024
        let written = Counter()
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = ByteBuffer(repeating: 120, count: 64 * 1024)
            for _ in 0..<total / piece.readableBytes {
                try await peer.send(piece)
                written.add(piece.readableBytes)
            }
            _ = await peer.rest()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    _ = try await peer.until("\r\n\r\n")
                    // What the app got rid of is in the kernel's buffers and ours; it stops growing while we don't read.
                    let stuck = try await written.settled()
                    #expect(stuck < total / 2)
                    var seen = 0
                    while seen < total {
                        let bytes = try #require(try await peer.any())
                        seen += bytes.readableBytes
                    }
                    #expect(seen == total)
                }
            }
        }
    }

    @Test("a slow app holds the client back")
    func slowApp() async throws {
        let total = 64 * 1024 * 1024
        let written = Counter()
        let start = Counter()
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.until("\r\n\r\n")
            try await eventually("the client is stuck") { start.value > 0 }
            var seen = 0
            while seen < total {
                let bytes = try #require(try await peer.any())
                seen += bytes.readableBytes
            }
            try await peer.send(TestApp.ok("\(seen)"))
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send("POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: \(total)\r\n\r\n")
                    try await withThrowingTaskGroup(of: Void.self) { tasks in
                        tasks.addTask {
                            let stuck = try await written.settled()
                            #expect(stuck < total / 2)
                            start.add(1)
                        }
                        let piece = ByteBuffer(repeating: 120, count: 64 * 1024)
                        for _ in 0..<total / piece.readableBytes {
                            try await peer.send(piece)
                            written.add(piece.readableBytes)
                        }
                        try await tasks.waitForAll()
                    }
                    #expect(try await peer.message().body == "\(total)")
                }
            }
        }
    }

    @Test(
        "an answer that breaks off is seen as broken off",
        arguments: ["Content-Length: 100", "Transfer-Encoding: chunked"]
    )
    func cutOff(framing: String) async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            try await peer.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n5\r\nhello\r\n")
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    #expect(await peer.rest().hasSuffix("hello\r\n"))
                }
            }
        }
    }

    @Test("an early answer to an upload arrives, and the connection ends")
    func earlyAnswer() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.until("\r\n\r\n")
            try await peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig")
            _ = await peer.rest()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with({ $0.limits.linger = .milliseconds(200) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send("POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 1000000\r\n\r\n")
                    let answer = try await peer.message()
                    #expect(answer.status == 413)
                    #expect(answer.body == "big")
                    #expect(await peer.rest() == "")
                }
            }
        }
    }
}

/// Counts, from any task.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func add(_ number: Int) { count.add(number, ordering: .sequentiallyConsistent) }

    /// The value once it is above a megabyte and no longer grows.
    ///
    /// Counts looks rather than time, as a busy host slows down the looks too.
    func settled() async throws -> Int {
        let last = Mutex((value: 0, looks: 0))
        try await eventually("the count stands still", within: .seconds(30)) {
            let now = self.value
            return last.withLock { last in
                last = now == last.value ? (now, last.looks + 1) : (now, 0)
                return now > 1_000_000 && last.looks > 100
            }
        }
        return value
    }
}
