import Edge
import Foundation
import Model
import NIOCore
import NIOHPACK
import Testing

/// WebSockets that clients open over HTTP/2, and apps over HTTP/1.1.
@Suite("WebSockets over HTTP/2", .timeLimit(.minutes(1)))
struct HTTP2WebSocketTests {
    private func headers(_ frame: Peer.Received, _ decoder: inout HPACKDecoder) throws -> HPACKHeaders {
        var payload = frame.payload
        return try decoder.decodeHeaders(from: &payload)
    }

    /// Only who knows that the server takes such openings may send one.
    private func takeSettings(_ peer: Peer) async throws {
        let settings = try await peer.frame(4).payload
        // SETTINGS_ENABLE_CONNECT_PROTOCOL is 8.
        #expect(Array(settings.readableBytesView).contains([0, 8, 0, 0, 0, 1]))
        try await peer.send(Frame.make(4, flags: 1))
    }

    @Test("bytes pass both ways until one end closes its half, and the app sees an opening as in HTTP/1.1")
    func open() async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            try await peer.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
            )
            let first = try await peer.bytes(5)
            try await peer.send("<\(String(buffer: first))>")
            let rest = await peer.rest()
            try await peer.send("<\(rest)>")
        }
        try await Lab.secure { lab, authority in
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withHTTP2(lab, authority) { peer in
                    var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
                    try await takeSettings(peer)
                    try await peer.send(Frame.webSocket(1))
                    let answer = try headers(try await peer.frame(1), &decoder)
                    #expect(answer.first(name: ":status") == "200")
                    #expect(answer.first(name: "sec-websocket-protocol") == "chat")
                    #expect(answer.first(name: "sec-websocket-accept") == nil && answer.first(name: "upgrade") == nil)
                    try await peer.send(Frame.make(0, stream: 1, Array("hello".utf8)))
                    #expect(String(buffer: try await peer.frame(0).payload) == "<hello>")
                    try await peer.send(Frame.make(0, flags: 1, stream: 1, Array("bye".utf8)))
                    #expect(String(buffer: try await peer.frame(0).payload) == "<bye>")
                    let end = try await peer.frame(0)
                    #expect(end.payload.readableBytes == 0 && end.flags & 1 == 1)
                }
                let seen = try #require(app.seen.first)
                #expect(seen.start == "GET / HTTP/1.1" && seen.value("upgrade") == "websocket")
                #expect(seen.value("connection") == "Upgrade" && seen.value("sec-websocket-version") == "13")
                let key = try #require(seen.value("sec-websocket-key"))
                #expect(Data(base64Encoded: key)?.count == 16)
            }
        }
    }

    @Test("an app that does not want it answers as it likes; other protocols, and a bare CONNECT, are refused")
    func refused() async throws {
        let handler = TestApp.serve { _ in "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno" }
        try await Lab.secure { lab, authority in
            try await TestApp.with(handler) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withHTTP2(lab, authority) { peer in
                    var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
                    try await takeSettings(peer)
                    try await peer.send(Frame.webSocket(1))
                    let first = try headers(try await peer.frame(1), &decoder)
                    #expect(first.first(name: ":status") == "403")
                    #expect(String(buffer: try await peer.frame(0).payload) == "no")
                    try await peer.send(Frame.webSocket(3, protocol: "connect-udp"))
                    let answer = try await peer.frame(1)
                    let second = try headers(answer, &decoder)
                    #expect(answer.stream == 3 && second.first(name: ":status") == "405")
                    // The connection is as good as before.
                    try await peer.send(Frame.request(5))
                    #expect(try await peer.frame(1).stream == 5)
                }
                #expect(app.seen.count == 2)
            }
        }
    }
}
