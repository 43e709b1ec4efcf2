import Foundation
import Model
import Store
import Testing
import Toolkit

@Suite("A store in a backup")
struct StoreBackupTests {
    private func with(_ body: (_ folder: String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "roost-store-backup-\(UUID().uuidString)"
        try Durable.makeFolder("\(folder)/other")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("is a copy of one moment, checked; on another host it goes on above all revisions, without snapshots")
    func travels() async throws {
        try await with { folder in
            let store = try SQLiteStore(path: "\(folder)/store.db", mark: "\(folder)/mark.json")
            try await store.put("/apps/a", Data("{}".utf8), expected: nil)
            try await store.put("/snapshots/vol_a/vs_b", Data("{}".utf8), expected: nil)
            try await store.put("/snapshotsx", Data("{}".utf8), expected: nil)
            let copies = StoreCopies(database: "\(folder)/store.db", folder: "\(folder)/copies")
            let revision = try copies.take(to: "\(folder)/copy.db")
            try await store.put("/apps/b", Data("{}".utf8), expected: nil)
            let entries = try StoreInspection.records(copy: "\(folder)/copy.db")
            #expect(entries.map(\.key) == ["/apps/a", "/snapshots/vol_a/vs_b", "/snapshotsx"])
            #expect(entries.map(\.revision).max() == revision)

            let there = StoreCopies(database: "\(folder)/other/store.db", folder: "\(folder)/other/copies")
            try there.bringIn("\(folder)/copy.db", mark: "\(folder)/other/mark.json", now: .now())
            let other = try SQLiteStore(path: "\(folder)/other/store.db", mark: "\(folder)/other/mark.json")
            let range = try await other.range("/")
            #expect(range.entries.map(\.key) == ["/apps/a", "/snapshotsx"])
            #expect(range.revision > revision)
            let look = StoreInspection(path: "\(folder)/other/store.db", mark: "\(folder)/other/mark.json")
            #expect(look?.objection == nil)
            // The copy itself is as it was: a restore that is cut off begins anew.
            #expect(try StoreInspection.records(copy: "\(folder)/copy.db") == entries)
        }
    }

    @Test("a damaged copy is told, a lost one too, and neither becomes a store")
    func damaged() async throws {
        try await with { folder in
            let store = try SQLiteStore(path: "\(folder)/store.db", mark: "\(folder)/mark.json")
            for number in 0..<200 {
                try await store.put("/apps/\(number)", Data(repeating: 65, count: 500), expected: nil)
            }
            let copies = StoreCopies(database: "\(folder)/store.db", folder: "\(folder)/copies")
            _ = try copies.take(to: "\(folder)/copy.db")
            var bytes = try #require(FileManager.default.contents(atPath: "\(folder)/copy.db"))
            for place in stride(from: 4096, to: bytes.count, by: 512) { bytes[place] ^= 255 }
            try bytes.write(to: URL(filePath: "\(folder)/copy.db"))
            let fault = #expect(throws: Fault.self) { try StoreInspection.records(copy: "\(folder)/copy.db") }
            #expect(fault?.code == .corrupt, "\(fault as Any)")
            let there = StoreCopies(database: "\(folder)/other/store.db", folder: "\(folder)/other/copies")
            #expect(throws: Fault.self) {
                try there.bringIn("\(folder)/copy.db", mark: "\(folder)/other/mark.json", now: .now())
            }
            #expect(throws: Fault.self) { try StoreInspection.records(copy: "\(folder)/none.db") }
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/other/store.db"))
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/none.db"))
        }
    }
}
