import Foundation
import Model
import Store
import Testing
import Toolkit

@Suite("What a backup reads out of the store")
struct BackupRecordsTests {
    private static let now = Timestamp(milliseconds: 1_764_000_000_000)

    private static func digest(_ letter: Character) -> String { "sha256:" + String(repeating: letter, count: 64) }

    private static func entry(_ key: String, _ value: some Encodable) throws -> Entry {
        Entry(key: key, value: try JSON.encode(value), revision: 1)
    }

    private static func release(
        _ version: Int,
        _ image: Character,
        _ status: Release.Status = .complete
    ) throws -> Entry {
        var release = Release(
            app: "a",
            version: version,
            image: digest(image),
            config: AppConfig(),
            createdAt: now,
            user: "u"
        )
        release.status = status
        return try entry("/releases/a/0000000\(version)", release)
    }

    private static func app(_ current: Int?) throws -> Entry {
        var app = App(name: "a", createdAt: now, owner: "u")
        app.currentRelease = current
        return try entry("/apps/a", app)
    }

    private static func machine(_ image: Character) throws -> Entry {
        var machine = Machine.blank
        machine.id = try #require(Machine.ID("148e21b7c65089"))
        machine.spec.config.image = "roost/a@\(digest(image))"
        return try entry("/machines/a/148e21b7c65089", machine)
    }

    @Test("images are those that run, the release in service and the good one before it")
    func images() throws {
        var entries = [try Self.app(4), try Self.machine("f")]
        entries += [try Self.release(1, "1"), try Self.release(2, "2"), try Self.release(3, "3", .failed)]
        entries += [try Self.release(4, "4", .running), try Self.release(5, "5", .failed)]
        let records = BackupRecords(entries)
        #expect(records.images == ["2", "4", "f"].map(Self.digest))
        #expect(records.summaries == [.init(name: "a", release: 4, releases: 5, machines: 1)])
        #expect(records.unreadable.isEmpty)
    }

    @Test("an app before its first deploy, and releases without an app, want none")
    func none() throws {
        #expect(BackupRecords([try Self.app(nil)]).images.isEmpty)
        #expect(BackupRecords([try Self.release(1, "1")]).images.isEmpty)
        #expect(BackupRecords([]).summaries.isEmpty)
    }

    @Test("a record that can't be read is named, and the others count; a volume's is a reason to stop")
    func unreadable() throws {
        let broken = Entry(key: "/machines/a/x", value: Data("?".utf8), revision: 1)
        let records = BackupRecords([broken, try Self.app(1), try Self.release(1, "1")])
        #expect(records.unreadable == ["/machines/a/x"] && records.images == [Self.digest("1")])
        let volume = Entry(key: "/volumes/vol_a", value: Data("?".utf8), revision: 1)
        let fault = #expect(throws: Fault.self) { try BackupRecords([volume]).volumes() }
        #expect(fault?.code == .corrupt && fault?.hint?.contains("roost store repair /volumes/vol_a") == true)
    }

    @Test("volumes that are being made or destroyed are left out")
    func volumes() throws {
        func volume(_ id: String, _ change: (inout Volume) -> Void = { _ in }) throws -> Entry {
            var volume = Volume(id: id, name: "d", app: "a", region: "r", host: "h", sizeGB: 1, createdAt: Self.now)
            change(&volume)
            return try Self.entry("/volumes/\(id)", volume)
        }
        let records = BackupRecords([
            try volume("vol_a"), try volume("vol_b") { $0.filledFrom = "vs_x" },
            try volume("vol_c") { $0.leavingSince = Self.now },
        ])
        #expect(try records.volumes().map(\.id) == ["vol_a"])
    }
}
