import Foundation
import Model
import Store
import Testing
import Toolkit

@Suite("Ledger of secrets")
struct SecretLedgerTests {
    private struct Bench {
        let folder: String
        let store: any StateStore = MemoryStore()
        let keys: HostKeys
        let files: AppEnvironment
        let ledger: SecretLedger

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "roost-ledger-\(UUID().uuidString)").path
            keys = HostKeys(folder: "\(folder)/keys")
            files = AppEnvironment(folder: "\(folder)/env")
            try keys.prepare()
            ledger = SecretLedger(store: store, keys: keys, files: files)
        }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }

        func write(_ app: String, _ text: String) throws {
            try FileManager.default.createDirectory(atPath: "\(folder)/env", withIntermediateDirectories: true)
            try text.write(toFile: files.path(of: app), atomically: false, encoding: .utf8)
        }

        func opened(_ set: SecretSet) throws -> [String: String] {
            var values: [String: String] = [:]
            for (name, secret) in set.secrets { values[name] = try keys.opener.open(secret, app: set.app, name: name) }
            return values
        }
    }

    @Test("each change is a version; older ones stay until nothing names them")
    func versions() async throws {
        let bench = try Bench()
        defer { bench.remove() }
        #expect(try await bench.ledger.head("shop").version == 0)
        _ = try await bench.ledger.change("shop", ["A": "1", "B": "2"])
        _ = try await bench.ledger.change("shop", ["A": "3", "B": nil])
        let head = try await bench.ledger.change("shop", ["A": "3"])
        #expect(head.version == 2)
        #expect(try bench.opened(head) == ["A": "3"])
        let first = try #require(try await bench.ledger.version("shop", 1))
        #expect(try bench.opened(first) == ["A": "1", "B": "2"])
        _ = try await bench.ledger.change("shop", ["A": "4"])
        try await bench.ledger.prune("shop", keep: [1])
        #expect(try await bench.ledger.version("shop", 2) == nil)
        #expect(try await bench.ledger.version("shop", 1) != nil)
        #expect(try await bench.ledger.head("shop").version == 3)
        try await bench.ledger.remove("shop")
        #expect(try await bench.ledger.head("shop").version == 0)
    }

    @Test("the store holds no value in the clear")
    func sealed() async throws {
        let bench = try Bench()
        defer { bench.remove() }
        _ = try await bench.ledger.change("shop", ["A": "correct-horse", "B": "battery-staple"])
        for entry in try await bench.store.range("/").entries {
            let text = String(decoding: entry.value, as: UTF8.self)
            for word in ["correct-horse", "battery-staple"] {
                #expect(!text.contains(word) && !text.contains(Data(word.utf8).base64EncodedString()))
            }
        }
    }

    @Test("a file of before is taken in once, and goes; what is set beside it stays")
    func takesIn() async throws {
        let bench = try Bench()
        defer { bench.remove() }
        _ = try await bench.ledger.change("shop", ["KEPT": "k"])
        try bench.write("shop", "A=1\nFLY_REGION=x\nB=\"two\"\n")
        #expect(await bench.ledger.takeInAll().isEmpty)
        #expect(!bench.files.isThere("shop"))
        let head = try await bench.ledger.head("shop")
        #expect(try bench.opened(head) == ["KEPT": "k", "A": "1", "B": "two"])
        // As after a crash between the record and the file.
        try bench.write("shop", "A=1\nB=two\n")
        #expect(try await bench.ledger.head("shop").version == head.version)
        #expect(!bench.files.isThere("shop"))
    }

    @Test("nothing is set when one of several can't be")
    func allOrNothing() async throws {
        let bench = try Bench()
        defer { bench.remove() }
        for change in [["A": "1", "b-c": "2"], ["A": "1", "FLY_APP_NAME": "x"], ["A": "1", "B": "\0"]] {
            await #expect(throws: Fault.self) { try await bench.ledger.change("shop", change.mapValues { .some($0) }) }
        }
        let large = String(repeating: "x", count: 70_000)
        await #expect(throws: Fault.self) { try await bench.ledger.change("shop", ["A": large, "B": large]) }
        await #expect(throws: Fault.self) { try await bench.ledger.change("../shop", ["A": "1"]) }
        #expect(try await bench.ledger.head("shop").version == 0)
    }

    @Test("two writers at once lose nothing")
    func concurrent() async throws {
        let bench = try Bench()
        defer { bench.remove() }
        let ledger = bench.ledger
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask { _ = try await ledger.change("shop", ["N\(number)": "\(number)"]) }
            }
            try await group.waitForAll()
        }
        let head = try await ledger.head("shop")
        #expect(head.version == 20 && head.secrets.count == 20)
    }
}
