import Edge
import Model
import NIOCore
import Testing

@Suite("Exchange")
struct ExchangeTests {
    private let rules = Exchange.Rules(replayBytes: 10, attempts: 3, budget: .seconds(30))
    private let now = NIODeadline.uptimeNanoseconds(1)

    private func exchange(_ method: String = "GET", _ fields: String = "", version: String = "1.1") throws -> Exchange {
        let text = "\(method) / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"
        return Exchange(try RequestHead(Array(text.utf8), bounds: .init(target: 100, fields: 100)), rules: rules)
    }

    private func response(_ text: String, isHead: Bool = false) throws -> ResponseHead {
        try ResponseHead(Array("HTTP/1.1 \(text)\r\n\r\n".utf8), isHead: isHead)
    }

    @Test("a body is kept until there is a connection, and the client is then held back")
    func keeps() throws {
        var exchange = try exchange("POST", "Content-Length: 20\r\n")
        #expect(exchange.wantsBody)
        #expect(exchange.received(ByteBuffer(string: "0123456789")) == false)
        #expect(!exchange.wantsBody)
        let backlog = exchange.attach(reused: false)
        #expect(backlog.body == ByteBuffer(string: "0123456789"))
        #expect(!backlog.ended)
        #expect(exchange.wantsBody)
        #expect(exchange.received(ByteBuffer(string: "0123456789")) == true)
        #expect(exchange.receivedEnd(nil) == true)
        #expect(!exchange.wantsBody)
    }

    @Test("only a reused connection's silent end is tried again, and only with a method that may be repeated")
    func replays() throws {
        let machine = Machine.ID.random()
        for (method, reused, silent, remedy) in [
            ("GET", true, true, Exchange.Remedy.fresh), ("PUT", true, true, .fresh),
            ("GET", false, true, .answer(Page(502))), ("GET", true, false, .answer(Page(502))),
            ("POST", true, true, .answer(Page(502))), ("PATCH", true, true, .answer(Page(502))),
        ] {
            var exchange = try exchange(method)
            _ = exchange.receivedEnd(nil)
            _ = exchange.attach(reused: reused)
            #expect(exchange.lost(.closed(silent: silent), of: machine, at: now) == remedy, "\(method)")
            #expect(exchange.needsFresh == (remedy == .fresh))
            #expect(exchange.excluded.isEmpty)
        }
    }

    @Test("a body beyond what is kept is not sent twice")
    func tooLarge() throws {
        var exchange = try exchange("PUT", "Content-Length: 11\r\n")
        _ = exchange.attach(reused: true)
        #expect(exchange.received(ByteBuffer(string: "0123456789")) == true)
        #expect(exchange.received(ByteBuffer(string: "0")) == true)
        #expect(exchange.lost(.closed(silent: true), of: .random(), at: now) == .answer(Page(502)))
    }

    @Test("an unreachable Machine is excluded, until the tries or the time run out")
    func unreachable() throws {
        let (first, second) = (Machine.ID.random(), Machine.ID.random())
        var exchange = try exchange()
        #expect(exchange.lost(.unreachable, of: first, at: now) == .another)
        #expect(exchange.excluded == [first])
        #expect(exchange.lost(.unreachable, of: second, at: now) == .another)
        #expect(exchange.excluded == [first, second])
        #expect(exchange.pause == .milliseconds(50))
        exchange.pauseEnded()
        #expect(exchange.excluded.isEmpty)
        #expect(exchange.lost(.unreachable, of: first, at: now) == .answer(Page(503, retryAfter: 1)))

        var slow = try self.exchange()
        #expect(slow.lost(.unreachable, of: first, at: now) == .another)
        #expect(slow.lost(.unreachable, of: first, at: now + .seconds(31)) == .answer(Page(503, retryAfter: 1)))
    }

    @Test("after the answer has begun, a loss cuts the client off")
    func cutOff() throws {
        var exchange = try exchange()
        _ = exchange.receivedEnd(nil)
        _ = exchange.attach(reused: true)
        _ = exchange.answered(try response("103 Early Hints"), closing: false)
        #expect(exchange.lost(.closed(silent: false), of: .random(), at: now) == .cutOff)
    }

    @Test("how the client's connection goes on")
    func ends() throws {
        for (fields, version, status, closing, framing, keeps) in [
            ("", "1.1", "200 OK\r\nContent-Length: 1", false, BodyFraming.length(1), true),
            ("", "1.1", "200 OK\r\nContent-Length: 1", true, .length(1), false),
            ("Connection: close\r\n", "1.1", "200 OK\r\nContent-Length: 1", false, .length(1), false),
            ("", "1.0", "200 OK\r\nContent-Length: 1", false, .length(1), false),
            ("Connection: Keep-Alive\r\n", "1.0", "200 OK\r\nContent-Length: 1", false, .length(1), true),
            ("Connection: Keep-Alive\r\n", "1.0", "200 OK\r\nTransfer-Encoding: chunked", false, .untilClose, false),
            ("", "1.1", "200 OK\r\nTransfer-Encoding: chunked", false, .chunked, true),
            ("", "1.1", "200 OK", false, .chunked, true),
            ("", "1.1", "204 No Content", false, .none, true),
        ] {
            var exchange = try exchange("GET", fields, version: version)
            _ = exchange.receivedEnd(nil)
            _ = exchange.attach(reused: false)
            let delivery = exchange.answered(try response(status), closing: closing)
            #expect(delivery == .final(framing: framing, close: !keeps), "\(fields) \(version) \(status)")
            #expect(exchange.answerEnded().client == keeps)
        }
    }

    @Test("an answer before the request's end lets neither connection be used again")
    func early() throws {
        var exchange = try exchange("POST", "Content-Length: 5\r\n")
        _ = exchange.attach(reused: false)
        _ = exchange.answered(try response("200 OK\r\nContent-Length: 0"), closing: false)
        #expect(exchange.answerEnded() == (client: false, upstream: false))
    }

    @Test("101 is a tunnel only for one who asked; 1xx is nothing for HTTP/1.0")
    func informational() throws {
        let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\n"
        for (fields, version, expected) in [
            (upgrade, "1.1", Exchange.Delivery.tunnel), ("", "1.1", .refuse(Page(502))),
            (upgrade, "1.0", .refuse(Page(502))),
            ("Connection: upgrade\r\nUpgrade: h2c\r\n", "1.1", .refuse(Page(502))),
        ] {
            var exchange = try exchange("GET", fields, version: version)
            _ = exchange.receivedEnd(nil)
            _ = exchange.attach(reused: false)
            #expect(exchange.answered(try response("101 Switching Protocols"), closing: false) == expected)
        }
        var old = try exchange("GET", version: "1.0")
        #expect(old.answered(try response("100 Continue"), closing: false) == .ignore)
        #expect(!old.answerBegun)
        var new = try exchange()
        #expect(new.answered(try response("100 Continue"), closing: false) == .interim)
        #expect(new.answerBegun)
    }
}
