import Logging
import Model
import Synchronization
import Testing

@testable import ControlPlane

@Suite("Room on the disk", .timeLimit(.minutes(1)))
struct DiskGuardTests {
    /// A disk of 40 GiB.
    private final class Disk: Sendable {
        private let state = Mutex<(free: Double, pruned: [DiskLevel], frees: Double, fails: Bool)>((30, [], 0, false))

        var room: DiskRoom? {
            state.withLock { DiskRoom(bytes: 40 << 30, free: Int64($0.free * Double(1 << 30))) }
        }

        var pruned: [DiskLevel] { state.withLock(\.pruned) }

        func set(free: Double, frees: Double = 0, fails: Bool = false) {
            state.withLock { ($0.free, $0.frees, $0.fails) = (free, frees, fails) }
        }

        func prune(_ level: DiskLevel) throws -> Int64 {
            try state.withLock { state in
                state.pruned.append(level)
                if state.fails { throw Fault(.io, "no") }
                state.free += state.frees
                return Int64(state.frees * Double(1 << 30))
            }
        }
    }

    private static func make(_ disk: Disk) async -> DiskGuard {
        let room = DiskGuard(
            folder: "/state",
            limits: DiskLimits(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            look: { disk.room }
        )
        await room.use { try disk.prune($0) }
        return room
    }

    @Test("room is made once when a level is reached, again when it gets worse, and not when it gets better")
    func levels() async throws {
        let disk = Disk()
        let room = await Self.make(disk)
        await room.check()
        #expect(disk.pruned.isEmpty)
        disk.set(free: 7)
        for _ in 0..<3 { await room.check() }
        #expect(disk.pruned == [.tight])
        disk.set(free: 3)
        for _ in 0..<3 { await room.check() }
        #expect(disk.pruned == [.tight, .short])
        disk.set(free: 7)
        await room.check()
        disk.set(free: 30)
        await room.check()
        #expect(disk.pruned == [.tight, .short])
        try await room.admit()
    }

    @Test("on a full disk nothing new is let in, with a sentence that says what to do")
    func full() async throws {
        let disk = Disk()
        let room = await Self.make(disk)
        disk.set(free: 0.5)
        let fault = await #expect(throws: Fault.self) { try await room.admit() }
        #expect(fault?.code == .diskFull && fault?.message.contains("/state is full: 512 MiB are left") == true)
        #expect(fault?.hint?.contains("roost disk") == true)
        // Who asks again at once does not start another search for room.
        _ = await #expect(throws: Fault.self) { try await room.admit() }
        #expect(disk.pruned == [.full])
        disk.set(free: 8)
        try await room.admit()
    }

    @Test("who finds the disk full is let in when giving up caches is enough")
    func enough() async throws {
        let disk = Disk()
        let room = await Self.make(disk)
        disk.set(free: 0.5, frees: 10)
        try await room.admit()
        #expect(disk.pruned == [.full])
    }

    @Test("room that can't be made is no end of the watch, and who asks for it by hand is told")
    func failing() async throws {
        let disk = Disk()
        let room = await Self.make(disk)
        disk.set(free: 7, fails: true)
        await room.check()
        await #expect(throws: Fault.self) { try await room.pruneNow() }
        disk.set(free: 7, frees: 20)
        let pruned = try await room.pruneNow()
        #expect(pruned == DiskPruned(freed: 20 << 30, level: .easy))
        #expect(disk.pruned == [.tight, .short, .short])
    }

    @Test("a disk that does not say what it has keeps nobody out")
    func silent() async throws {
        let room = DiskGuard(
            folder: "/nowhere/at/all",
            limits: DiskLimits(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await room.admit()
        #expect(await room.state() == nil)
    }
}
