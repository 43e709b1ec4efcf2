import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

@Suite("Snapshots of volumes", .enabled(if: getuid() == 0, "only root can mount"), .timeLimit(.minutes(5)))
struct SnapshotTests {
    private func withStore(_ body: (VolumeStore, _ root: String) async throws -> Void) async throws {
        let root = "/var/tmp/roost-snap-\(UInt32.random(in: 0...UInt32.max))"
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

    @Test("hold what was there, also while a program writes; only what is new is kept anew")
    func restores() async throws {
        try await withStore { store, _ in
            let volume = Volume.sample()
            let folder = try await store.open(volume)
            try "one".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            _ = try Spawn.run(["dd", "if=/dev/urandom", "of=\(folder)/big", "bs=1M", "count=20"])
            let sum = try Digest.hex(file: "\(folder)/big")
            // Without a program of its own for each line, which would hold the volume for a moment after the shell's end.
            let writer = "while :; do echo line >> \(folder)/log; done"
            let writing = Process()
            writing.executableURL = URL(filePath: "/bin/sh")
            writing.arguments = ["-c", writer]
            try writing.run()
            defer {
                kill(writing.processIdentifier, SIGKILL)
                writing.waitUntilExit()
            }
            let (first, second) = (VolumeSnapshot.newID(), VolumeSnapshot.newID())
            let facts = try await store.snapshot(volume, as: first)
            #expect(facts.diskBytes == 1 << 30 && facts.dataBytes >= 20 << 20 && facts.addedBytes >= 20 << 20)
            try "two".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            let later = try await store.snapshot(volume, as: second)
            #expect(later.addedBytes < 15 << 20, "\(later.addedBytes)")
            #expect(later.digest != facts.digest)
            for (id, expected) in [(first, "one"), (second, "two")] {
                let copy = Volume.sample(sizeGB: 2)
                try await store.fill(copy, from: .snapshot(id, of: volume.id))
                let place = try await store.open(copy)
                #expect(try text("\(place)/file") == expected)
                #expect(try Digest.hex(file: "\(place)/big") == sum)
                #expect(try #require(await store.usage(copy)).totalBytes > 1800 << 20)
                try await store.remove(copy.id)
            }
            try await store.keepSnapshots([second], of: volume.id)
            await #expect(throws: Fault.self) {
                try await store.fill(.sample(), from: .snapshot(first, of: volume.id))
            }
            try await store.fill(.sample(), from: .snapshot(second, of: volume.id))
        }
    }

    @Test("a fork has what the other holds, and the two go ways of their own")
    func forks() async throws {
        try await withStore { store, _ in
            let (volume, copy) = (Volume.sample(), Volume.sample())
            let folder = try await store.open(volume)
            try "same".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            try await store.fill(copy, from: .volume(volume.id))
            let other = try await store.open(copy)
            #expect(try text("\(other)/file") == "same")
            try "other".write(toFile: "\(other)/file", atomically: false, encoding: .utf8)
            #expect(try text("\(folder)/file") == "same")
            // Filled already: a repetition after a crash leaves it as it is.
            try await store.fill(copy, from: .volume(volume.id))
            #expect(try text("\(other)/file") == "other")
        }
    }

    @Test("one that is damaged is not taken for whole, and leaves no volume")
    func damaged() async throws {
        try await withStore { store, root in
            let volume = Volume.sample()
            let folder = try await store.open(volume)
            try "x".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            let id = VolumeSnapshot.newID()
            _ = try await store.snapshot(volume, as: id)
            let pieces = "\(root)/snapshots/\(volume.id)/pieces"
            let list = try text("\(root)/snapshots/\(volume.id)/\(id).json")
            let name = try #require(list.firstMatch(of: /[0-9a-f]{64}/)).output
            try KernelFile.create("\(pieces)/\(name.prefix(2))/\(name)", [1, 2, 3])
            let copy = Volume.sample()
            let fault = await #expect(throws: Fault.self) {
                try await store.fill(copy, from: .snapshot(id, of: volume.id))
            }
            #expect(fault?.code == .corrupt)
            #expect(store.all() == [volume.id])
        }
    }

    @Test("a daemon that is killed while a volume stands still leaves nothing hanging")
    func killed() async throws {
        try await withStore { store, _ in
            let folder = try await store.open(.sample())
            // The leash of the program that holds it still is a pipe; its other end goes with whoever holds it.
            do { _ = try StillFolder.begin(folder) }
            let begin = ContinuousClock.now
            try "on".write(toFile: "\(folder)/file", atomically: false, encoding: .utf8)
            #expect(ContinuousClock.now - begin < .seconds(10))
        }
    }

    @Test("a file system that stands still goes on when the next daemon begins")
    func left() async throws {
        try await withStore { store, root in
            let folder = try await store.open(.sample())
            _ = try Spawn.run(["fsfreeze", "--freeze", folder])
            try VolumeStore(paths: HostPaths(state: root, run: root)).prepare()
            #expect(try Spawn.run(["timeout", "5", "touch", "\(folder)/file"]).code == 0)
        }
    }
}
