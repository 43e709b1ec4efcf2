import Edge
import NIOCore
import Testing

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
}
