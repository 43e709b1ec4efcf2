import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

@Suite("Volumes in a backup", .enabled(if: getuid() == 0, "only root can mount"), .timeLimit(.minutes(5)))
struct VolumeBackupTests {
    private func withStores(
        _ body: (_ one: VolumeStore, _ other: VolumeStore, _ root: String) async throws -> Void
    ) async throws {
        let root = "/var/tmp/roost-vback-\(UInt32.random(in: 0...UInt32.max))"
        let stores = ["one", "other"].map { VolumeStore(paths: HostPaths(state: "\(root)/\($0)", run: root)) }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(stores[0], stores[1], root))
        } catch {
            outcome = .failure(error)
        }
        for store in stores { try await store.closeAll() }
        try FileManager.default.removeItem(atPath: root)
        try outcome.get()
    }

    @Test("what is laid out while a program writes is the same on another host, owner and all")
    func travels() async throws {
        try await withStores { one, other, root in
            let volume = Volume.sample()
            let folder = try await one.open(volume)
            try "one".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            #expect(chown("\(folder)/file", 1234, 1235) == 0)
            _ = try Spawn.run(["dd", "if=/dev/urandom", "of=\(folder)/big", "bs=1M", "count=5"])
            let sum = try Digest.hex(file: "\(folder)/big")
            let stage = "\(root)/stage/\(volume.id)"
            let content = try await one.layOut(volume, to: stage)
            #expect(content.kind == .disk && content.dataBytes >= 5 << 20 && content.diskBytes == 1 << 30)
            let files = FileManager.default.subpaths(atPath: stage)?.filter {
                $0.contains(".json") || $0.utf8.count > 64
            }
            #expect(content.files == files?.count)
            let entry = BackupManifest.Volume(volume, content)
            try VolumeStore.check(entry, in: stage)
            // What is on it now is not in the backup, and nothing of the backup is left in the host's snapshots.
            try "two".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            let left = FileManager.default.subpaths(atPath: "\(root)/one/snapshots/\(volume.id)") ?? []
            #expect(!left.contains { $0.hasSuffix(".json") || $0.utf8.count > 64 }, "\(left)")
            try await other.putBack(entry, from: stage)
            try await other.putBack(entry, from: stage)
            let place = try await other.open(volume)
            #expect(try String(contentsOfFile: "\(place)/file", encoding: .utf8) == "one")
            #expect(try Digest.hex(file: "\(place)/big") == sum)
            var status = stat()
            #expect(lstat("\(place)/file", &status) == 0 && status.st_uid == 1234 && status.st_gid == 1235)
        }
    }

    @Test("snapshots that the volume has stay whole beside it")
    func besides() async throws {
        try await withStores { one, _, root in
            let volume = Volume.sample()
            let folder = try await one.open(volume)
            try "kept".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            let id = VolumeSnapshot.newID()
            _ = try await one.snapshot(volume, as: id)
            try "later".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            _ = try await one.layOut(volume, to: "\(root)/stage")
            let copy = Volume.sample()
            try await one.fill(copy, from: .snapshot(id, of: volume.id))
            let place = try await one.open(copy)
            #expect(try String(contentsOfFile: "\(place)/file", encoding: .utf8) == "kept")
        }
    }

    @Test("a changed piece, a lost piece and another list are found, and make no volume")
    func damaged() async throws {
        try await withStores { one, other, root in
            let volume = Volume.sample()
            let folder = try await one.open(volume)
            try "x".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            let stage = "\(root)/stage"
            let entry = BackupManifest.Volume(volume, try await one.layOut(volume, to: stage))
            var wrong = entry
            wrong.content.digest = "00"
            #expect(#expect(throws: Fault.self) { try VolumeStore.check(wrong, in: stage) }?.code == .corrupt)
            let names = try #require(FileManager.default.subpaths(atPath: "\(stage)/pieces")).filter {
                $0.utf8.count > 60
            }
            let piece = "\(stage)/pieces/\(try #require(names.first))"
            unlink(piece)
            #expect(#expect(throws: Fault.self) { try VolumeStore.check(entry, in: stage) }?.code == .corrupt)
            try KernelFile.create(piece, [1, 2, 3])
            #expect(#expect(throws: Fault.self) { try VolumeStore.check(entry, in: stage) }?.code == .corrupt)
            await #expect(throws: Fault.self) { try await other.putBack(entry, from: stage) }
            #expect(other.all().isEmpty)
        }
    }

    @Test("one that nobody has used is empty; one of before there were disks is copied as a folder")
    func others() async throws {
        try await withStores { one, other, root in
            let (empty, plain) = (Volume.sample(), Volume.sample())
            let none = try await one.layOut(empty, to: "\(root)/none")
            #expect(none.kind == .empty && none.files == 0)
            try await other.putBack(.init(empty, none), from: "\(root)/none")
            #expect(other.all().isEmpty)
            try Durable.makeFolder("\(one.folder(plain.id))/deep")
            try Durable.write(Data("text".utf8), to: "\(one.folder(plain.id))/deep/file")
            symlink("/etc/shadow", "\(one.folder(plain.id))/link")
            let content = try await one.layOut(plain, to: "\(root)/plain")
            #expect(content.kind == .folder && content.files == 1 && content.dataBytes == 4)
            let entry = BackupManifest.Volume(plain, content)
            try VolumeStore.check(entry, in: "\(root)/plain")
            try await other.putBack(entry, from: "\(root)/plain")
            let place = other.folder(plain.id)
            #expect(try String(contentsOfFile: "\(place)/deep/file", encoding: .utf8) == "text")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(place)/link") == "/etc/shadow")
        }
    }
}
