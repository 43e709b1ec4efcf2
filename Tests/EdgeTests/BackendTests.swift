import NIOCore
import Testing

@testable import Edge
@testable import Model

/// Apps that the edge speaks HTTP/2 to.
@Suite("HTTP/2 to apps", .timeLimit(.minutes(1)))
struct BackendTests {
    /// Answers each stream with its number; takes its leave behind the stream `last`.
    private static func app(leaving last: UInt32 = .max) -> TestApp.Handler {
        { peer, _ in
            let preface = try await peer.bytes(24)
            #expect(preface == Frame.preface)
            try await peer.send(Frame.settings)
            while true {
                let frame = try await peer.frame()
                switch frame.type {
                case 4 where frame.flags & 1 == 0: try await peer.send(Frame.make(4, flags: 1, stream: 0, []))
                case 1:
                    // The status 200 of HPACK's static table, then all that there is.
                    try await peer.send(Frame.make(1, flags: 4, stream: frame.stream, [0x88]))
                    try await peer.send(Frame.make(0, flags: 1, stream: frame.stream, Array("\(frame.stream)".utf8)))
                    guard frame.stream >= last else { continue }
                    let leave: [UInt8] = [0, 0, 0, UInt8(truncatingIfNeeded: frame.stream), 0, 0, 0, 0]
                    try await peer.send(Frame.make(7, flags: 0, stream: 0, leave))
                default: continue
                }
            }
        }
    }

    private static func route(_ app: TestApp) -> Route {
        var route = Route.notes(app.target())
        route.options = AppConfig.HTTPOptions()
        route.options?.h2Backend = true
        return route
    }

    @Test("requests are streams of one connection, and after a GOAWAY of another")
    func streams() async throws {
        try await TestApp.with(Self.app(leaving: 3)) { app in
            // One event loop: each has connections of its own.
            try await Lab.with({ $0.eventLoopThreads = 1 }) { lab in
                try await lab.serve.apply(1, [Self.route(app)])
                var bodies: [String] = []
                for _ in 0..<2 {
                    let answer = try await fetch(lab.port, get())
                    #expect(answer.status == 200)
                    bodies.append(answer.body)
                }
                try await eventually("the app's leave is taken") { app.openConnections == 0 }
                bodies.append(try await fetch(lab.port, get()).body)
                #expect(bodies == ["1", "3", "1"] && app.connections == 2)
            }
        }
    }

    @Test("an app that speaks HTTP/1.1 alone is out of reach, and the client is told so")
    func other() async throws {
        let app = TestApp.serve { _ in "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" }
        try await TestApp.with(app) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [Self.route(app)])
                #expect(try await fetch(lab.port, get()).status == 502)
            }
        }
    }

    @Test("one that says 103 for ever is ended, whoever reads")
    func flood() async throws {
        let app: TestApp.Handler = { peer, _ in
            _ = try await peer.bytes(24)
            try await peer.send(Frame.settings)
            while true {
                let frame = try await peer.frame()
                guard frame.type == 1 else { continue }
                // `:status: 103`, with the name out of the static table.
                let early = Frame.make(1, flags: 4, stream: frame.stream, [0x08, 3] + Array("103".utf8))
                for _ in 0..<1_000_000 { try await peer.send(early) }
            }
        }
        try await TestApp.with(app) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [Self.route(app)])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    let told = await peer.rest()
                    #expect(told.ranges(of: "HTTP/1.1 103 ").count <= HeaderBlockCount.most)
                    #expect(!told.contains(" 200 "), "\(told.suffix(600))")
                }
                try await eventually("the app's connection is closed") { app.openConnections == 0 }
            }
        }
    }

    @Test("header blocks are counted by stream, in pieces of any size, and ended streams are forgotten")
    func counts() {
        func frames(_ stream: UInt32, _ count: Int, ends: Bool) -> [UInt8] {
            (0..<count).flatMap { _ in
                Array(Frame.make(1, flags: ends ? 5 : 4, stream: stream, [0x88, 0x88]).readableBytesView)
                    + Array(Frame.make(0, flags: 0, stream: stream, [1, 2, 3]).readableBytesView)
            }
        }
        func holds(_ bytes: [UInt8], step: Int) -> Bool {
            let count = HeaderBlockCount()
            return stride(from: 0, to: bytes.count, by: step).allSatisfy {
                count.count(ByteBuffer(bytes: bytes[$0..<min($0 + step, bytes.count)]).readableBytesView)
            }
        }
        for step in [1, 7, 10_000] {
            #expect(holds(frames(1, HeaderBlockCount.most, ends: false), step: step))
            #expect(!holds(frames(1, HeaderBlockCount.most + 1, ends: false), step: step))
            #expect(holds((0..<2000).flatMap { frames(UInt32(2 * $0 + 1), 1, ends: true) }, step: step))
            #expect(!holds((0..<2000).flatMap { frames(UInt32(2 * $0 + 1), 1, ends: false) }, step: step))
        }
    }
}
