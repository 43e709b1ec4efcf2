import Edge
import Foundation
import NIOCore
import NIOSSL

/// Frames of HTTP/2, made by hand: for what no client sends.
enum Frame {
    static let preface = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

    static func make(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeBytes([UInt8(payload.count >> 16), UInt8(payload.count >> 8 & 255), UInt8(payload.count & 255)])
        buffer.writeBytes([type, flags])
        buffer.writeInteger(stream)
        buffer.writeBytes(payload)
        return buffer
    }

    static var settings: ByteBuffer { make(4) }
    static var ping: ByteBuffer { make(6, [0, 1, 2, 3, 4, 5, 6, 7]) }

    /// HEADERS of `GET /` or `POST /` to `notes.localhost`, literal but for the static table.
    static func request(_ stream: UInt32, post: Bool = false, flags: UInt8 = 5) -> ByteBuffer {
        make(1, flags: flags, stream: stream, fields(post: post))
    }

    static func fields(
        post: Bool = false,
        host: String = "notes.localhost",
        _ more: [(String, String)] = []
    ) -> [UInt8] {
        var block: [UInt8] = [post ? 0x83 : 0x82, 0x87, 0x84, 0x01]
        block += literal(host)
        for (name, value) in more { block += [0x00] + literal(name) + literal(value) }
        return block
    }

    /// HEADERS that open a WebSocket, as RFC 8441 has it.
    static func webSocket(_ stream: UInt32, protocol name: String = "websocket") -> ByteBuffer {
        let head: [UInt8] = [0x02] + literal("CONNECT") + [0x87, 0x84, 0x01] + literal("notes.localhost")
        let more = [(":protocol", name), ("sec-websocket-version", "13"), ("origin", "https://notes.localhost")]
        return make(1, flags: 4, stream: stream, more.reduce(head) { $0 + [0x00] + literal($1.0) + literal($1.1) })
    }

    static func reset(_ stream: UInt32) -> ByteBuffer { make(3, stream: stream, [0, 0, 0, 8]) }

    private static func literal(_ text: String) -> [UInt8] {
        precondition(text.utf8.count < 127)
        return [UInt8(text.utf8.count)] + Array(text.utf8)
    }
}

extension Peer {
    struct Received {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: ByteBuffer
    }

    /// The next frame.
    func frame() async throws -> Received {
        var head = try await bytes(9)
        let length = Int(head.readInteger(as: UInt8.self) ?? 0) << 16 | Int(head.readInteger(as: UInt16.self) ?? 0)
        let type = head.readInteger(as: UInt8.self) ?? 0
        let flags = head.readInteger(as: UInt8.self) ?? 0
        let stream = head.readInteger(as: UInt32.self) ?? 0
        return Received(type: type, flags: flags, stream: stream, payload: try await bytes(length))
    }

    /// The next frame of that type; others are passed over.
    func frame(_ type: UInt8) async throws -> Received {
        while true {
            let next = try await frame()
            if next.type == type { return next }
        }
    }
}

/// A connection that has negotiated HTTP/2 and said hello.
func withHTTP2<Result>(
    _ lab: Lab,
    _ authority: TestAuthority,
    _ body: (Peer) async throws -> Result
) async throws -> Result {
    let adjust: (inout TLSConfiguration) -> Void = { $0.applicationProtocols = ["h2"] }
    return try await withSecureClient(lab.securePort, authority, adjust: adjust) { peer in
        try await peer.send(Frame.preface)
        try await peer.send(Frame.settings)
        return try await body(peer)
    }
}
