import Edge
import Model
import NIOCore
import Testing

@Suite("Every wait has an end", .timeLimit(.minutes(1)))
struct PatienceTests {
    /// Takes requests and never answers; tells when one has come, and when its connection ends.
    private static let silent: TestApp.Handler = { peer, app in
        app.record(Peer.Message(head: try await peer.until("\r\n\r\n"), body: ""))
        _ = await peer.rest()
    }

    private func quick(_ limits: inout EdgeServer.Limits) {
        limits.answer = .milliseconds(400)
        limits.bodyIdle = .milliseconds(400)
        limits.yield = .milliseconds(100)
    }

    @Test("an app that does not answer: 504, its log says why, and its connection and place come free")
    func noAnswer() async throws {
        try await TestApp.with(Self.silent) { app in
            try await Lab.with({ quick(&$0.limits) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target(hard: 1))])
                for _ in 0..<2 {
                    let answer = try await fetch(lab.port, get("/slow?token=x"))
                    #expect(answer.status == 504)
                    #expect(answer.body == "504 Gateway Timeout\n")
                }
                try await eventually("the app's connections are closed") { app.openConnections == 0 }
                try await eventually("the app is told") {
                    lab.serve.troubles.contains { $0.status == 504 && $0.request == "GET /slow" }
                }
            }
        }
    }

    @Test("interim answers buy no time")
    func interim() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            while true {
                try await peer.send("HTTP/1.1 103 Early Hints\r\n\r\n")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        try await TestApp.with(handler) { app in
            try await Lab.with({ quick(&$0.limits) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    var status = 103
                    while status == 103 { status = try await peer.message().status }
                    #expect(status == 504)
                }
            }
        }
    }

    @Test("an app's own idle_timeout goes before; 0 is no limit")
    func ownTimeout() async throws {
        let gate = Counter()
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            try await eventually("the answer may come") { gate.value > 0 }
            try await peer.send(TestApp.ok("late"))
        }
        try await TestApp.with(handler) { app in
            try await Lab.with({ quick(&$0.limits) }) { lab in
                var route = Route.notes(app.target())
                route.idleTimeout = 0
                try await lab.serve.apply(1, [route])
                async let answer = fetch(lab.port, get())
                try await eventually("the request is there") { app.seen.count == 1 }
                try await Task.sleep(for: .milliseconds(900))
                gate.add(1)
                #expect(try await answer.status == 200)
                route.idleTimeout = 1
                try await lab.serve.apply(2, [route])
                let begun = ContinuousClock.now
                let quick = route
                try await TestApp.with(Self.silent) { silent in
                    var other = quick
                    other.machines = [silent.target()]
                    try await lab.serve.apply(3, [other])
                    #expect(try await fetch(lab.port, get()).status == 504)
                }
                #expect(ContinuousClock.now - begun > .milliseconds(800))
            }
        }
    }

    @Test(
        "silence within an answer: one with a length is cut off, a stream goes on",
        arguments: [("Content-Length: 10", false), ("Transfer-Encoding: chunked", true), ("X: close", true)]
    )
    func silentAnswer(framing: String, goesOn: Bool) async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            let chunked = framing.hasPrefix("Transfer")
            try await peer.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n" + (chunked ? "5\r\nhello\r\n" : "hello"))
            try await Task.sleep(for: .milliseconds(900))
            try await peer.send(chunked ? "5\r\nworld\r\n0\r\n\r\n" : "world")
        }
        try await TestApp.with(handler) { app in
            try await Lab.with({ quick(&$0.limits) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get().replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
                    #expect(await peer.rest().contains("world") == goesOn)
                }
            }
        }
    }

    @Test("a tunnel may be silent")
    func tunnel() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.until("\r\n\r\n")
            try await peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
            try await Task.sleep(for: .milliseconds(900))
            try await peer.send("late")
        }
        try await TestApp.with(handler) { app in
            try await Lab.with({ quick(&$0.limits) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    let wish = "Connection: Upgrade\r\nUpgrade: x\r\n\r\n"
                    try await peer.send("GET / HTTP/1.1\r\nHost: notes.localhost\r\n\(wish)")
                    _ = try await peer.until("\r\n\r\n")
                    #expect(String(buffer: try await peer.bytes(4)) == "late")
                }
            }
        }
    }

    @Test("a body that stops coming: 408 and the end; one that drips goes on")
    func stalledBody() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.limits.bodyIdle = .seconds(2) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                for framing in ["Content-Length: 10\r\n\r\nx", "Transfer-Encoding: chunked\r\n\r\n5\r\nx"] {
                    try await withClient(lab.port) { peer in
                        try await peer.send("POST / HTTP/1.1\r\nHost: notes.localhost\r\n\(framing)")
                        #expect(try await peer.message().status == 408)
                        #expect(await peer.rest() == "")
                    }
                }
                try await withClient(lab.port) { peer in
                    try await peer.send("POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 30\r\n\r\n")
                    for _ in 0..<30 {
                        try await Task.sleep(for: .milliseconds(100))
                        try await peer.send("x")
                    }
                    #expect(try await peer.message().status == 200)
                }
            }
        }
    }
}
