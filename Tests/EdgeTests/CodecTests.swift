import Edge
import NIOCore
import Testing

@Suite("HTTP/1 codec")
struct CodecTests {
    private static let bounds = RequestHead.Bounds(target: 1000, fields: 50)

    /// Everything that a body decoder gives, as text; nil when it throws.
    private func decode(_ text: String, _ framing: BodyFraming, step: Int) -> (body: String, ended: Bool, rest: String)?
    {
        var decoder = BodyDecoder(framing)
        var buffer = ByteBuffer()
        var body = ""
        var left = Array(text.utf8)[...]
        repeat {
            buffer.writeBytes(left.prefix(step))
            left = left.dropFirst(step)
            while true {
                guard let output = try? decoder.next(&buffer) else { return nil }
                switch output {
                case .data(let data): body += String(buffer: data)
                case .end: return (body, true, String(buffer: buffer) + String(decoding: left, as: UTF8.self))
                case .starved: break
                }
                if case .starved = output { break }
            }
        } while !left.isEmpty
        return (body, false, String(buffer: buffer))
    }

    @Test("bodies come out the same in whatever pieces they arrive", arguments: [1, 2, 3, 7, 1000])
    func bodies(step: Int) {
        let chunked = "5\r\nhello\r\n00006;a=\"b\"\r\n world\r\n0\r\nX: y\r\n\r\nGET"
        #expect(
            decode(chunked, .chunked, step: step).map { "\($0)" }
                == "(body: \"hello world\", ended: true, rest: \"GET\")"
        )
        #expect(
            decode("helloGET", .length(5), step: step).map { "\($0)" }
                == "(body: \"hello\", ended: true, rest: \"GET\")"
        )
        #expect(decode("GET", .none, step: step).map { "\($0)" } == "(body: \"\", ended: true, rest: \"GET\")")
        #expect(decode("all", .untilClose, step: step).map { "\($0)" } == "(body: \"all\", ended: false, rest: \"\")")
        #expect(decode("5\r\nhel", .chunked, step: step).map { "\($0)" } == "(body: \"hel\", ended: false, rest: \"\")")
    }

    @Test("the end of a head is found in whatever pieces it arrives", arguments: [1, 2, 3, 100])
    func finds(step: Int) {
        for (text, length) in [("A: b\r\n\r\nrest", 8), ("A: b\n\nrest", 6), ("A: b\r\n\nx", 7), ("A: b\n\r\nx", 7)] {
            var finder = HeadFinder()
            var buffer = ByteBuffer()
            var left = Array(text.utf8)[...]
            var found: Int?
            while found == nil, !left.isEmpty {
                buffer.writeBytes(left.prefix(step))
                left = left.dropFirst(step)
                found = finder.find(in: buffer)
            }
            #expect(found == length, "\(text)")
        }
    }

    @Test("the host is lower case, without port and final dot")
    func hosts() throws {
        for (written, host) in [
            ("Example.COM", "example.com"), ("a.b:8080", "a.b"), ("a.b.:80", "a.b"), ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""), (":80", ""), (".", ""),
        ] {
            let head = try RequestHead(Array("GET / HTTP/1.1\r\nHost: \(written)\r\n\r\n".utf8), bounds: Self.bounds)
            #expect(head.host == host, "\(written)")
        }
    }

    @Test("the head for the app, byte for byte")
    func golden() throws {
        let text = "POST http://a.b?q HTTP/1.1\r\nhOST: c\r\nX-A:  1 \t\r\nTransfer-Encoding: Chunked\r\nx-a:2\r\n\r\n"
        let head = try RequestHead(Array(text.utf8), bounds: Self.bounds)
        var buffer = ByteBuffer()
        head.write(
            to: &buffer,
            as: Passage(requestID: "01J-fra", clientAddress: "10.1.2.3", port: 443, region: "fra", secure: true)
        )
        #expect(
            String(buffer: buffer) == """
                POST /?q HTTP/1.1\r
                Host: a.b\r
                X-A: 1\r
                x-a: 2\r
                Transfer-Encoding: chunked\r
                X-Forwarded-For: 10.1.2.3\r
                X-Forwarded-Proto: https\r
                X-Forwarded-Port: 443\r
                X-Forwarded-SSL: on\r
                Fly-Client-IP: 10.1.2.3\r
                Fly-Forwarded-Port: 443\r
                Fly-Forwarded-Proto: https\r
                Fly-Forwarded-Ssl: on\r
                Fly-Region: fra\r
                Fly-Request-Id: 01J-fra\r
                Via: 1.1 roost\r
                \r\n
                """
        )
    }

    @Test("bytes that are no UTF-8 pass unchanged")
    func latin1() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: caf".utf8) + [0xE9] + Array("\r\n\r\n".utf8)
        let head = try RequestHead(bytes, bounds: Self.bounds)
        var buffer = ByteBuffer()
        head.write(to: &buffer, as: Passage(requestID: "", clientAddress: "", port: 1, region: ""))
        #expect(Array(buffer.readableBytesView).contains(0xE9))
    }

    @Test("random damage never crashes, and what is taken holds no bare line feed")
    func fuzz() {
        var seed = SplitMix(state: 0x5EED)
        let seeds = [
            "GET /a?b HTTP/1.1\r\nHost: a.b:80\r\nConnection: close, x\r\nX: y\r\nTE: trailers\r\n\r\n",
            "POST http://h/ HTTP/1.0\r\nHost: h\r\nContent-Length: 10\r\nX-Forwarded-For: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nServer: x\r\nConnection: keep-alive\r\n\r\n",
            "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
        ]
        let alphabet = Array("\r\n :;,\t\0aF0-_/.*[]@\u{7f}".utf8) + [0xFF]
        for _ in 0..<20_000 {
            var bytes = Array((seeds.randomElement(using: &seed) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...6, using: &seed) {
                let place = Int.random(in: 0..<bytes.count, using: &seed)
                switch Int.random(in: 0..<4, using: &seed) {
                case 0: bytes[place] = alphabet.randomElement(using: &seed) ?? 0
                case 1: bytes.insert(alphabet.randomElement(using: &seed) ?? 0, at: place)
                case 2 where bytes.count > 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[..<place], at: place)
                }
            }
            var output = ByteBuffer()
            if let head = try? RequestHead(bytes, bounds: Self.bounds) {
                head.write(to: &output, as: Passage(requestID: "i", clientAddress: "a", port: 1, region: "r"))
                #expect(!head.host.contains("\n"))
            }
            if let head = try? ResponseHead(bytes, isHead: false) {
                head.write(to: &output, as: ResponseHead.Form(framing: head.framing, requestID: "i"))
            }
            let written = Array(output.readableBytesView)
            for (index, byte) in written.enumerated() where byte == 10 {
                #expect(index > 0 && written[index - 1] == 13)
            }
            for framing in [BodyFraming.chunked, .length(7)] {
                _ = decode(String(decoding: bytes, as: UTF8.self), framing, step: Int.random(in: 1...9, using: &seed))
            }
        }
    }
}
