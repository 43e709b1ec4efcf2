import Foundation
import Model
import Store
import Testing

/// What every store must do, run on each of them.
@Suite("stores")
struct StoreConformance {
    /// A fresh store of each kind.
    enum Kind: String, CaseIterable, Sendable {
        case memory, sqlite

        func make() throws -> any StateStore {
            switch self {
            case .memory: return MemoryStore()
            case .sqlite:
                let path = NSTemporaryDirectory() + "roost-store-\(UUID().uuidString).db"
                return try SQLiteStore(path: path)
            }
        }
    }

    @Test("compare-and-put lets one of two writers win", arguments: Kind.allCases)
    func compareAndPut(kind: Kind) async throws {
        let store = try kind.make()
        let first = try await store.put("/a", Data("1".utf8), expected: 0)
        await #expect(throws: Fault.self) { try await store.put("/a", Data("2".utf8), expected: 0) }
        try await store.put("/a", Data("2".utf8), expected: first)
        await #expect(throws: Fault.self) { try await store.put("/a", Data("3".utf8), expected: first) }
        #expect(try await store.get("/a")?.value == Data("2".utf8))
    }

    @Test("a range has just the keys under its prefix, in order", arguments: Kind.allCases)
    func range(kind: Kind) async throws {
        let store = try kind.make()
        for key in ["/b/2", "/a/1", "/b/1", "/b!", "/c"] { try await store.put(key, Data(key.utf8), expected: nil) }
        let snapshot = try await store.range("/b/")
        #expect(snapshot.entries.map(\.key) == ["/b/1", "/b/2"])
        #expect(snapshot.revision == 5)
    }

    @Test("a watcher resumes from a revision and misses nothing", arguments: Kind.allCases)
    func watch(kind: Kind) async throws {
        let store = try kind.make()
        try await store.put("/a/1", Data("x".utf8), expected: nil)
        let revision = try await store.put("/a/2", Data("y".utf8), expected: nil)
        try await store.put("/other", Data(), expected: nil)
        var watcher = store.watch("/a/", after: revision - 1).makeAsyncIterator()
        #expect(await watcher.next()?.key == "/a/2")
        try await store.delete("/a/1", expected: nil)
        #expect(await watcher.next() == .deleted(key: "/a/1", revision: revision + 2))
    }

    @Test("deleting with a wrong revision changes nothing", arguments: Kind.allCases)
    func conditionalDelete(kind: Kind) async throws {
        let store = try kind.make()
        try await store.put("/a", Data(), expected: nil)
        await #expect(throws: Fault.self) { try await store.delete("/a", expected: 7) }
        try await store.delete("/missing", expected: nil)
        #expect(try await store.get("/a") != nil)
    }

    @Test("a key goes away with its lease, though nobody calls; its watchers hear of it", arguments: Kind.allCases)
    func leases(kind: Kind) async throws {
        let store = try kind.make()
        try await store.put("/lasting", Data(), expected: nil)
        let lease = try await store.grantLease(ttl: .seconds(12))
        try await store.put("/host/b", Data("1".utf8), expected: nil, lease: lease)
        let last = try await store.put("/host/a", Data("2".utf8), expected: nil, lease: lease)
        var watcher = store.watch("/", after: last).makeAsyncIterator()
        #expect(await watcher.next() == .deleted(key: "/host/a", revision: last + 1))
        #expect(await watcher.next() == .deleted(key: "/host/b", revision: last + 2))
        #expect(try await store.range("/").entries.map(\.key) == ["/lasting"])
        await #expect(throws: Fault.self) { try await store.keepAlive(lease) }
        await #expect(throws: Fault.self) { try await store.put("/host/c", Data(), expected: nil, lease: lease) }
    }

    @Test("a lease that is kept alive keeps its keys", arguments: Kind.allCases)
    func keptAlive(kind: Kind) async throws {
        let store = try kind.make()
        let short = try await store.grantLease(ttl: .seconds(12))
        let key = try await store.put("/host", Data(), expected: 0, lease: short)
        let clock = ContinuousClock()
        let start = clock.now
        while clock.now - start < .seconds(14) {
            try await store.keepAlive(short)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await store.get("/host")?.revision == key)
        await #expect(throws: Fault.self) { try await store.put("/host", Data(), expected: 0) }
    }

    @Test("a key put anew without its lease outlives it", arguments: Kind.allCases)
    func leftLease(kind: Kind) async throws {
        let store = try kind.make()
        let lease = try await store.grantLease(ttl: .seconds(12))
        try await store.put("/a", Data("1".utf8), expected: nil, lease: lease)
        try await store.put("/a", Data("2".utf8), expected: nil)
        let end = try await store.put("/b", Data(), expected: nil, lease: lease)
        var watcher = store.watch("/", after: end).makeAsyncIterator()
        #expect(await watcher.next()?.key == "/b")
        #expect(try await store.get("/a")?.value == Data("2".utf8))
    }

    @Test("a failed write changes neither the key nor the revision", arguments: Kind.allCases)
    func failedWrite(kind: Kind) async throws {
        let store = try kind.make()
        let first = try await store.put("/a", Data("1".utf8), expected: nil)
        await #expect(throws: Fault.self) { try await store.put("/a", Data("2".utf8), expected: 99) }
        await #expect(throws: Fault.self) { try await store.delete("/a", expected: 99) }
        #expect(try await store.range("/").revision == first)
        #expect(try await store.put("/b", Data(), expected: 0) == first + 1)
    }

    @Test("of many writers of one object none is lost", arguments: Kind.allCases)
    func update(kind: Kind) async throws {
        let store = try kind.make()
        let records = Records<[Int]>(store, "/lists/")
        try await records.put("one", [])
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    _ = try await records.update("one", missing: Fault(.io, "gone")) { $0.append(number) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await records.get("one")?.value.sorted() == Array(0..<20))
    }
}

@Suite("SQLite store")
struct SQLiteStoreTests {
    @Test("keeps everything over a restart, and goes on counting revisions")
    func reopen() async throws {
        let path = NSTemporaryDirectory() + "roost-store-\(UUID().uuidString).db"
        let first = try SQLiteStore(path: path)
        try await first.put("/a", Data("1".utf8), expected: nil)
        let second = try SQLiteStore(path: path)
        #expect(try await second.get("/a")?.revision == 1)
        #expect(try await second.put("/b", Data(), expected: 0) == 2)
    }

    @Test("ends leases that an earlier daemon gave, though nobody calls")
    func leasesOverRestart() async throws {
        let path = NSTemporaryDirectory() + "roost-store-\(UUID().uuidString).db"
        var revision: Int64 = 0
        do {
            // Gone before the next one begins: it would end the lease itself, and the other hear nothing of it.
            let first = try SQLiteStore(path: path)
            let lease = try await first.grantLease(ttl: .seconds(12))
            revision = try await first.put("/host", Data(), expected: nil, lease: lease)
        }
        let second = try SQLiteStore(path: path)
        var watcher = second.watch("/", after: revision).makeAsyncIterator()
        #expect(await watcher.next() == .deleted(key: "/host", revision: revision + 1))
    }

    @Test("tells a watcher to read again when the history it asks for is gone")
    func historyGone() async throws {
        let path = NSTemporaryDirectory() + "roost-store-\(UUID().uuidString).db"
        let store = try SQLiteStore(path: path, history: 100)
        for _ in 0..<501 { try await store.put("/a", Data(), expected: nil) }
        var watcher = store.watch("/a", after: 1).makeAsyncIterator()
        #expect(await watcher.next() == .reset)
        #expect(await watcher.next() == nil)
    }

    @Test("leaves a file of a newer version as it is")
    func newer() async throws {
        let path = NSTemporaryDirectory() + "roost-store-\(UUID().uuidString).db"
        do {
            let store = try SQLiteStore(path: path)
            try await store.put("/a", Data("1".utf8), expected: nil)
        }
        let database = try Database(path: path)
        try database.execute("UPDATE meta SET value = 99 WHERE name = 'schema'")
        let fault = #expect(throws: Fault.self) { try SQLiteStore(path: path) }
        #expect(fault?.code == .newerVersion)
        #expect(try database.execute("SELECT 1 FROM meta WHERE name = 'schema' AND value = 99").count == 1)
    }

    @Test("leaves a damaged file as it is")
    func damaged() throws {
        let path = NSTemporaryDirectory() + "roost-store-\(UUID().uuidString).db"
        let garbage = Data(repeating: 7, count: 8192)
        try garbage.write(to: URL(filePath: path))
        #expect(throws: Fault.self) { try SQLiteStore(path: path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == garbage)
    }
}
