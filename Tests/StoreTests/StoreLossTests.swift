import Foundation
import Model
import Store
import Testing
import Toolkit

@Suite("A store that lost something")
struct StoreLossTests {
    /// A folder with a store in it that has been written to and not closed, as after `kill -9`.
    fileprivate struct Scene {
        let folder: String
        var path: String { "\(folder)/store.db" }
        var mark: String { "\(folder)/mark.json" }
        var copies: StoreCopies { StoreCopies(database: path, folder: "\(folder)/store.backup") }

        init() throws {
            folder = NSTemporaryDirectory() + "roost-loss-\(UUID().uuidString)"
            try Durable.makeFolder(folder)
        }

        func open() throws -> SQLiteStore { try SQLiteStore(path: path, mark: mark) }

        /// Copies the files of a store in use, so that those of the copy are as a killed process leaves them.
        func killed() throws -> Scene {
            let other = try Scene()
            for name in ["store.db", "store.db-wal", "mark.json"]
            where FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
                try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(other.folder)/\(name)")
            }
            return other
        }
    }

    enum Loss: String, CaseIterable {
        case noLog, flippedLog, cutLog, gone, empty, older

        fileprivate func happen(_ scene: Scene, _ older: Data) throws {
            let log = "\(scene.path)-wal"
            switch self {
            case .noLog: unlink(log)
            case .flippedLog, .cutLog:
                var bytes = try Data(contentsOf: URL(filePath: log))
                if self == .cutLog { bytes.removeLast(bytes.count / 3) } else { bytes[bytes.count * 2 / 3] ^= 255 }
                try bytes.write(to: URL(filePath: log))
            case .gone:
                unlink(scene.path)
                unlink(log)
            case .empty:
                unlink(log)
                try Data().write(to: URL(filePath: scene.path))
            case .older:
                unlink(log)
                try older.write(to: URL(filePath: scene.path))
            }
        }
    }

    @Test("is noticed, and nothing of what is left is changed", arguments: Loss.allCases)
    func noticed(loss: Loss) async throws {
        let first = try Scene()
        let store = try first.open()
        try await store.put("/apps/a", Data("{}".utf8), expected: nil)
        try await store.checkpoint()
        let older = try Data(contentsOf: URL(filePath: first.path))
        for number in 0..<20 { try await store.put("/apps/a", Data("{\"n\":\(number)}".utf8), expected: nil) }
        let scene = try first.killed()
        try loss.happen(scene, older)
        func left() -> [Data] {
            ["", "-wal"].map { FileManager.default.contents(atPath: scene.path + $0) ?? Data() }
        }
        let before = left()
        let fault = #expect(throws: Fault.self) { try scene.open() }
        #expect(fault?.code == .corrupt)
        #expect(fault?.message.contains("has lost something") == true)
        #expect(left() == before)
        // Nor does the doctor's look change anything, and it says the same.
        let look = StoreInspection(path: scene.path, mark: scene.mark)
        #expect(look?.objection?.message.contains("has lost something") == true)
        #expect(left() == before)
        // Again: the first look must not have made it look right.
        #expect(throws: Fault.self) { try scene.open() }
    }

    @Test("is not mistaken for one that was killed")
    func killed() async throws {
        let first = try Scene()
        let store = try first.open()
        for number in 0..<20 { try await store.put("/machines/a/\(number)", Data("{}".utf8), expected: nil) }
        let scene = try first.killed()
        #expect(try await scene.open().range("/machines/").entries.count == 20)
    }

    @Test("after a loss of power counts only what had been synced")
    func power() throws {
        let mark = HighWater.Mark(store: 7, boot: "before", seen: 12, durable: 10)
        #expect(mark.objection(store: 7, revision: 10, boot: "now") == nil)
        #expect(mark.objection(store: 7, revision: 9, boot: "now") != nil)
        #expect(mark.objection(store: 7, revision: 11, boot: "before") != nil)
        #expect(mark.objection(store: 7, revision: 12, boot: "before") == nil)
        #expect(mark.objection(store: 8, revision: 99, boot: "before") != nil)
    }

    @Test("is put back from the last good copy, above every revision that was given out")
    func restored() async throws {
        let first = try Scene()
        let store = try first.open()
        try await store.put("/apps/a", Data("{\"name\":\"a\"}".utf8), expected: nil)
        #expect(try first.copies.make(.now()) != nil)
        #expect(try first.copies.make(.now()) == nil)
        for _ in 0..<5 { try await store.put("/apps/b", Data("{}".utf8), expected: nil) }
        let scene = try first.killed()
        try FileManager.default.copyItem(atPath: first.copies.folder, toPath: scene.copies.folder)
        try Loss.flippedLog.happen(scene, Data())
        #expect(throws: Fault.self) { try scene.open() }
        let copy = try #require(scene.copies.all().first)
        #expect(copy.revision == 1)
        let aside = try #require(try scene.copies.restore(copy, mark: scene.mark, now: .now()))
        #expect(FileManager.default.fileExists(atPath: "\(aside)/store.db-wal"))
        let again = try scene.open()
        #expect(try await again.get("/apps/a") != nil)
        #expect(try await again.get("/apps/b") == nil)
        #expect(try await again.put("/apps/c", Data("{}".utf8), expected: 0) > 6)
    }

    @Test("is gone on with when somebody says so")
    func accepted() async throws {
        let first = try Scene()
        let store = try first.open()
        for _ in 0..<5 { try await store.put("/apps/b", Data("{}".utf8), expected: nil) }
        let scene = try first.killed()
        try Loss.gone.happen(scene, Data())
        #expect(throws: Fault.self) { try scene.open() }
        #expect(try scene.copies.accept(mark: scene.mark) > 5)
        #expect(try await scene.open().range("/").entries.isEmpty)
    }

    @Test("a checkpoint leaves the whole store in its one file")
    func checkpoint() async throws {
        let scene = try Scene()
        let store = try scene.open()
        try await store.put("/apps/a", Data("{}".utf8), expected: nil)
        try await store.checkpoint()
        let other = try Scene()
        try FileManager.default.copyItem(atPath: scene.path, toPath: other.path)
        #expect(try await SQLiteStore(path: other.path).get("/apps/a") != nil)
    }

    @Test("keeps a bounded number of copies, the newest")
    func bounded() async throws {
        let scene = try Scene()
        let store = try scene.open()
        for number in 0..<(StoreCopies.kept + 3) {
            try await store.put("/apps/a", Data("{\"n\":\(number)}".utf8), expected: nil)
            try scene.copies.make(Timestamp(milliseconds: 1_760_000_000_000 + Int64(number) * 3_600_000))
        }
        let all = scene.copies.all()
        #expect(all.count == StoreCopies.kept)
        #expect(all.first?.revision == Int64(StoreCopies.kept + 3))
        #expect(all.first?.made == "20251010T105320Z")
    }
}

@Suite("A record that can't be read")
struct StoreCareTests {
    private func care() async throws -> (SQLiteStore, StoreCare, StoreCopies) {
        let folder = NSTemporaryDirectory() + "roost-care-\(UUID().uuidString)"
        try Durable.makeFolder(folder)
        let store = try SQLiteStore(path: "\(folder)/store.db")
        let copies = StoreCopies(database: "\(folder)/store.db", folder: "\(folder)/store.backup")
        return (store, StoreCare(store, copies), copies)
    }

    private let good = Data(#"{"name":"a"}"#.utf8)

    @Test("is listed with why, and with what could be put back")
    func listed() async throws {
        let (store, care, _) = try await care()
        try await store.put("/apps/a", good, expected: nil)
        try await store.put("/apps/b", good, expected: nil)
        try await store.put("/apps/a", Data([0xff, 0xfe]), expected: nil)
        try await store.put("/machines/a/148e21b7c65089", Data(#"{"id":"148e21b7c65089"}"#.utf8), expected: nil)
        try await store.put("/later/kind", Data(#"{"any":"thing"}"#.utf8), expected: nil)
        let troubles = try await care.troubles()
        #expect(troubles.map(\.key) == ["/apps/a", "/machines/a/148e21b7c65089"])
        #expect(troubles.map(\.older) == [1, nil])
        #expect(troubles.last?.reason.contains("app is missing") == true)
    }

    @Test("is moved aside, and the newest readable one put back")
    func repaired() async throws {
        let (store, care, _) = try await care()
        try await store.put("/apps/a", good, expected: nil)
        let bad = try await store.put("/apps/a", Data("nonsense".utf8), expected: nil)
        let trouble = try await care.repair("/apps/a", drop: false)
        #expect(trouble.source == "history")
        #expect(try await store.get("/apps/a")?.value == good)
        #expect(try await store.get("/damaged/apps/a/\(bad)")?.value == Data("nonsense".utf8))
        await #expect(throws: Fault.self) { try await care.repair("/apps/a", drop: true) }
    }

    @Test("comes from a copy when the history no longer has it")
    func fromCopy() async throws {
        let (store, care, copies) = try await care()
        try await store.put("/apps/a", good, expected: nil)
        try copies.make(.now())
        // The key's history is gone with the key.
        let database = try Database(path: copies.database)
        try database.execute("DELETE FROM changes")
        try await store.put("/apps/a", Data("nonsense".utf8), expected: nil)
        let trouble = try await care.repair("/apps/a", drop: false)
        #expect(trouble.source?.contains("store.backup") == true)
        #expect(try await store.get("/apps/a")?.value == good)
    }

    @Test("without an older one goes only when that is asked for")
    func dropped() async throws {
        let (store, care, _) = try await care()
        try await store.put("/apps/a", Data("nonsense".utf8), expected: nil)
        let fault = await #expect(throws: Fault.self) { try await care.repair("/apps/a", drop: false) }
        #expect(fault?.hint?.contains("--drop") == true)
        _ = try await care.repair("/apps/a", drop: true)
        #expect(try await store.get("/apps/a") == nil)
        #expect(try await store.range("/damaged/").entries.count == 1)
    }
}
