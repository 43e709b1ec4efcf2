import Edge
import NIOCore
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Work is linear in the bytes, however small the pieces are in which they come.
@Suite("Work per byte", .serialized)
struct WorkTests {
    /// CPU seconds of this thread: another test's work does not count.
    private func cost(_ body: () throws -> Void) rethrows -> Double {
        var (before, after) = (timespec(), timespec())
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before)
        try body()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after)
        return Double(after.tv_sec - before.tv_sec) + Double(after.tv_nsec - before.tv_nsec) / 1e9
    }

    /// How much more ten times the bytes cost; the best of a few tries, for a busy host only ever makes it worse.
    private func growth(_ work: (Int) throws -> Void) rethrows -> Double {
        try work(1)
        var best = Double.infinity
        for _ in 0..<5 {
            let (small, large) = (try cost { try work(2) }, try cost { try work(20) })
            best = min(best, large / small)
            if best < 15 { break }
        }
        return best
    }

    private func head(_ fields: String) throws -> RequestHead {
        let text = "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
        return try RequestHead(Array(text.utf8), bounds: .init(target: 100, fields: 100))
    }

    /// Takes a body apart as a connection does: what came is put to what is left.
    private func decode(_ body: [UInt8], step: Int, into exchange: inout Exchange) throws {
        var decoder = BodyDecoder(.chunked)
        var inbound = ByteBuffer()
        for start in stride(from: 0, to: body.count, by: step) {
            inbound.writeBytes(body[start..<min(start + step, body.count)])
            reading: while true {
                switch try decoder.next(&inbound) {
                case .data(let bytes): _ = exchange.received(bytes)
                case .starved, .end: break reading
                }
            }
        }
    }

    private static let shapes: [(name: String, piece: String, end: String)] = [
        ("one byte a chunk", "1\r\na\r\n", "0\r\n\r\n"),
        ("extensions", "1;\(String(repeating: "x", count: 100))\r\na\r\n", "0\r\n\r\n"),
        ("three bytes a chunk", "003\r\nabc\r\n", "0\r\n\r\n"),
    ]

    @Test("chunks of any shape, in pieces of any size, kept for a second try", arguments: 0..<3, [1, 7, 65_536])
    func chunks(shape: Int, step: Int) throws {
        let (name, piece, end) = Self.shapes[shape]
        let rules = Exchange.Rules(replayBytes: 65_536, attempts: 1, budget: .seconds(1))
        let growth = try growth { size in
            let body = Array((String(repeating: piece, count: 1000 * size) + end).utf8)
            var exchange = Exchange(try head("Transfer-Encoding: chunked\r\n"), rules: rules)
            try decode(body, step: step, into: &exchange)
        }
        #expect(growth < 30, "\(name) in pieces of \(step)")
    }

    @Test("small chunks that came together are handed on together")
    func gathers() throws {
        var decoder = BodyDecoder(.chunked)
        var inbound = ByteBuffer(string: String(repeating: "1\r\na\r\n", count: 10_000) + "0\r\n\r\n")
        var pieces = 0
        var bytes = 0
        reading: while true {
            switch try decoder.next(&inbound) {
            case .data(let data):
                pieces += 1
                bytes += data.readableBytes
            case .end: break reading
            case .starved:
                Issue.record("no end")
                return
            }
        }
        #expect(bytes == 10_000 && pieces <= 2)
    }

    @Test("trailers, line by line")
    func trailers() throws {
        let growth = try growth { size in
            var decoder = BodyDecoder(.chunked)
            // A field of one letter is 6 bytes; 16 KB is the most there may be.
            let text = "0\r\n" + String(repeating: "a: b\r\n", count: 130 * size)
            var inbound = ByteBuffer()
            for byte in text.utf8 {
                inbound.writeInteger(byte)
                _ = try decoder.next(&inbound)
            }
        }
        #expect(growth < 30)
    }

    @Test("heads, byte by byte")
    func heads() throws {
        let growth = growth { size in
            var finder = HeadFinder()
            var inbound = ByteBuffer()
            for byte in String(repeating: "a: b\r\n", count: 1000 * size).utf8 {
                inbound.writeInteger(byte)
                _ = finder.find(in: inbound)
            }
        }
        #expect(growth < 30)
    }

    @Test("answers with a length and without, and heads that are read")
    func answers() throws {
        let growth = try growth { size in
            let text = "HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 12 * size) + "\r\n"
            for _ in 0..<100 { _ = try ResponseHead(Array(text.utf8), isHead: false) }
        }
        #expect(growth < 30)
    }

    @Test("PROXY headers, byte by byte")
    func proxyHeaders() throws {
        let ends = ProxyHeader.Ends(client: "192.0.2.1", clientPort: 5, server: "192.0.2.2", serverPort: 443)
        let growth = growth { size in
            // What a sender adds to a block counts to its length; 2,048 bytes are the most there may be.
            let added = [UInt8](repeating: 0, count: 100 * size)
            var bytes = ProxyHeader.binary(ends) + added
            let length = bytes.count - 16
            (bytes[14], bytes[15]) = (UInt8(length >> 8), UInt8(length & 255))
            for _ in 0..<20 {
                var inbound = ByteBuffer()
                var reading = ProxyHeader.Reading.incomplete
                for byte in bytes {
                    inbound.writeInteger(byte)
                    reading = ProxyHeader.read(inbound)
                }
                #expect(reading == .header(ends, length: bytes.count))
            }
        }
        #expect(growth < 30)
    }
}
