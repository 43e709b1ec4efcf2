import Edge
import NIOCore
import Testing

/// The line or block with which a proxy says whom it speaks for.
@Suite("PROXY protocol")
struct ProxyHeaderTests {
    private static let ends = ProxyHeader.Ends(
        client: "203.0.113.9",
        clientPort: 40_001,
        server: "198.51.100.1",
        serverPort: 443
    )
    private static let ends6 = ProxyHeader.Ends(
        client: "2001:db8::9",
        clientPort: 40_001,
        server: "2001:db8::1",
        serverPort: 443
    )

    @Test("what is written is read again, in both versions and families, and any part of it is not enough yet")
    func roundTrip() {
        for ends in [Self.ends, Self.ends6] {
            for bytes in [Array(ProxyHeader.text(ends).utf8), ProxyHeader.binary(ends)] {
                let whole = ByteBuffer(bytes: bytes + Array("GET /".utf8))
                #expect(ProxyHeader.read(whole) == .header(ends, length: bytes.count))
                for part in 0..<bytes.count {
                    #expect(ProxyHeader.read(ByteBuffer(bytes: bytes.prefix(part))) == .incomplete)
                }
            }
        }
        #expect(ProxyHeader.text(Self.ends) == "PROXY TCP4 203.0.113.9 198.51.100.1 40001 443\r\n")
        #expect(ProxyHeader.text(Self.ends6).hasPrefix("PROXY TCP6 2001:db8::9 2001:db8::1 "))
    }

    @Test(
        "one that speaks for itself is taken, and is nobody else",
        arguments: [
            Array("PROXY UNKNOWN\r\n".utf8), Array("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".utf8),
            Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x20, 0, 0, 0],
            // A unix socket: an address that nothing here can use.
            Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x21, 0x31, 0, 216] + [UInt8](repeating: 0, count: 216),
        ]
    )
    func ofItself(_ bytes: [UInt8]) {
        #expect(ProxyHeader.read(ByteBuffer(bytes: bytes)) == .header(nil, length: bytes.count))
    }

    @Test("what a sender adds to a block is passed over")
    func additions() {
        var bytes = ProxyHeader.binary(Self.ends)
        bytes[15] += 5
        bytes += [0x04, 0, 2, 1, 1]
        #expect(ProxyHeader.read(ByteBuffer(bytes: bytes)) == .header(Self.ends, length: bytes.count))
    }

    @Test(
        "anything else is refused",
        arguments: [
            "GET / HTTP/1.1\r\n", "PROXY \r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
            "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
            "PROXY UNKNOWN " + String(repeating: "x", count: 100) + "\r\n",
        ]
    )
    func nonsense(_ text: String) {
        #expect(ProxyHeader.read(ByteBuffer(string: text)) == .invalid)
    }

    @Test("blocks of another version, of an unknown command, too short or far too long are refused")
    func badBlocks() {
        let good = ProxyHeader.binary(Self.ends)
        for (place, value) in [(12, UInt8(0x11)), (12, 0x22), (14, 0x40), (15, 4)] {
            var bad = good
            bad[place] = value
            #expect(ProxyHeader.read(ByteBuffer(bytes: bad)) == .invalid, "byte \(place) is \(value)")
        }
    }

    @Test("bytes at random are never taken for more than there is")
    func random() {
        var random = SplitMix(state: 12)
        let starts = [[], Array("PROXY TCP4 ".utf8), Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x21, 0x11]]
        for round in 0..<20_000 {
            let rest = (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            let bytes = starts[round % starts.count] + rest
            if case .header(_, let length) = ProxyHeader.read(ByteBuffer(bytes: bytes)) {
                #expect(length <= bytes.count)
            }
        }
    }
}
