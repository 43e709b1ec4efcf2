import Edge
import Foundation
import Model
import NIOCore
import Testing

/// Clients that cost more than they pay.
@Suite("Floods over HTTP/2", .serialized)
struct HTTP2FloodTests {
    typealias Attack = @Sendable (Int) -> ByteBuffer

    private static let attacks: [(String, Attack)] = [
        ("pings", { _ in Frame.ping }),
        ("settings", { _ in Frame.settings }),
        (
            "rapid reset",
            { round in
                var buffer = Frame.request(UInt32(2 * round + 1))
                buffer.writeImmutableBuffer(Frame.reset(UInt32(2 * round + 1)))
                return buffer
            }
        ),
        (
            "CONTINUATION without end",
            { round in
                round == 0
                    ? Frame.request(1, flags: 1) : Frame.make(9, stream: 1, Frame.fields(post: false, [("x-a", "b")]))
            }
        ),
        (
            "empty DATA",
            { round in round == 0 ? Frame.request(1, post: true, flags: 4) : Frame.make(0, stream: 1) }
        ),
        (
            "a header list that unpacks to megabytes",
            { round in
                // A field of 3,000 bytes goes into the table once, then each byte says it again.
                let value = [UInt8](repeating: 0x61, count: 3000)
                let name = [0x40, 0x03] + Array("x-a".utf8)
                // 3000 as an integer with a prefix of 7 bits: 127, then 2873 in groups of 7 bits.
                let length: [UInt8] = [0x7f, 0x80 | UInt8(2873 & 127), UInt8(2873 >> 7)]
                let bomb = name + length + value + [UInt8](repeating: 0xbe, count: 2000)
                return Frame.make(1, flags: 5, stream: UInt32(2 * round + 1), Frame.fields() + bomb)
            }
        ),
        (
            "more streams than may be",
            { round in Frame.request(UInt32(2 * round + 1), post: true, flags: 4) }
        ),
        (
            "header fields that no browser sends",
            { round in
                let fields = Frame.fields(post: false, [("Transfer-Encoding", "chunked")])
                return Frame.make(1, flags: 5, stream: UInt32(2 * round + 1), fields)
            }
        ),
    ]

    @Test("end in the end of the connection, and others are served", arguments: attacks.map(\.0))
    func flood(name: String) async throws {
        let attack = try #require(Self.attacks.first { $0.0 == name }?.1)
        try await Lab.secure { lab, authority in
            try await TestApp.with(TestApp.echo) { app in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withHTTP2(lab, authority) { peer in
                    let writer = peer.writer
                    try await withThrowingTaskGroup(of: Bool.self) { group in
                        group.addTask {
                            for round in 0..<20_000 {
                                guard (try? await writer.send(attack(round))) != nil else { return true }
                            }
                            return false
                        }
                        // What the edge says is taken, so that nothing but its own rules ends this.
                        _ = await peer.rest()
                        let isEnded = try await group.next() ?? false
                        #expect(isEnded, "20,000 rounds of \(name) were borne")
                    }
                }
                try await withSecureClient(lab.securePort, authority) { peer in
                    try await peer.send(get("/"))
                    #expect(try await peer.message().status == 200)
                }
            }
        }
    }
}
