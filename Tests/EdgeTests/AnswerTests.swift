import CZlib
import Edge
import Foundation
import NIOCore
import Testing

@testable import Model

/// What the edge changes of answers, and how much a client may ask.
@Suite("Answers on their way", .timeLimit(.minutes(1)))
struct AnswerTests {
    private static let page = String(repeating: "The quick brown fox. ", count: 400)

    private static func answer(_ fields: String = "Content-Type: text/html\r\n", body: String = page) -> String {
        "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func run(
        _ options: AppConfig.HTTPOptions,
        _ handler: @escaping TestApp.Handler,
        _ body: @escaping @Sendable (Lab) async throws -> Void
    ) async throws {
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                var route = Route.notes(app.target())
                route.options = options
                try await lab.serve.apply(1, [route])
                try await body(lab)
            }
        }
    }

    private func ask(_ lab: Lab, _ fields: String = "") async throws -> (message: Peer.Message, body: ByteBuffer) {
        try await withClient(lab.port) { peer in
            try await peer.send("GET / HTTP/1.1\r\nHost: notes.localhost\r\nConnection: close\r\n\(fields)\r\n")
            let head = try await peer.until("\r\n\r\n")
            var body = ByteBuffer()
            while var more = try await peer.any() { body.writeBuffer(&more) }
            return (Peer.Message(head: head, body: ""), body)
        }
    }

    @Test("a compressible answer of known length is made smaller for who takes it so")
    func gzip() async throws {
        var options = AppConfig.HTTPOptions()
        options.compress = true
        let handler = TestApp.serve { _ in
            Self.answer("Content-Type: text/html; charset=utf-8\r\nETag: \"a\"\r\nVary: Cookie\r\n")
        }
        try await run(options, handler) { lab in
            let (small, body) = try await ask(lab, "Accept-Encoding: gzip, deflate\r\n")
            #expect(small.value("content-encoding") == "gzip")
            #expect(small.value("transfer-encoding") == "chunked")
            #expect(small.values("content-length").isEmpty)
            #expect(small.value("vary") == "Cookie, Accept-Encoding")
            #expect(small.value("etag") == "W/\"a\"")
            #expect(body.readableBytes < 600)
            #expect(try inflated(unchunked(body)) == Self.page)
            let (best, _) = try await ask(lab, "Accept-Encoding: gzip, br\r\n")
            #expect(best.value("content-encoding") == "br")
            for none in ["", "Accept-Encoding: identity\r\n", "Accept-Encoding: gzip;q=0\r\n"] {
                let (plain, body) = try await ask(lab, none)
                #expect(plain.values("content-encoding").isEmpty)
                #expect(body.readableBytes == Self.page.utf8.count)
            }
        }
    }

    @Test("what must stay as it is stays so")
    func untouched() async throws {
        var options = AppConfig.HTTPOptions()
        options.compress = true
        for answer in [
            Self.answer("Content-Type: text/html\r\nContent-Encoding: none\r\n"),
            Self.answer("Content-Type: image/png\r\n"),
            Self.answer("Content-Type: text/html\r\nCache-Control: public, no-transform\r\n"),
            Self.answer(body: "short"), Self.answer("Content-Type: text/event-stream\r\n"),
            "HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nContent-Length: 2000\r\n\r\n"
                + String(repeating: "a", count: 2000),
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n"
                + String(repeating: "a", count: 2000) + "\r\n0\r\n\r\n",
        ] {
            try await run(options, TestApp.serve { _ in answer }) { lab in
                let (message, _) = try await ask(lab, "Accept-Encoding: gzip\r\n")
                #expect(message.value("content-encoding") != "gzip", "\(answer.prefix(120))")
            }
        }
        try await run(AppConfig.HTTPOptions(), TestApp.serve { _ in Self.answer() }) { lab in
            let (message, _) = try await ask(lab, "Accept-Encoding: gzip\r\n")
            #expect(message.value("content-encoding") == nil, "off unless it is asked for")
        }
    }

    @Test("headers are set, added and taken away as the configuration says")
    func headers() async throws {
        var options = AppConfig.HTTPOptions()
        options.headers = [
            "Server": .remove, "X-One": .set("1"), "X-Many": .add(["1", "2"]), "X-Gone": .remove,
            "Content-Length": .set("1"),
        ]
        let handler = TestApp.serve { _ in
            Self.answer("Server: uvicorn\r\nX-One: 0\r\nX-Many: 0\r\nx-gone: 1\r\n", body: "hello")
        }
        try await run(options, handler) { lab in
            let (message, body) = try await ask(lab)
            #expect(message.values("server").isEmpty)
            #expect(message.values("x-one") == ["1"])
            #expect(message.values("x-many") == ["0", "1", "2"])
            #expect(message.values("x-gone").isEmpty)
            #expect(message.values("content-length") == ["5"])
            #expect(message.values("via") == ["1.1 roost"])
            #expect(String(buffer: body) == "hello")
        }
    }

    @Test("a pristine answer has nothing of the edge's")
    func pristine() async throws {
        var options = AppConfig.HTTPOptions()
        options.pristine = true
        let handler = TestApp.serve { _ in Self.answer("Server: own\r\nFly-Request-Id: own\r\n", body: "x") }
        try await run(options, handler) { lab in
            let (message, _) = try await ask(lab)
            #expect(message.values("server") == ["own"])
            #expect(message.values("via").isEmpty)
            #expect(message.values("fly-request-id") == ["own"])
        }
    }

    @Test("the strict set of headers gives way to the app's own, and HSTS needs TLS")
    func security() async throws {
        var options = AppConfig.HTTPOptions()
        options.securityHeaders = .strict
        let handler = TestApp.serve { _ in Self.answer("X-Frame-Options: SAMEORIGIN\r\n", body: "x") }
        try await run(options, handler) { lab in
            let (plain, _) = try await ask(lab)
            #expect(plain.values("x-frame-options") == ["SAMEORIGIN"])
            #expect(plain.values("x-content-type-options") == ["nosniff"])
            #expect(plain.values("strict-transport-security").isEmpty)
        }
    }

    @Test("a trace goes on, or begins")
    func trace() async throws {
        try await run(AppConfig.HTTPOptions(), TestApp.echo) { lab in
            let own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let (_, passed) = try await ask(lab, "traceparent: \(own)\r\n")
            #expect(String(buffer: passed).contains("traceparent: \(own)\r\n"))
            let (_, made) = try await ask(lab)
            let line = String(buffer: made).split(separator: "\r\n").first { $0.hasPrefix("traceparent: ") } ?? ""
            #expect(line.split(separator: "-").map(\.count) == [15, 32, 16, 2])
        }
    }

    @Test("one client's requests are bounded, and others' are not")
    func rateLimit() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                var route = Route.notes(app.target())
                route.rateLimit = RateLimit(requests: 2, per: "1h", header: "x-key")
                try await lab.serve.apply(1, [route])
                func status(_ path: String, _ key: String) async throws -> Peer.Message {
                    try await fetch(lab.port, "GET \(path) HTTP/1.1\r\nHost: notes.localhost\r\nX-Key: \(key)\r\n\r\n")
                }
                for _ in 0..<2 { #expect(try await status("/", "a").status == 200) }
                let refused = try await status("/", "a")
                #expect(refused.status == 429)
                // A token comes each half an hour; some of it may have gone by.
                let wait = try #require(refused.value("retry-after").flatMap { Int($0) })
                #expect((1600...1800).contains(wait))
                #expect(refused.value("ratelimit-remaining") == "0")
                #expect(try await status("/health", "a").status == 200)
                #expect(try await status("/", "b").status == 200)
                // A change of other things does not fill anybody's bucket.
                route.hostnames.append("more.localhost")
                try await lab.serve.apply(2, [route])
                #expect(try await status("/", "a").status == 429)
            }
        }
    }

    @Test("an app that is closed for maintenance answers for itself to nobody; one that is paused keeps its clients")
    func traffic() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                var route = Route.notes(app.target())
                route.traffic = .maintenance
                try await lab.serve.apply(1, [route])
                let closed = try await fetch(lab.port, get())
                #expect(closed.status == 503)
                #expect(closed.value("retry-after") == "60")
                route.traffic = .paused
                try await lab.serve.apply(2, [route])
                async let held = fetch(lab.port, get())
                try await Task.sleep(for: .milliseconds(100))
                #expect(app.seen.isEmpty)
                route.traffic = nil
                try await lab.serve.apply(3, [route])
                #expect(try await held.status == 200)
            }
        }
    }

    private func unchunked(_ body: ByteBuffer) throws -> [UInt8] {
        var body = body
        var decoder = BodyDecoder(.chunked)
        var bytes: [UInt8] = []
        while case .data(let piece) = try decoder.next(&body) { bytes += piece.readableBytesView }
        return bytes
    }

    private func inflated(_ bytes: [UInt8]) throws -> String {
        var stream = z_stream()
        inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { inflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: 1 << 20)
        let count = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                #expect(inflate(&stream, Z_FINISH) == Z_STREAM_END)
                return output.count - Int(stream.avail_out)
            }
        }
        return String(decoding: output[..<count], as: UTF8.self)
    }
}
