import ControlPlane
import Foundation
import Logging
import Model
import Runtime
import ServiceLifecycle
import Store
import Toolkit

/// Makes this host's backups, by the clock and when somebody asks; one at a time.
///
/// In `serve`, since nobody else may take snapshots of volumes beside it, or hold images.
actor Backups: Service {
    private let config: HostConfig
    private let folder: BackupFolder
    private let volumes: VolumeStore
    private let images: Workshop
    private let logger: Logger
    private let orders: AsyncStream<Void>
    private let order: AsyncStream<Void>.Continuation
    /// What goes on, and since when.
    private var current: (stage: String, since: Timestamp)?
    /// Between two looks at the clock.
    private static let pace = Duration.seconds(30)

    init(_ base: HostBase) {
        config = base.config
        folder = BackupFolder(base.config.paths)
        volumes = base.volumes
        images = base.images
        logger = base.logger
        (orders, order) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Begins one, and returns at once.
    ///
    /// - Throws: ``Fault`` `invalidState` while one goes on, or when the host has no place for any.
    func begin() throws -> BackupView {
        _ = try folder.ready()
        guard current == nil else {
            throw Fault(
                .invalidState,
                "a backup is under way: \(current?.stage ?? "")",
                hint: "roost backup create waits for it when it is yours; roost backup list shows how it went"
            )
        }
        // Somebody who looks at one has it; so that who asks is told, and not the log alone.
        try folder.takeLock().release()
        current = ("waiting", .now())
        order.yield()
        return try view()
    }

    /// How they went, and what goes on.
    func view() throws -> BackupView {
        var view = BackupView(settings: try folder.settings(), status: folder.status)
        view.stage = current?.stage
        view.startedAt = current?.since
        return view
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await repeating(every: Self.pace) { await self.look() } }
                for await _ in self.orders { await self.work() }
            }
        }
    }

    /// What the API's routes ask.
    nonisolated var desk: BackupDesk {
        BackupDesk(view: { try await self.view() }, begin: { try await self.begin() })
    }

    // MARK: - Private

    /// Begins one when it is due.
    private func look() {
        guard current == nil, let settings = try? folder.settings(), settings.isSaved,
            config.backup.policy.isDue(folder.status, now: .now())
        else { return }
        // Who looks at one at this moment is waited for.
        guard let lock = try? folder.takeLock() else { return }
        lock.release()
        current = ("waiting", .now())
        order.yield()
    }

    private func work() async {
        defer { current = nil }
        let began = ContinuousClock.now
        do {
            let lock = try folder.takeLock()
            defer { lock.release() }
            do {
                let good = try await make(began)
                try folder.note { $0.lastGood = good }
                logger.notice(
                    "backup made",
                    metadata: ["backup.snapshot": "\(good.snapshot)", "backup.added_bytes": "\(good.addedBytes)"]
                )
                for note in good.notes { logger.warning("backup made, but", metadata: ["reason": "\(note)"]) }
            } catch {
                // The end of the daemon is no failure: the next one begins anew.
                guard !Task.isCancelled else { return }
                // It holds second names of what others let go, and so room on the disk.
                try? folder.clear(folder.stage)
                try folder.note { $0.lastFailure = .init(at: .now(), fault: Self.fault(error)) }
                throw error
            }
        } catch {
            logger.error("no backup made", error: error)
        }
    }

    private func tell(_ stage: String) { current?.stage = stage }

    private static func fault(_ error: any Error) -> Fault { error as? Fault ?? Fault(.io, "\(error)") }

    private func make(_ began: ContinuousClock.Instant) async throws -> BackupStatus.Good {
        let settings = try folder.ready()
        let restic = try folder.restic(settings)
        // First of all: a restic that has outlived an earlier daemon still reads what it had laid out.
        try await restic.unlock()
        try folder.clear(folder.stage)
        let stage = BackupStage(
            config: config,
            settings: settings,
            volumes: volumes,
            images: images,
            folder: folder.stage
        )
        let (manifest, names) = try await stage.make { await self.tell($0) }
        current?.stage = "sending"
        let summary = try await restic.store(names, of: folder.stage, host: manifest.host.id)
        current?.stage = "looking"
        let objections = manifest.objections(to: try await restic.list(summary.snapshot))
        guard objections.isEmpty else {
            try? await restic.forget(snapshot: summary.snapshot)
            throw Fault(
                .corrupt,
                "what was stored is not what there was, and was let go: \(objections.prefix(3).joined(separator: "; "))",
                hint: "try again: roost backup create"
            )
        }
        var good = BackupStatus.Good(at: manifest.at, snapshot: summary.snapshot)
        good.totalBytes = manifest.totalBytes
        good.addedBytes = summary.addedBytes
        good.apps = manifest.apps.count
        good.volumes = manifest.volumes.count
        good.notes = manifest.notes
        do {
            try folder.clear(folder.stage)
            try await restic.forget(config.backup.policy, host: manifest.host.id)
        } catch {
            // Credentials that may only add can't remove: the backup is good all the same.
            good.notes.append("older ones were not removed: \(Self.fault(error).message)")
        }
        good.seconds = (ContinuousClock.now - began).seconds
        return good
    }
}
