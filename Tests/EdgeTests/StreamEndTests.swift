import Edge
import Model
import NIOCore
import Synchronization
import Testing

/// Streams of a Machine that is about to stop.
@Suite("Streams that are ended", .timeLimit(.minutes(1)))
struct StreamEndTests {
    @Test("a WebSocket gets a close frame that says 1001, at both ends, after the frame that is on its way")
    func socket() async throws {
        let seen = Seen()
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            // Half a frame with the head, the other half later.
            try await peer.send(UpgradeTests.response)
            try await peer.send(ByteBuffer(bytes: [0x81, 0x05] + Array("he".utf8)))
            _ = try await peer.bytes(1)
            try await peer.send(ByteBuffer(bytes: Array("llo".utf8) + [0x81, 0x02] + Array("no".utf8)))
            while let bytes = try await peer.any() { seen.add(bytes) }
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(UpgradeTests.request)
                    _ = try await peer.until("\r\n\r\n")
                    #expect(try await peer.bytes(4) == ByteBuffer(bytes: [0x81, 0x05] + Array("he".utf8)))
                    try await lab.serve.send(.endStreams(machine: app.machine))
                    // The order has to be there before the frame is whole.
                    try await Task.sleep(for: .milliseconds(200))
                    try await peer.send("x")
                    #expect(try await peer.bytes(7) == ByteBuffer(bytes: Array("llo".utf8) + [0x88, 0x02, 0x03, 0xe9]))
                    #expect(await peer.rest() == "", "nothing comes after the close frame")
                }
                try await eventually("the app is told") { seen.all.suffix(8) == [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9] }
                try await eventually("its connection is closed") { app.openConnections == 0 }
            }
        }
    }

    @Test("a client that goes on sending after its close frame is not reset")
    func sendsOn() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            try await peer.send(UpgradeTests.response)
            while try await peer.any() != nil {}
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(UpgradeTests.request)
                    _ = try await peer.until("\r\n\r\n")
                    try await lab.serve.send(.endStreams(machine: app.machine))
                    #expect(try await peer.bytes(4) == ByteBuffer(bytes: [0x88, 0x02, 0x03, 0xe9]))
                    for _ in 0..<5 {
                        try await peer.send("x")
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    #expect(try await peer.any() == nil, "the stream ends, and nothing is reset")
                }
            }
        }
    }

    @Test("server-sent events end after a whole event, and the client's connection goes on")
    func events() async throws {
        let handler: TestApp.Handler = { peer, _ in
            let request = try await peer.message()
            guard request.start.contains("/events") else {
                return try await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            }
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
            try await peer.send(head + "data: 1\n\ndata: 2")
            try await Task.sleep(for: .milliseconds(500))
            try await peer.send("\n\ndata: 3\n\n")
            _ = try await peer.any()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get("/events"))
                    _ = try await peer.until("data: 2")
                    try await lab.serve.send(.endStreams(machine: app.machine))
                    let rest = try await peer.until("0\r\n\r\n")
                    #expect(rest.contains("\n\n") && !rest.contains("data: 3"), "\(rest)")
                    try await peer.send(get())
                    #expect(try await peer.message().body == "ok", "the connection is not wasted")
                }
            }
        }
    }

    @Test("an event that never becomes whole does not hold up the end")
    func half() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            try await peer.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: half")
            _ = try await peer.any()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get("/events"))
                    _ = try await peer.until("half")
                    try await lab.serve.send(.endStreams(machine: app.machine))
                    _ = try await peer.until("0\r\n\r\n")
                }
            }
        }
    }

    @Test("requests and streams of other Machines go on, and so do answers that merely have no length")
    func others() async throws {
        let handler: TestApp.Handler = { peer, _ in
            let request = try await peer.message()
            if request.start.contains("/other") {
                try await peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
            } else {
                try await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na")
            }
            try await Task.sleep(for: .seconds(1))
            try await peer.send(request.start.contains("/other") ? "1\r\nb\r\n0\r\n\r\n" : "b")
            _ = try await peer.any()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                for path in ["/", "/other"] {
                    try await withClient(lab.port) { peer in
                        try await peer.send(get(path))
                        _ = try await peer.until("a")
                        try await lab.serve.send(.endStreams(machine: app.machine))
                        #expect(try await peer.until("b").contains("b"))
                    }
                }
            }
        }
    }

    @Test("the ends of frames and events are found wherever the bytes are cut", arguments: [1, 2, 3, 7, 1000])
    func traces(size: Int) {
        let long = [UInt8](repeating: 65, count: 70_000)
        var frames: [UInt8] = [0x81, 0x02, 1, 2, 0x82, 126, 0x01, 0x00] + [UInt8](repeating: 7, count: 256)
        frames += [0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70] + long + [0x89, 0x80, 1, 2, 3, 4]
        var trace = FrameTrace()
        var boundaries = 0
        for start in stride(from: 0, to: frames.count, by: size) {
            var bytes = ByteBuffer(bytes: frames[start..<min(frames.count, start + size)])
            _ = trace.pass(&bytes, ending: false)
            if trace.isAtBoundary { boundaries += 1 }
        }
        #expect(trace.isAtBoundary && boundaries >= 1)
        for text in ["data: 1\n\n", "data: 1\r\n\r\n", "data: 1\r\r"] {
            var events = EventTrace()
            var bytes = ByteBuffer(string: "data: 0")
            _ = events.pass(&bytes, ending: false)
            #expect(!events.isAtBoundary)
            for byte in (text + "more").utf8 {
                var one = ByteBuffer(bytes: [byte])
                if events.pass(&one, ending: true) { break }
            }
            #expect(events.isAtBoundary, "\(text)")
        }
    }
}

/// What an app's end of a tunnel has got.
private final class Seen: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    var all: [UInt8] { bytes.withLock { $0 } }
    func add(_ buffer: ByteBuffer) { bytes.withLock { $0 += Array(buffer.readableBytesView) } }
}
