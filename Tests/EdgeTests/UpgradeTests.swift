import Edge
import Model
import NIOCore
import Testing

@Suite("Upgrade", .timeLimit(.minutes(1)))
struct UpgradeTests {
    static let request = """
        GET /ws HTTP/1.1\r
        Host: notes.localhost\r
        Connection: keep-alive, Upgrade\r
        Upgrade: websocket\r
        Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r
        \r\n
        """
    static let response = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r
        \r\n
        """

    /// Accepts the upgrade, then sends everything back until the client ends.
    static let echo: TestApp.Handler = { peer, app in
        app.record(try await peer.message())
        // The first bytes come together with the 101.
        try await peer.send(response + "hello")
        while let bytes = try await peer.any() { try await peer.send(bytes) }
        try await peer.send("bye")
    }

    @Test("bytes pass both ways after a 101, and each half closes by itself")
    func echoes() async throws {
        try await TestApp.with(Self.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(Self.request)
                    let head = try await peer.until("\r\n\r\n")
                    #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
                    for line in ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: HSm"] {
                        #expect(head.contains("\r\n\(line)"))
                    }
                    #expect(app.seen.first?.value("upgrade") == "websocket")
                    #expect(app.seen.first?.value("connection") == "Upgrade")
                    #expect(app.seen.first?.value("fly-client-ip") == "127.0.0.1")
                    #expect(try await peer.until("hello") == "hello")
                    try await peer.send("\u{81}\u{5}ping")
                    _ = try await peer.until("ping")
                    let large = ByteBuffer(repeating: 65, count: 3_000_000)
                    let writer = peer.writer
                    async let sent: Void = writer.send(large)
                    #expect(try await peer.bytes(large.readableBytes) == large)
                    try await sent
                    peer.finish()
                    #expect(await peer.rest() == "bye")
                }
                try await eventually("the app's connection is closed") { app.openConnections == 0 }
            }
        }
    }

    @Test("bytes that the client sends before the 101 are not lost")
    func early() async throws {
        try await TestApp.with(Self.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(Self.request + "early")
                    _ = try await peer.until("helloearly")
                }
            }
        }
    }

    @Test("bytes and the end that come together with the 101 are not lost")
    func shortAnswer() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            try await peer.send(Self.response + "short")
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                for _ in 0..<20 {
                    try await withClient(lab.port) { peer in
                        try await peer.send(Self.request)
                        #expect(await peer.rest().hasSuffix("\r\n\r\nshort"))
                    }
                }
            }
        }
    }

    @Test("an app that declines answers as ever, and the connection goes on")
    func declined() async throws {
        try await TestApp.with(TestApp.serve { _ in TestApp.ok("no") }) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    for _ in 0..<2 {
                        try await peer.send(Self.request)
                        #expect(try await peer.message().body == "no")
                    }
                }
            }
        }
    }

    @Test("a 101 that nobody asked for is a 502; h2c is not offered to the app")
    func unasked() async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            try await peer.send(Self.response)
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get()).status == 502)
                let h2c = """
                    GET / HTTP/1.1\r\nHost: notes.localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r
                    HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n
                    """
                #expect(try await fetch(lab.port, h2c).status == 502)
                for gone in ["upgrade", "connection", "http2-settings"] { #expect(app.seen.last?.value(gone) == nil) }
            }
        }
    }

    @Test("a tunnel counts as in flight until it ends")
    func counts() async throws {
        try await TestApp.with(Self.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(Self.request)
                    _ = try await peer.until("hello")
                    try await lab.serve.apply(2, [.notes(app.target(.draining))])
                    #expect(lab.serve.applied(2) == [app.machine: 1])
                    try await peer.send("still there")
                    _ = try await peer.until("still there")
                }
                try await eventually("the end is told") { lab.serve.applied(2) == [:] }
            }
        }
    }

    @Test("an app that dies ends the client's side")
    func appDies() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            try await peer.send(Self.response)
            _ = try await peer.until("die")
        }
        try await TestApp.with(handler) { app in
            try await Lab.with({ $0.limits.halfOpen = .milliseconds(100) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(Self.request)
                    _ = try await peer.until("\r\n\r\n")
                    try await peer.send("die")
                    #expect(await peer.rest() == "")
                    // Even if the client never closes its half.
                    try await lab.serve.apply(2, [.notes(app.target(.draining))])
                    try await eventually("the place is free") { lab.serve.applied(2) == [:] }
                }
            }
        }
    }
}
