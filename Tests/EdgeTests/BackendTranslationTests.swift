import Edge
import NIOCore
import NIOHPACK
import Testing

@Suite("HTTP/1.1 of the driver and HTTP/2 of an app")
struct BackendTranslationTests {
    private static func pieces(_ texts: String...) throws -> [String] {
        var request = BackendRequest()
        var all: [String] = []
        for text in texts {
            request.add(ByteBuffer(string: text))
            while let piece = try request.next() {
                switch piece {
                case .head(let headers, let ends):
                    all.append(headers.map { "\($0.name)=\($0.value)" }.joined(separator: " ") + (ends ? " end" : ""))
                case .data(let bytes): all.append(String(buffer: bytes))
                case .end(let trailers):
                    all.append("end\(trailers.map { $0.map { " \($0.name)=\($0.value)" }.joined() } ?? "")")
                }
            }
        }
        return all
    }

    @Test("a request is a head without what is of one connection, its pieces, and an end")
    func request() throws {
        let head = "POST /a?b=1 HTTP/1.1\r\nHost: x.y\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n"
        #expect(
            try Self.pieces(head + "3\r\nabc\r\n", "2\r\nde\r\n0\r\nX-T: 2\r\n\r\n") == [
                ":method=POST :scheme=http :path=/a?b=1 :authority=x.y x-a=1 te=trailers", "abc", "de", "end x-t=2",
            ]
        )
        #expect(
            try Self.pieces("GET / HTTP/1.1\r\nHost: x\r\n", "\r\n") == [
                ":method=GET :scheme=http :path=/ :authority=x end"
            ]
        )
        #expect(
            try Self.pieces("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi") == [
                ":method=PUT :scheme=http :path=/ :authority=x content-length=2", "hi", "end",
            ]
        )
    }

    private static func answer(
        isHead: Bool = false,
        _ head: [(String, String)],
        _ body: [String]? = nil,
        trailers: [(String, String)]? = nil
    ) throws -> String {
        var (answer, buffer) = (BackendAnswer(isHead: isHead), ByteBuffer())
        try answer.write(HPACKHeaders(head), ends: body == nil, to: &buffer)
        for (index, piece) in (body ?? []).enumerated() {
            let ends = trailers == nil && index + 1 == body?.count
            try answer.write(ByteBuffer(string: piece), ends: ends, to: &buffer)
        }
        if let trailers { try answer.write(HPACKHeaders(trailers), ends: true, to: &buffer) }
        return String(buffer: buffer)
    }

    @Test("an answer is written with its length, in chunks, or with trailers")
    func answers() throws {
        let ok = (":status", "200")
        #expect(
            try Self.answer([ok, ("content-length", "2")], ["hi"]) == "HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nhi"
        )
        #expect(
            try Self.answer([ok], ["a", "bc"])
                == "HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
        )
        let grpc = ("content-type", "application/grpc")
        #expect(
            try Self.answer([ok, grpc, ("content-length", "2")], ["hi"], trailers: [("grpc-status", "0")])
                == "HTTP/1.1 200 \r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n"
                + "2\r\nhi\r\n0\r\ngrpc-status: 0\r\n\r\n"
        )
        // gRPC's answer to a call that failed at once: one head, and nothing behind it.
        #expect(
            try Self.answer([ok, grpc, ("grpc-status", "5")])
                == "HTTP/1.1 200 \r\ncontent-type: application/grpc\r\ngrpc-status: 5\r\ncontent-length: 0\r\n\r\n"
        )
        #expect(try Self.answer([(":status", "204")]) == "HTTP/1.1 204 \r\n\r\n")
        #expect(
            try Self.answer(isHead: true, [ok, ("content-length", "9")]) == "HTTP/1.1 200 \r\ncontent-length: 9\r\n\r\n"
        )
    }

    @Test("what would be another message in HTTP/1.1 is refused")
    func refused() {
        for head in [
            [(":status", "200"), ("x", "a\r\nb: c")], [(":status", "200"), ("transfer-encoding", "chunked")],
            [(":status", "20")], [(":status", "101")], [("x", "y")], [(":status", "200"), ("a b", "c")],
        ] {
            #expect(throws: Malformed.self) { try Self.answer(head, ["x"]) }
        }
        #expect(throws: Malformed.self) {
            var (answer, buffer) = (BackendAnswer(isHead: false), ByteBuffer())
            try answer.write(ByteBuffer(string: "early"), ends: true, to: &buffer)
        }
    }
}
