import Edge
import Model
import NIOCore
import Synchronization
import Testing

@Suite("Places at a Machine", .timeLimit(.minutes(1)))
struct PlaceTests {
    /// Answers `/quick` at once, and everything else never.
    private static let slow: TestApp.Handler = { peer, app in
        let head = try await peer.until("\r\n\r\n")
        app.record(Peer.Message(head: head, body: ""))
        // Ends its connection, for it reads no second request.
        if head.hasPrefix("GET /quick") { return try await peer.send(TestApp.ok("quick")) }
        _ = await peer.rest()
    }

    private func from(_ address: String, _ path: String) -> String {
        "GET \(path) HTTP/1.1\r\nHost: notes.localhost\r\nX-Forwarded-For: \(address)\r\n\r\n"
    }

    @Test("a client with as many slow requests as there are places leaves one to others")
    func shares() async throws {
        try await TestApp.with(Self.slow) { app in
            let proxies = [try AddressBlock("127.0.0.1")]
            try await Lab.with({ $0.trustedProxies = proxies }) { lab in
                try await lab.serve.apply(1, [.notes(app.target(soft: 5, hard: 5))])
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for _ in 0..<20 {
                        // The /64 of an IPv6 client is one.
                        let address = "2001:db8::\(Int.random(in: 1...9999))"
                        tasks.addTask { _ = try await fetch(lab.port, from(address, "/slow")) }
                    }
                    try await eventually("the client has its share") { app.seen.count == 4 }
                    #expect(try await fetch(lab.port, from("2001:db8:0:1::1", "/quick")).body == "quick")
                    #expect(try await fetch(lab.port, from("203.0.113.9", "/quick")).body == "quick")
                    #expect(app.seen.count { $0.head.contains("/slow") } == 4)
                    tasks.cancelAll()
                    await #expect(throws: (any Error).self) { try await tasks.waitForAll() }
                }
            }
        }
    }

    @Test("those who wait for their own share do not hold up those who wait for a place")
    func queue() async throws {
        let gate = Counter()
        let tickets = Mutex(0)
        let handler: TestApp.Handler = { peer, app in
            let message = try await peer.message()
            let number = tickets.withLock { last in
                last += 1
                return last
            }
            app.record(message)
            try await eventually("request \(number) may end") { gate.value >= number }
            try await peer.send(TestApp.ok("ok"))
        }
        try await TestApp.with(handler) { app in
            let proxies = [try AddressBlock("127.0.0.1")]
            try await Lab.with({ $0.trustedProxies = proxies }) { lab in
                try await lab.serve.apply(1, [.notes(app.target(soft: 3, hard: 3))])
                try await withThrowingTaskGroup(of: Int.self) { tasks in
                    for _ in 0..<5 {
                        tasks.addTask { try await fetch(lab.port, from("10.1.1.1", "/")).status }
                    }
                    try await eventually("its share is taken") { app.seen.count == 2 }
                    for _ in 0..<2 {
                        tasks.addTask { try await fetch(lab.port, from("10.2.2.2", "/")).status }
                    }
                    try await eventually("the third place is taken") { app.seen.count == 3 }
                    for number in 1...7 {
                        gate.add(1)
                        // Two at least: when all that are left are the first client's, it has no more.
                        try await eventually("the next has come") { app.seen.count >= min(7, number + 2) }
                    }
                    for try await status in tasks { #expect(status == 200) }
                }
            }
        }
    }

    @Test("five bodies that stop coming close an app with five places to nobody")
    func stalledBodies() async throws {
        try await TestApp.with(Self.slow) { app in
            try await Lab.with({ $0.limits.yield = .milliseconds(100) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target(soft: 1, hard: 1))])
                try await withClient(lab.port) { peer in
                    try await peer.send("POST /slow HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 10\r\n\r\nx")
                    try await eventually("it has the place") { app.seen.count == 1 }
                    #expect(try await fetch(lab.port, get("/quick")).body == "quick")
                    // It goes on: the place is its again, and another waits.
                    try await peer.send("123456789")
                    try await eventually("the load is told") { lab.serve.loads.last?[app.machine] == 1 }
                }
            }
        }
    }

    @Test("a client that does not read its answer holds no place")
    func stalledReader() async throws {
        let handler: TestApp.Handler = { peer, app in
            let message = try await peer.message()
            app.record(message)
            guard message.start.contains("/large") else { return try await peer.send(TestApp.ok("quick")) }
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            for _ in 0..<1000 { try await peer.send(ByteBuffer(repeating: 97, count: 100_000)) }
        }
        try await TestApp.with(handler) { app in
            try await Lab.with({ $0.limits.yield = .milliseconds(100) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target(soft: 1, hard: 1))])
                try await withClient(lab.port) { peer in
                    try await peer.send(get("/large"))
                    _ = try await peer.until("\r\n\r\n")
                    #expect(try await fetch(lab.port, get("/quick")).body == "quick")
                    // And still gets all of it when it goes on.
                    var seen = 0
                    while seen < 100_000_000, let bytes = try await peer.any() { seen += bytes.readableBytes }
                    #expect(seen == 100_000_000)
                }
            }
        }
    }
}
