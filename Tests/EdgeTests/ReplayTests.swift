import Edge
import Foundation
import NIOCore
import Testing

@testable import Model

/// Requests that an app sends elsewhere, or whose client says where they go.
@Suite("fly-replay", .timeLimit(.minutes(1)))
struct ReplayTests {
    /// Answers with `head` and no body.
    private static func sendOn(_ head: String) -> TestApp.Handler {
        TestApp.serve { _ in "HTTP/1.1 409 Conflict\r\n\(head)\r\nContent-Length: 4\r\n\r\ngone" }
    }

    private static func json(_ text: String) -> TestApp.Handler {
        TestApp.serve { _ in
            "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.fly.replay+json\r\n"
                + "Content-Length: \(text.utf8.count)\r\n\r\n\(text)"
        }
    }

    private func other(_ app: TestApp, region: String = "ams") -> Route {
        var target = app.target()
        target.region = region
        return Route(app: "other", hostnames: ["other.localhost"], autostart: true, machines: [target])
    }

    /// An edge in front of `notes`, which sends on, and `other`.
    private func run(
        _ first: @escaping TestApp.Handler,
        second: @escaping TestApp.Handler = TestApp.echo,
        adjust: @escaping @Sendable (inout Route) -> Void = { _ in },
        _ body: @escaping @Sendable (Lab, TestApp, TestApp) async throws -> Void
    ) async throws {
        try await TestApp.with(first) { notes in
            try await TestApp.with(second) { app in
                try await Lab.with { lab in
                    var route = Route.notes(notes.target())
                    adjust(&route)
                    try await lab.serve.apply(1, [route, other(app)])
                    try await body(lab, notes, app)
                }
            }
        }
    }

    @Test("another app gets the request as it was, and is told where it comes from")
    func app() async throws {
        try await run(Self.sendOn("fly-replay: app=other;state=hello")) { lab, notes, _ in
            let request =
                "POST /a?b=1 HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 5\r\nfly-replay-src: forged\r\n\r\nhello"
            let answer = try await fetch(lab.port, request)
            #expect(answer.status == 200)
            #expect(answer.body.hasPrefix("POST /a?b=1 HTTP/1.1\r\n"))
            #expect(answer.body.hasSuffix("hello"))
            #expect(answer.body.contains("Host: notes.localhost\r\n"))
            #expect(answer.body.contains("fly-replay-src: instance=\(notes.machine);region=fra;t="))
            #expect(answer.body.contains(";state=hello\r\n"))
            #expect(answer.body.contains("fly-replay-cache-status: miss\r\n"))
            #expect(!answer.body.contains("forged"))
        }
    }

    @Test("the JSON form changes path and headers, but nothing that frames or vouches")
    func json() async throws {
        let order = """
            {"app":"other","transform":{"path":"/new?x=1","delete_headers":["Cookie","Host"],
             "set_headers":[{"name":"X-A","value":"1"},{"name":"Fly-Client-IP","value":"6.6.6.6"},
             {"name":"Content-Length","value":"99"}]}}
            """
        try await run(Self.json(order)) { lab, _, _ in
            let answer = try await fetch(
                lab.port,
                "GET /old HTTP/1.1\r\nHost: notes.localhost\r\nCookie: a=b\r\nX-A: 0\r\n\r\n"
            )
            #expect(answer.body.hasPrefix("GET /new?x=1 HTTP/1.1\r\n"))
            #expect(answer.body.contains("X-A: 1\r\n"))
            #expect(answer.body.contains("Host: notes.localhost\r\n"))
            for gone in ["Cookie", "X-A: 0", "6.6.6.6", "Content-Length"] {
                #expect(!answer.body.contains(gone), "\(gone)")
            }
        }
    }

    @Test("what can't be done is a 502, and its reason goes to the app's log alone")
    func refusals() async throws {
        for (handler, code) in [
            (Self.sendOn("fly-replay: nonsense"), "PA03"), (Self.sendOn("fly-replay: app=none"), "PA04"),
            (Self.sendOn("fly-replay: app=notes"), "PA02"), (Self.json("{"), "PA03"),
        ] {
            try await run(handler) { lab, _, _ in
                let answer = try await fetch(lab.port, get())
                #expect(answer.status == 502)
                #expect(!answer.body.contains("PA0"))
                try await eventually("\(code) is told") {
                    lab.serve.troubles.contains { $0.reason.hasPrefix(code) }
                }
            }
        }
    }

    @Test("a request that is too long to be kept is not sent on in part")
    func long() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.until("\r\n\r\n")
            _ = try await peer.bytes(3 << 20)
            try await peer.send("HTTP/1.1 200 OK\r\nfly-replay: app=other\r\nContent-Length: 0\r\n\r\n")
        }
        try await run(handler) { lab, _, other in
            let answer = try await withClient(lab.port) { peer in
                try await peer.send("POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: \(3 << 20)\r\n\r\n")
                try await peer.send(ByteBuffer(repeating: 97, count: 3 << 20))
                return try await peer.message()
            }
            #expect(answer.status == 502)
            #expect(other.seen.isEmpty)
        }
    }

    @Test("one who can't be reached sends the request back where that was asked for")
    func fallback() async throws {
        let handler = TestApp.serve { message in
            message.value("fly-replay-failed") == nil
                ? "HTTP/1.1 200 OK\r\nfly-replay: region=syd;fallback=force_self\r\nContent-Length: 0\r\n\r\n"
                : TestApp.ok(message.head)
        }
        try await run(handler) { lab, notes, _ in
            let answer = try await fetch(lab.port, get())
            #expect(answer.status == 200)
            #expect(answer.body.contains("replay_source=\(notes.machine);reason=no_candidate;elapsed_ms="))
        }
    }

    @Test("a time-out ends the wait for a Machine that does not come")
    func timeout() async throws {
        let handler = Self.sendOn("fly-replay: app=sleepy;timeout=200ms")
        try await TestApp.with(handler) { notes in
            try await Lab.with({ $0.limits.held = .seconds(1) }) { lab in
                let sleepy = Route(app: "sleepy", hostnames: [], autostart: true, machines: [notes.target(.asleep)])
                try await lab.serve.apply(1, [.notes(notes.target()), sleepy])
                #expect(try await fetch(lab.port, get()).status == 503)
            }
        }
    }

    @Test("elsewhere is not the Machine that says it")
    func elsewhere() async throws {
        try await TestApp.with(TestApp.echo) { second in
            try await TestApp.with(Self.sendOn("fly-replay: elsewhere=true")) { first in
                try await Lab.with { lab in
                    try await lab.serve.apply(1, [.notes(first.target(), second.target())])
                    for _ in 0..<4 { #expect(try await fetch(lab.port, get()).status == 200) }
                    #expect(second.seen.count == 4)
                }
            }
        }
    }

    @Test("a WebSocket is opened by the app that the request was sent on to")
    func webSocket() async throws {
        let socket: TestApp.Handler = { peer, _ in
            _ = try await peer.until("\r\n\r\n")
            try await peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            while let bytes = try await peer.any() { try await peer.send(bytes) }
        }
        try await run(Self.sendOn("fly-replay: app=other"), second: socket) { lab, _, _ in
            try await withClient(lab.port) { peer in
                try await peer.send(
                    "GET / HTTP/1.1\r\nHost: notes.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                )
                #expect(try await peer.until("\r\n\r\n").contains(" 101 "))
                try await peer.send("ping")
                #expect(String(buffer: try await peer.bytes(4)) == "ping")
            }
        }
    }

    @Test("a path that was sent on goes there at once from then on, until it is forgotten")
    func pathMemory() async throws {
        let handler = TestApp.serve { _ in
            "HTTP/1.1 200 OK\r\nfly-replay: app=other\r\nfly-replay-cache: /p/*\r\n"
                + "fly-replay-cache-ttl-secs: 60\r\nfly-replay-cache-allow-bypass: yes\r\nContent-Length: 0\r\n\r\n"
        }
        try await run(handler) { lab, notes, other in
            for path in ["/p/1", "/p/2", "/p/3"] { #expect(try await fetch(lab.port, get(path)).status == 200) }
            #expect(notes.seen.count == 1)
            #expect(other.seen.map { $0.value("fly-replay-cache-status") } == ["miss", "hit", "hit"])
            #expect(other.seen.last?.value("fly-replay-src") == nil)
            _ = try await fetch(lab.port, get("/elsewhere"))
            #expect(notes.seen.count == 2)
            let skip = "GET /p/1 HTTP/1.1\r\nHost: notes.localhost\r\nfly-replay-cache-control: skip\r\n\r\n"
            _ = try await fetch(lab.port, skip)
            #expect(notes.seen.last?.value("fly-replay-cache-status") == "bypass")
        }
    }

    @Test("a session that was sent on goes there at once, and no other session does")
    func sessionMemory() async throws {
        let rule = AppConfig.ReplayCache(pathPrefix: "/", ttlSeconds: 60, type: .cookie, name: "session")
        let adjust: @Sendable (inout Route) -> Void = { $0.options = AppConfig.HTTPOptions(replayCache: [rule]) }
        try await run(Self.sendOn("fly-replay: app=other"), adjust: adjust) { lab, notes, _ in
            for (session, count) in [("a", 1), ("a", 1), ("b", 2), ("b", 2), ("a", 2)] {
                let request = "GET / HTTP/1.1\r\nHost: notes.localhost\r\nCookie: x=1; session=\(session)\r\n\r\n"
                let answer = try await fetch(lab.port, request)
                #expect(answer.status == 200 && notes.seen.count == count, "\(session)")
            }
        }
    }

    @Test("a client may say which Machine or region it prefers, or must have")
    func headers() async throws {
        try await TestApp.with(TestApp.echo) { first in
            try await TestApp.with(TestApp.echo) { second in
                try await Lab.with { lab in
                    var far = second.target()
                    far.region = "ams"
                    try await lab.serve.apply(1, [.notes(first.target(), far)])
                    func ask(_ header: String) async throws -> Peer.Message {
                        try await fetch(lab.port, "GET / HTTP/1.1\r\nHost: notes.localhost\r\n\(header)\r\n\r\n")
                    }
                    for header in [
                        "fly-force-instance-id: \(second.machine)", "fly-prefer-instance-id: \(second.machine)",
                        "fly-prefer-region: syd, ams", "fly-force-region: eu,ams", "fly-force-region: ams",
                    ] {
                        let before = second.seen.count
                        for _ in 0..<3 { #expect(try await ask(header).status == 200) }
                        if !header.contains("eu") { #expect(second.seen.count == before + 3, "\(header)") }
                    }
                    let gone = try await ask("fly-prefer-instance-id: 00000000000000")
                    #expect(gone.body.contains("fly-preferred-instance-unavailable: 00000000000000\r\n"))
                    #expect(try await ask("fly-force-instance-id: 00000000000000").status == 503)
                    #expect(try await ask("fly-force-region: syd").status == 503)
                }
            }
        }
    }

    @Test("a Machine that can't be reached is passed over for a while, and never the last one")
    func ejection() async throws {
        try await TestApp.with(TestApp.echo) { good in
            try await TestApp.with(TestApp.echo) { bad in
                try await Lab.with { lab in
                    var broken = bad.target(ipv4: "127.0.0.2", ipv6: "::2")
                    broken.port = 1
                    try await lab.serve.apply(1, [.notes(good.target(), broken)])
                    for _ in 0..<20 { #expect(try await fetch(lab.port, get()).status == 200) }
                    #expect(good.seen.count == 20)
                }
            }
        }
    }
}
