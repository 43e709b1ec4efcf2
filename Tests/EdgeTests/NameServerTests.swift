import Foundation
import Logging
import Model
import Testing

@testable import Edge

@Suite("Resolver")
struct NameServerTests {
    @Test("answers private names by itself, tells no such name from no such record, and follows changes at once")
    func own() async throws {
        try await NameLab.with { lab in
            let found = try #require(try await lab.ask("SHOP.internal", DNSType.aaaa))
            #expect(found.code == 0 && !found.isNegative)
            #expect(try await lab.ask("shop.internal", DNSType.txt)?.code == 0)
            #expect(try await lab.ask("shop.internal", DNSType.txt)?.isNegative == true)
            #expect(try await lab.ask("nope.internal", DNSType.a)?.code == 3)
            let change = NameChanges(
                base: 1,
                revision: 2,
                home: lab.book.index.home,
                apps: [NamedApp(app: "nope", network: 1)]
            )
            #expect(lab.book.take(change))
            #expect(try await lab.ask("nope.internal", DNSType.a)?.code == 0)
            // All of that without a word to anybody else.
            #expect(lab.upstream.asked.isEmpty)
        }
    }

    @Test("asks others about public names, once for as long as they say, each time with other letters")
    func forwarded() async throws {
        try await NameLab.with { lab in
            lab.upstream.say { question, _ in [FakeNames.address(question)] }
            for _ in 0..<3 { #expect(try await lab.ask("www.Example.com", DNSType.a)?.lifetime ?? 0 > 50) }
            #expect(lab.upstream.asked.count == 1)
            for number in 0..<20 { _ = try await lab.ask("a-long-name-\(number).example.com", DNSType.a) }
            let asked = lab.upstream.asked
            let spellings = asked.map { String(decoding: $0.question.name.wire.suffix(12), as: UTF8.self) }
            #expect(asked.count == 21 && Set(spellings).count > 5 && Set(asked.map(\.question.id)).count > 15)
            #expect(asked.allSatisfy { $0.question.edns?.udpSize == 1232 })
        }
    }

    @Test("believes nobody who has not heard the question: wrong number, wrong name, wrong case, wrong type")
    func forged() async throws {
        try await NameLab.with { lab in
            lab.upstream.say { question, isStream in
                var other = question
                other.id ^= 1
                var name = question
                name.name = DNSName("other.example.com") ?? .root
                var type = question
                type.type = 28
                let forged = [other, name, type].map { FakeNames.address($0, 66) }
                return isStream ? [FakeNames.address(question, 7)] : forged + [FakeNames.address(question, 7)]
            }
            let reply = try #require(try await lab.ask("bank.example.com", DNSType.a))
            let query = DNSQuery(id: 1, name: try #require(DNSName("bank.example.com")), type: 1)
            #expect(reply.bytes(to: query, limit: 512).suffix(4) == [192, 0, 2, 7])
            // Who does not keep the case is asked again in a way that can't be forged.
            lab.upstream.say { question, isStream in
                var folded = question
                folded.name = question.name.folded
                return [FakeNames.address(folded, isStream ? 8 : 66)]
            }
            let second = try #require(try await lab.ask("a-name-of-many-letters.example.com", DNSType.a))
            let again = DNSQuery(id: 1, name: try #require(DNSName("a-name-of-many-letters.example.com")), type: 1)
            #expect(second.bytes(to: again, limit: 512).suffix(4) == [192, 0, 2, 8])
        }
    }

    @Test("takes by TCP what is too long for UDP, and passes it on in the same way")
    func long() async throws {
        try await NameLab.with { lab in
            lab.upstream.say { question, isStream in
                guard isStream else { return [FakeNames.code(question, 0, flags: 2)] }
                var answer = DNSAnswer(.noError)
                answer.records = [.text(String(repeating: "x", count: 3000))]
                return [answer.bytes(to: question, limit: 65_535)]
            }
            let reply = try await lab.ask("long.example.com", DNSType.txt)
            #expect(reply?.isTruncated == true)
            #expect(lab.upstream.asked.map(\.isStream) == [false, true])
        }
    }

    @Test("turns to the next server when one refuses, fails or is silent, and to what it knew when all are")
    func others() async throws {
        try await NameLab.with(upstreams: ["127.0.0.1", "127.0.0.1"]) { lab in
            lab.upstream.say { question, _ in [FakeNames.code(question, 5)] }
            #expect(try await lab.ask("refused.example.com", DNSType.a)?.code == 5)
            #expect(lab.upstream.asked.count == 2)
            lab.upstream.say { question, _ in [FakeNames.address(question, lifetime: 1)] }
            #expect(try await lab.ask("short.example.com", DNSType.a)?.code == 0)
            lab.upstream.say { _, _ in [] }
            try await Task.sleep(for: .milliseconds(1100))
            #expect(try await lab.ask("short.example.com", DNSType.a)?.isNegative == false)
            #expect(try await lab.ask("silent.example.com", DNSType.a)?.code == 2)
            // A server that knows no options is asked without them.
            lab.upstream.say { question, _ in
                [question.edns == nil ? FakeNames.address(question) : FakeNames.code(question, 1)]
            }
            #expect(try await lab.ask("old.example.com", DNSType.a)?.code == 0)
        }
    }

    @Test("one question that many ask is asked once, and one asker can't take all places")
    func crowd() async throws {
        try await NameLab.with { lab in
            lab.upstream.say { _, _ in [] }
            try await withThrowingTaskGroup(of: UInt16?.self) { tasks in
                for _ in 0..<50 { tasks.addTask { try await lab.ask("same.example.com", DNSType.a)?.code } }
                for try await code in tasks { #expect(code == 2) }
            }
            #expect(lab.upstream.asked.count == 1)
            let codes = try await withThrowingTaskGroup(of: UInt16?.self) { tasks in
                for number in 0..<200 {
                    tasks.addTask { try await lab.ask("n\(number).example.com", DNSType.a)?.code }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count == 200 && codes.allSatisfy { $0 == 2 })
            #expect(lab.upstream.asked.count < 150)
        }
    }

    @Test("goes on after any bytes at all")
    func fuzzed() async throws {
        try await NameLab.with { lab in
            var generator = SplitMix(state: 7)
            for _ in 0..<300 {
                var bytes = DNSQuery(id: 1, name: .root, type: 1).bytes
                for _ in 0..<6 {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                _ = try await lab.send(bytes, limit: .milliseconds(1))
            }
            #expect(try await lab.ask("shop.internal", DNSType.a)?.code == 0)
        }
    }

    @Test("its copy on disk is the next start's first word")
    func copy() throws {
        let path = "/tmp/names-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let logger = Logger(label: "test")
        let first = NameBook(path: path, logger: logger)
        #expect(first.index.isEmpty)
        let home = NameHome(region: "fra", device: "roost0", listen: ["fdaa::3"])
        #expect(first.take(NameChanges(base: 0, revision: 8, home: home, apps: [NamedApp(app: "a", network: 3)])))
        first.save()
        #expect(NameBook(path: path, logger: logger).index.table == first.index.table)
        try "{".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(NameBook(path: path, logger: logger).index.isEmpty)
    }
}
