package import Logging
package import Model
import ServiceLifecycle
import Toolkit

/// Keeps the host's disk from filling up: gives up what builds keep while room is short, and refuses to build when there is
/// none.
///
/// What runs, and what can be rolled back to, is never touched.
package actor DiskGuard: Service {
    /// Gives up what a level allows; returns the bytes that came free.
    package typealias Prune = @Sendable (DiskLevel) async throws -> Int64

    private let folder: String
    private let limits: DiskLimits
    private let look: @Sendable () -> DiskRoom?
    private let logger: Logger
    private var prune: Prune = { _ in 0 }
    private var level = DiskLevel.easy
    private var prunedAt: ContinuousClock.Instant?
    /// The one that goes on; who wants another waits for it.
    private var pruning: Task<Int64, any Error>?

    private static let interval = Duration.seconds(15)
    /// Between two attempts at one level: what is in use today is given up on another day.
    private static let pause = Duration.seconds(600)

    /// Looks after the file system of a folder.
    package init(
        folder: String,
        limits: DiskLimits,
        logger: Logger,
        look: (@Sendable () -> DiskRoom?)? = nil
    ) {
        self.folder = folder
        self.limits = limits
        self.logger = logger
        self.look = look ?? { DiskRoom.at(folder) }
    }

    /// Says how room is made.
    package func use(_ prune: @escaping Prune) {
        self.prune = prune
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await repeating(every: Self.interval, after: .seconds(1)) { await self.check() }
        }
    }

    /// Where there is no room left for something new, says so, after an attempt to make some.
    ///
    /// - Throws: ``Fault`` `diskFull`.
    package func admit() async throws {
        guard judge()?.level == .full else { return }
        if prunedAt.map({ .now - $0 > .seconds(30) }) ?? true { await pruneLogged() }
        guard let (level, room) = judge(), level == .full else { return }
        let files = room.usedFilesPercent > room.usedPercent
        throw Fault(
            .diskFull,
            "the disk of \(folder) is full: "
                + (files ? "\(room.freeFiles) files can still be made" : "\(room.free >> 20) MiB are left")
                + ", so that nothing new is taken in or built; what runs goes on",
            hint:
                "roost disk shows what takes the room; [disk] refuse_at in roost.toml says from when on it counts as full"
        )
    }

    /// Gives up all that builds keep, now.
    package func pruneNow() async throws -> DiskPruned {
        let freed = try await makeRoom(.short)
        return DiskPruned(freed: freed, level: judge()?.level ?? level)
    }

    /// The level, as it is now, with what it was judged by.
    package func state() -> (level: DiskLevel, room: DiskRoom)? { judge() }

    /// One look, and what follows from it.
    func check() async {
        let before = level
        guard let (level, _) = judge(), level > .easy else { return }
        let isDue = prunedAt.map { .now - $0 > Self.pause } ?? true
        if level > before || isDue { await pruneLogged() }
    }

    // MARK: - Private

    private func judge() -> (level: DiskLevel, room: DiskRoom)? {
        guard let room = look() else { return nil }
        let now = limits.level(of: room, was: level)
        if now != level {
            let used = Int(max(room.usedPercent, room.usedFilesPercent).rounded())
            logger.log(
                level: now > level ? .warning : .notice,
                "room on the disk",
                metadata: [
                    "disk.folder": "\(folder)", "disk.level": "\(now.word)", "disk.used": "\(used) %",
                    "disk.free": "\(room.free >> 20) MiB",
                ]
            )
            level = now
        }
        return (now, room)
    }

    private func pruneLogged() async {
        do {
            let freed = try await makeRoom(level)
            logger.notice(
                "made room on the disk",
                metadata: ["disk.folder": "\(folder)", "disk.freed": "\(freed >> 20) MiB"]
            )
        } catch {
            logger.warning("no room could be made on the disk", error: error, metadata: ["disk.folder": "\(folder)"])
        }
    }

    private func makeRoom(_ level: DiskLevel) async throws -> Int64 {
        if let pruning { return try await pruning.value }
        let task = Task { [prune] in try await prune(level) }
        pruning = task
        defer {
            pruning = nil
            prunedAt = .now
        }
        return try await task.value
    }
}
