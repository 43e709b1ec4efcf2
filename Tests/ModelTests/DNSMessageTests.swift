import Model
import Testing

@Suite("Messages of DNS")
struct DNSMessageTests {
    private func name(_ text: String) throws -> DNSName { try #require(DNSName(text)) }

    @Test("a question is read as it was written, in whatever case")
    func question() throws {
        let query = DNSQuery(id: 0x1234, name: try name("Shop.InterNAL."), type: 28, edns: .init(udpSize: 4096))
        #expect(DNSQuery.read(query.bytes) == .query(query))
        #expect(query.name.labels == ["shop", "internal"])
        #expect(query.name.folded == (try name("shop.internal")))
        #expect(query.limit == 1232)
        #expect(DNSQuery(id: 0, name: .root, type: 2).limit == 512)
    }

    @Test(
        "what is no name is told from what is",
        arguments: [
            ("a.b", true), ("a..b", false), (String(repeating: "x", count: 63), true),
            (String(repeating: "x", count: 64), false),
            (Array(repeating: "abcdefg", count: 31).joined(separator: "."), true),
            (Array(repeating: "abcdefg", count: 32).joined(separator: "."), false),
        ]
    )
    func names(_ text: String, isName: Bool) {
        #expect((DNSName(text) != nil) == isName)
    }

    @Test("what is not a question that can be answered is told so, or nothing")
    func refusals() throws {
        let good = DNSQuery(id: 7, name: try name("a.internal"), type: 1, edns: .init(udpSize: 512)).bytes
        func changed(_ index: Int, _ byte: UInt8) -> DNSQuery.Reading {
            var bytes = good
            bytes[index] = byte
            return DNSQuery.read(bytes)
        }
        // An answer is never answered, or two servers would go on for ever.
        #expect(changed(2, 0x80) == .nothing)
        #expect(DNSQuery.read(Array(good.prefix(11))) == .nothing)
        #expect(changed(2, 0x28) == .wrong(id: 7, .notImplemented))
        #expect(changed(5, 2) == .wrong(id: 7, .formatError))
        // A question's name has no pointer to lead astray.
        #expect(changed(12, 0xc0) == .wrong(id: 7, .formatError))
        // The class CHAOS, by which others tell their versions.
        #expect(changed(good.count - 12, 3) == .wrong(id: 7, .refused))
        #expect(DNSQuery.read(Array(good.dropLast(3))) == .wrong(id: 7, .formatError))
    }

    @Test("an answer repeats the question, points at its name, and says of what it has nothing")
    func answers() throws {
        let query = DNSQuery(id: 9, name: try name("a.internal"), type: 1, edns: .init(udpSize: 1232))
        var answer = DNSAnswer(.noError, zone: try name("internal"))
        answer.records = [.init(type: 1, data: [10, 0, 0, 2]), .init(type: 1, data: [10, 0, 0, 3])]
        let bytes = answer.bytes(to: query, limit: 512)
        #expect(Array(bytes[2..<12]) == [0x85, 0x80, 0, 1, 0, 2, 0, 0, 0, 1])
        let read = try #require(DNSReply(bytes))
        #expect(read.answers(query) && !read.isNegative && read.lifetime == 5)
        // The other one first, next time.
        #expect(answer.bytes(to: query, limit: 512, turn: 1) != bytes)
        let none = try #require(DNSReply(DNSAnswer(.noName, zone: try name("internal")).bytes(to: query, limit: 512)))
        #expect(none.code == 3 && none.isNegative && none.lifetime == 1)
    }

    @Test("too long an answer is cut to its head, and says so")
    func truncation() throws {
        let query = DNSQuery(id: 9, name: try name("many.internal"), type: 28, edns: .init(udpSize: 1232))
        var answer = DNSAnswer(.noError, zone: try name("internal"))
        answer.records = (0..<200).map { .init(type: 28, data: [UInt8](repeating: UInt8($0), count: 16)) }
        let short = answer.bytes(to: query, limit: query.limit)
        #expect(short.count < 100 && short[2] & 2 == 2)
        #expect(try #require(DNSReply(short)).isTruncated)
        let whole = try #require(DNSReply(answer.bytes(to: query, limit: 65_535)))
        #expect(!whole.isTruncated && whole.bytes(to: query, limit: 65_535).count > 5600)
        // What others say is cut in the same way.
        #expect(try #require(DNSReply(whole.bytes(to: query, limit: 1232))).isTruncated)
    }

    @Test("a text of any length is cut into pieces of 255 bytes", arguments: [0, 1, 255, 256, 2000])
    func texts(length: Int) {
        let record = DNSAnswer.Record.text(String(repeating: "x", count: length))
        var (rest, found, pieces) = (record.data[...], 0, 0)
        while let size = rest.first {
            rest = rest.dropFirst(Int(size) + 1)
            found += Int(size)
            pieces += 1
        }
        #expect(found == length && pieces == max(1, (length + 254) / 255))
    }

    @Test("an answer of others is passed on with the client's number and spelling, and its age taken off")
    func passedOn() throws {
        let asked = DNSQuery(id: 1, name: try name("eXaMple.com"), type: 1, edns: .init(udpSize: 1232))
        var bytes = asked.bytes
        bytes[2] = 0x81
        bytes[7] = 1
        let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]
        bytes.insert(contentsOf: record, at: 12 + asked.name.wire.count + 4)
        let reply = try #require(DNSReply(bytes))
        #expect(reply.answers(asked) && reply.lifetime == 60)
        let client = DNSQuery(id: 77, name: try name("Example.com"), type: 1)
        #expect(!reply.answers(client))
        let passed = try #require(DNSReply(reply.bytes(to: client, limit: 512, age: 20)))
        #expect(passed.answers(client) && passed.lifetime == 40)
        // The client knows nothing of options, so there is none.
        #expect(reply.bytes(to: client, limit: 512).count == bytes.count - 11)
        #expect(reply.bytes(to: client, limit: 512)[11] == 0)
    }

    @Test("letters get a case by chance, which an answer has to repeat")
    func mixedCase() throws {
        let plain = try name("a-1.example.com")
        let mixed = plain.mixed { $0 % 2 == 0 }
        #expect(mixed != plain && mixed.folded == plain)
    }

    @Test("no bytes whatever make a reader fall over, and what is read can be written")
    func random() throws {
        var generator = SplitMix(state: 20_261_130)
        let query = DNSQuery(id: 9, name: try name("some.name.internal"), type: 28, edns: .init(udpSize: 1232))
        var answer = DNSAnswer(.noError, zone: try name("internal"))
        answer.records = [.init(type: 28, data: [UInt8](repeating: 1, count: 16)), .text("hello")]
        let seeds = [query.bytes, answer.bytes(to: query, limit: 512), DNSAnswer.refusal(id: 1, .refused)]
        for round in 0..<60_000 {
            var bytes = seeds[round % seeds.count]
            if round % 7 == 0 {
                bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                    .random(in: 0...255, using: &generator)
                }
            }
            for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            if round % 3 == 0 { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))) }
            if case .query(let read) = DNSQuery.read(bytes) {
                #expect(DNSQuery.read(read.bytes) != .nothing)
                _ = DNSAnswer(.noName).bytes(to: read, limit: read.limit)
            }
            if let reply = DNSReply(bytes) {
                #expect(reply.lifetime >= 0 && reply.bytes(to: query, limit: 1232, age: 5).count <= 1232)
            }
        }
    }
}
