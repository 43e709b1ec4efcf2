import Edge
import NIOCore

extension FuzzTarget {
    private static let bounds = RequestHead.Bounds(target: 8192, fields: 100)

    private static let fieldWords = [
        "\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", ":", ",", ";", "=", "\"", "\0", "\u{7f}", "Host: a\r\n", "Host:",
        "Content-Length: 5\r\n", "Content-Length:", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding:", "chunked",
        "gzip", "identity", "Connection: close\r\n", "Connection: keep-alive, Upgrade, X\r\n", "Upgrade: websocket\r\n",
        "TE: trailers\r\n", "Expect: 100-continue\r\n", "X-Forwarded-For: 1.1.1.1\r\n", "HTTP/1.1", "HTTP/1.0",
        "HTTP/2",
        " HTTP/1.1\r\n", "http://h:80/", "//", "/?", "*", "%00", "[::1]", "a:99999", "@", "é",
    ]

    /// A request's head: what the edge sends on is read by it in the same way, and holds no bare line feed.
    static let requestHead = FuzzTarget(
        name: "http-head",
        words: fieldWords + ["GET ", "POST ", "OPTIONS ", "CONNECT "]
    ) { bytes, _ in
        let head: RequestHead
        do {
            head = try RequestHead(bytes, bounds: bounds)
        } catch {
            return "\(error)"
        }
        var output = ByteBuffer()
        head.write(to: &output, as: Passage(requestID: "i", clientAddress: "a", port: 1, region: "r"))
        let written = Array(output.readableBytesView)
        try checkLines(written)
        // What it writes beside the client's fields must not make it refuse a head at the limit.
        let wide = RequestHead.Bounds(target: 9000, fields: 200)
        let again: RequestHead
        do {
            again = try RequestHead(written, bounds: wide)
        } catch {
            throw Broken("what is sent on is refused: \(error)")
        }
        guard again.method == head.method, again.host == head.host, again.framing == head.framing else {
            throw Broken("what is sent on means something else: \(again.method) \(again.host) \(again.framing)")
        }
        return "\(head.method.count) \(head.minor) \(kind(head.framing)) \(head.keepAlive) \(head.upgrade != nil) "
            + "\(head.acceptsTrailers) \(head.nominated.count) \(head.fields.lines.count)"
    }

    /// The head of an app's answer: what the client gets is read in the same way.
    static let answer = FuzzTarget(
        name: "answer",
        words: fieldWords + ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 101 S\r\n", "HTTP/1.1 304 N\r\n", " 204 ", "Date: x\r\n"]
    ) { bytes, random in
        let head: ResponseHead
        do {
            head = try ResponseHead(bytes, isHead: Bool.random(using: &random))
        } catch {
            return "\(error)"
        }
        var output = ByteBuffer()
        head.write(to: &output, as: ResponseHead.Form(framing: head.framing, requestID: "i"))
        let written = Array(output.readableBytesView)
        try checkLines(written)
        guard let again = try? ResponseHead(written, isHead: false), again.status == head.status else {
            throw Broken("what the client gets is refused or another answer")
        }
        guard head.framing == .none || again.framing == head.framing else {
            throw Broken("what the client gets ends elsewhere: \(again.framing), not \(head.framing)")
        }
        return
            "\(head.status / 100) \(kind(head.framing)) \(head.keepAlive) \(head.dropsLength) \(head.nominated.count)"
    }

    /// A chunked body: the same comes out in whatever pieces it arrives.
    static let chunkedBody = FuzzTarget(
        name: "chunked-body",
        words: [
            "\r\n", "\n", "\r", "0", "0\r\n", "0\r\n\r\n", "5\r\n", ";", ";a=b", "\"", "ffffffffffffffff", "F", " ",
            "X: y\r\n", ":",
        ]
    ) { bytes, random in
        let whole = decode(bytes, step: bytes.count)
        for step in [1, Int.random(in: 2...9, using: &random)] where bytes.count > step {
            let parts = decode(bytes, step: step)
            guard parts == whole else { throw Broken("in pieces of \(step): \(parts), else \(whole)") }
        }
        return "\(whole.ended) \(whole.fault ?? "") \(whole.trailers) \(min(whole.data.count, 20))"
    }

    // MARK: - Private

    private struct Decoded: Equatable {
        var data: [UInt8] = []
        var ended = false
        var trailers = 0
        var rest = 0
        var fault: String?
    }

    private static func decode(_ bytes: [UInt8], step: Int) -> Decoded {
        var decoder = BodyDecoder(.chunked)
        var buffer = ByteBuffer()
        var result = Decoded()
        var left = bytes[...]
        while !left.isEmpty {
            buffer.writeBytes(left.prefix(step))
            left = left.dropFirst(step)
            pieces: while true {
                do throws(Malformed) {
                    switch try decoder.next(&buffer) {
                    case .data(let data): result.data += Array(data.readableBytesView)
                    case .end(let trailers):
                        result.ended = true
                        result.trailers = trailers?.lines.count ?? 0
                        result.rest = buffer.readableBytes + left.count
                        return result
                    case .starved: break pieces
                    }
                } catch {
                    result.fault = "\(error)"
                    return result
                }
            }
        }
        return result
    }

    private static func checkLines(_ written: [UInt8]) throws {
        for (index, byte) in written.enumerated() where byte == 10 && (index == 0 || written[index - 1] != 13) {
            throw Broken("a bare line feed is sent on")
        }
    }

    private static func kind(_ framing: BodyFraming) -> String {
        if case .length(let length) = framing { return "length \(String(length).count)" }
        return "\(framing)"
    }
}
