import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

@Suite("Disks with a limit", .serialized, .enabled(if: TestHost.isFit))
struct LoopDiskTests {
    private func with(_ body: (String) throws -> Void) throws {
        let root = "/tmp/rd\(String(UInt32.random(in: 0..<(1 << 24)), radix: 16))"
        try Durable.makeFolder(root)
        defer {
            try? Overlay.unmount("\(root)/disk")
            try? FileManager.default.removeItem(atPath: root)
        }
        try body(root)
    }

    private func disk(_ root: String, _ bytes: Int64, kept: Bool = true) -> LoopDisk {
        LoopDisk(image: "\(root)/disk.img", folder: "\(root)/disk", bytes: bytes, isKept: kept)
    }

    /// Writes until the disk is full, and says how many bytes there was room for.
    private func fill(_ path: String) throws -> Int64 {
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        var sum: Int64 = 0
        while true {
            let count = write(descriptor, piece, piece.count)
            if count < 0 {
                #expect(errno == ENOSPC)
                return sum
            }
            sum += Int64(count)
            try #require(sum < 1 << 30)
        }
    }

    private func allocated(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_blocks) * 512 : -1
    }

    @Test("takes what it may and no more, gives removed blocks back, and leaves nothing", arguments: [false, true])
    func limits(kept: Bool) throws {
        try with { root in
            let disk = disk(root, 64 << 20, kept: kept)
            try disk.mount()
            #expect(disk.isMounted)
            let room = try fill("\(root)/disk/file")
            #expect(room > 40 << 20 && room < 64 << 20, "\(room)")
            #expect(try #require(disk.use).free < 1 << 20)
            sync()
            #expect(allocated(disk.image) > room)
            unlink("\(root)/disk/file")
            // A journal gives blocks back with its next commit, within five seconds.
            for _ in 0..<100 where allocated(disk.image) >= 20 << 20 {
                sync()
                usleep(100_000)
            }
            #expect(allocated(disk.image) < 20 << 20)
            try disk.remove()
            #expect(KernelFile.names(in: root).isEmpty)
            #expect(try !String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).contains(root))
        }
    }

    @Test("keeps its content over an unmount, grows mounted where it may and else at the next mount, never shrinks")
    func grows() throws {
        try with { root in
            var disk = disk(root, 32 << 20)
            try disk.mount()
            try "kept".write(toFile: "\(root)/disk/note", atomically: false, encoding: .utf8)
            let small = try #require(disk.use).total
            disk.bytes = 128 << 20
            if try !disk.grow() {
                #expect(try #require(disk.use).total == small)
                try disk.unmount()
                try disk.mount()
            }
            let large = try #require(disk.use).total
            #expect(large > small * 3, "\(small) \(large)")
            try disk.unmount()
            #expect(!disk.isMounted && disk.use == nil)
            disk.bytes = 256 << 20
            try disk.mount()
            #expect(try #require(disk.use).total > large * 3 / 2)
            disk.bytes = 32 << 20
            try disk.unmount()
            try disk.mount()
            #expect(try #require(disk.use).total > large * 3 / 2)
            #expect(try String(contentsOfFile: "\(root)/disk/note", encoding: .utf8) == "kept")
            try disk.remove()
        }
    }

    @Test("a growth that a crash cut short is made good, and half of a file system is not taken for one")
    func crashes() throws {
        try with { root in
            let disk = disk(root, 32 << 20)
            try Data("no file system".utf8).write(to: URL(filePath: "\(disk.image).new"))
            try disk.mount()
            let small = try #require(disk.use).total
            truncate(disk.image, 128 << 20)
            try disk.unmount()
            try disk.mount()
            #expect(try #require(disk.use).total > small * 3)
            try disk.remove()
        }
    }

    @Test("says so where the file is no file system")
    func damaged() throws {
        try with { root in
            let disk = disk(root, 32 << 20)
            try Data(repeating: 1, count: 32 << 20).write(to: URL(filePath: disk.image))
            #expect { try disk.mount() } throws: { ($0 as? Fault)?.message.contains("disk.img") == true }
            #expect(!disk.isMounted)
        }
    }
}

@Suite("Root file systems with a limit", .serialized, .enabled(if: TestHost.isFit))
struct RootLimitTests {
    @Test("a full one is ENOSPC in that Machine alone; suspended or adopted it stays so, and a start begins anew")
    func full() async throws {
        try await TestHost.with(rootLimit: 48 << 20) { host in
            let fill = "dd if=/dev/zero of=/tmp/f bs=1048576 count=100 2>&1 | grep -o 'No space left'; echo filled"
            let greedy = try await host.sandbox(
                "\(fill); while sleep 0.2; do dd if=/dev/zero of=/tmp/g bs=1048576 count=4 2>/dev/null && echo wrote; done",
                index: 0
            )
            _ = try await host.runtime.start(greedy)
            try await host.waitForLog(greedy.id, "filled")
            #expect(await host.log(greedy.id).contains("No space left"))
            let image = "\(host.paths.machines)/\(greedy.id)/disk.img"
            var status = stat()
            #expect(stat(image, &status) == 0 && status.st_blocks * 512 <= 48 << 20 && status.st_size == 48 << 20)
            #expect(
                try await host.output("dd if=/dev/zero of=/tmp/f bs=1048576 count=20 2>/dev/null && echo fits") == [
                    "fits"
                ]
            )
            try await host.runtime.suspend(greedy.id)
            try await host.runtime.resume(greedy.id)
            // Another daemon finds it so.
            let second = OCIRuntime(paths: host.paths, options: host.runtime.options)
            try await second.prepareHost()
            #expect(try await second.list()[greedy.id] != nil)
            #expect(stat(image, &status) == 0)
            #expect(await !host.log(greedy.id).contains("wrote"))
            try await second.clear(greedy.id)
            #expect(!KernelFile.exists(image))
            var again = greedy
            again.command = ["sh", "-c", "ls /tmp | wc -l; echo begun"]
            _ = try await second.start(again)
            try await host.waitForLog(greedy.id, "begun")
            #expect(await host.log(greedy.id).contains("0"))
            try await second.destroy(greedy.id)
            #expect(try !String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).contains(greedy.id.text))
        }
    }
}
