import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

extension Volume {
    static func sample(sizeGB: Int = 1) -> Volume {
        Volume(
            id: newID(),
            name: "d",
            app: "a",
            region: "r",
            host: "h",
            sizeGB: sizeGB,
            createdAt: .init(milliseconds: 0)
        )
    }
}

@Suite("Volumes on the disk", .enabled(if: getuid() == 0, "only root can mount"), .timeLimit(.minutes(5)))
struct VolumeStoreTests {
    private func withStore(_ body: (VolumeStore, _ root: String) async throws -> Void) async throws {
        let root = "/var/tmp/roost-vol-\(UInt32.random(in: 0...UInt32.max))"
        let store = VolumeStore(paths: HostPaths(state: root, run: root))
        do {
            try await body(store, root)
        } catch {
            try? await store.closeAll()
            try? FileManager.default.removeItem(atPath: root)
            throw error
        }
        try await store.closeAll()
        try FileManager.default.removeItem(atPath: root)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    @Test("are made once, keep what is on them over a restart of the host, and go with it")
    func lifeCycle() async throws {
        try await withStore { store, root in
            let volume = Volume.sample()
            let folder = try await store.open(volume, user: "\(getuid()):\(getgid())")
            #expect(folder == store.folder(volume.id))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty, "initdb wants an empty folder")
            try write("kept", "\(folder)/file")
            #expect(try await store.open(volume) == folder)
            try await store.close(volume.id)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/file"))
            // Another daemon knows nothing but the disk.
            let other = VolumeStore(paths: HostPaths(state: root, run: root))
            try other.prepare()
            #expect(try await other.open(volume) == folder)
            #expect(try text("\(folder)/file") == "kept")
            #expect(store.all() == [volume.id])
            try await store.remove(volume.id)
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(store.all().isEmpty)
            try await store.remove(volume.id)
        }
    }

    @Test("are full at their size, and grow while they are used")
    func limit() async throws {
        try await withStore { store, _ in
            var volume = Volume.sample()
            let folder = try await store.open(volume)
            func fill() -> Int {
                (try? Spawn.run(["dd", "if=/dev/zero", "of=\(folder)/x", "bs=1M", "count=1500"]))?.output.contains(
                    "No space left"
                ) == true ? 1 : 0
            }
            #expect(fill() == 1)
            let usage = try #require(await store.usage(volume))
            #expect(usage.usedPercent >= 99 && usage.totalBytes < 1 << 30 && !usage.isUnlimited)
            volume.sizeGB = 2
            do {
                try await store.grow(volume)
            } catch let fault as Fault where fault.code == .hostUnfit {
                // Not here: then with the next start of its Machine, and until then it counts as grown.
                #expect(fill() == 1)
                #expect(try #require(await store.usage(volume)).totalBytes > 1800 << 20)
                // A copy of the mount in somebody's namespace keeps it as it is until that one has ended.
                for _ in 0..<8 where KernelFile.exists("\(folder)/../disk.growing") {
                    _ = try await store.open(volume)
                }
            }
            #expect(try #require(await store.usage(volume)).totalBytes > 1800 << 20)
            #expect(fill() == 0)
        }
    }

    @Test("a growth that was cut off is finished when the volume is opened")
    func cutOff() async throws {
        try await withStore { store, root in
            var volume = Volume.sample()
            _ = try await store.open(volume)
            try await store.close(volume.id)
            let disk = VolumeDisk(file: "\(root)/volumes/\(volume.id)/disk", folder: store.folder(volume.id))
            // As it stands when the file has grown and the file system has not.
            try KernelFile.create("\(disk.file).growing", [])
            try disk.reserve(2 << 30)
            volume.sizeGB = 2
            _ = try await store.open(volume)
            #expect(try #require(await store.usage(volume)).totalBytes > 1800 << 20)
            #expect(!KernelFile.exists("\(disk.file).growing"))
        }
    }

    @Test("a volume that the host has no room for is refused, and nothing is left of it")
    func noRoom() async throws {
        try await withStore { store, root in
            try Durable.makeFolder("\(root)/volumes")
            try Spawn.run(["mount", "-t", "tmpfs", "-o", "size=64m", "t", "\(root)/volumes"]).code == 0 ? () : ()
            defer { _ = try? Spawn.run(["umount", "\(root)/volumes"]) }
            let fault = await #expect(throws: Fault.self) { try await store.open(Volume.sample()) }
            #expect(fault?.code == .diskFull && fault?.hint != nil)
            #expect(KernelFile.names(in: "\(root)/volumes").isEmpty)
        }
    }

    @Test("take no ID that leads elsewhere", arguments: ["", "vol_../../etc", "vol_a/b", "other", "vol_A"])
    func refuses(id: String) async throws {
        try await withStore { store, root in
            try Durable.makeFolder(root)
            var volume = Volume.sample()
            volume.id = id
            await #expect(throws: Fault.self) { try await store.open(volume) }
            await #expect(throws: Fault.self) { try await store.remove(id) }
            await #expect(throws: Fault.self) { try await store.snapshot(volume, as: VolumeSnapshot.newID()) }
        }
    }

    @Test("belong to the user that the image's topmost /etc/passwd names")
    func owner() async throws {
        try await withStore { store, root in
            for (layer, number) in [("bottom", 1000), ("top", 2000)] {
                try Durable.makeFolder("\(root)/\(layer)/etc")
                try write("app:x:\(number):\(number)::/:/bin/sh\n", "\(root)/\(layer)/etc/passwd")
            }
            let folder = try await store.open(.sample(), user: "app", layers: ["\(root)/bottom", "\(root)/top"])
            let attributes = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(attributes[.ownerAccountID] as? Int == 2000)
            #expect(attributes[.posixPermissions] as? Int == 0o755)
        }
    }

    @Test("a link in a layer leads to no file of the host")
    func links() async throws {
        try await withStore { store, root in
            try Durable.makeFolder("\(root)/layer/etc")
            try FileManager.default.createSymbolicLink(
                atPath: "\(root)/layer/etc/passwd",
                withDestinationPath: "/../../../../../../etc/passwd"
            )
            // The host has a user "daemon"; the image has not.
            for user in ["root-of-the-host", "daemon"] {
                await #expect(throws: Fault.self) {
                    try await store.open(.sample(), user: user, layers: ["\(root)/layer"])
                }
            }
        }
    }

    @Test("a plain folder of before stays one, and a fork of it is a disk")
    func folders() async throws {
        try await withStore { store, _ in
            let old = Volume.sample()
            try Durable.makeFolder(store.folder(old.id))
            try write("old", "\(store.folder(old.id))/file")
            #expect(try await store.open(old) == store.folder(old.id))
            #expect(await store.usage(old)?.isUnlimited == true)
            let fault = await #expect(throws: Fault.self) { try await store.snapshot(old, as: VolumeSnapshot.newID()) }
            #expect(fault?.hint?.contains("fork") == true)
            let copy = Volume.sample()
            try await store.fill(copy, from: .volume(old.id))
            let folder = try await store.open(copy)
            #expect(try text("\(folder)/file") == "old")
            #expect(await store.usage(copy)?.isUnlimited == false)
        }
    }
}
