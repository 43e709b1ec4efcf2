import Agent
import ArgumentParser
import ControlPlane
import Foundation
import Images
import Model
import ServiceLifecycle
import Store
import Synchronization
import Toolkit

/// What a host tells of itself, beside its Machines: store, disks, memory, certificates.
final class HostFigures: Service {
    let paths: HostPaths
    private let place: [Exposition.Label]
    let store: SQLiteStore
    private let backups: (folder: BackupFolder, policy: BackupPolicy)
    private let sizes = Mutex<[String: Int64]>([:])
    /// Between two counts of what folders take: thousands of files are looked at for it.
    private static let interval = Duration.seconds(600)

    init(_ base: HostBase) {
        paths = base.config.paths
        place = [("region", base.config.region), ("host", base.label)]
        store = base.store
        backups = (BackupFolder(base.config.paths), base.config.backup.policy)
    }

    /// Counts what the folders take, now and then.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            await repeating(every: Self.interval, after: .seconds(5)) {
                for (purpose, folder) in self.folders {
                    let bytes = DiskUse.of(folder).allocated
                    self.sizes.withLock { $0[purpose] = bytes }
                }
            }
        }
    }

    /// Puts all parts of the page together.
    ///
    /// - Parameters:
    ///   - link: knows what edges count.
    ///   - agent: knows the Machines.
    ///   - books: what other parts of the daemon count.
    /// - Returns: what the API's route asks.
    func desk(_ link: EdgeLink, _ agent: LocalAgent, _ books: [CounterBook]) -> MetricsDesk {
        let (region, host) = (place[0].value, place[1].value)
        return MetricsDesk(
            host: host,
            sources: [
                { await link.metrics(for: $0, region: region, host: host) }, { await agent.metrics(for: $0) },
                { await self.metrics(for: $0, books) },
            ]
        )
    }

    // MARK: - Private

    private var folders: [(purpose: String, folder: String)] {
        [
            ("images", paths.images), ("machines", paths.machines), ("volumes", paths.volumes),
            ("snapshots", paths.snapshots), ("store_copies", paths.backups), ("rollouts", paths.rollouts),
            ("backup", paths.backup),
        ]
    }

    private func metrics(for viewer: MetricViewer, _ books: [CounterBook]) async -> Exposition {
        var page = Exposition()
        let apps = try? await store.range("/apps/")
        let names = Set((apps?.entries ?? []).map { String($0.key.dropFirst("/apps/".count)) })
        for book in books {
            if apps != nil { book.prune(names.contains) }
            book.write(to: &page, from: place, for: viewer)
        }
        let certificates = (try? await store.certificates.list(unreadable: { _, _ in })) ?? []
        add(certificates.filter { $0.app.map(viewer.sees) ?? viewer.seesHost }, to: &page)
        guard viewer.seesHost else { return page }
        let labels = Exposition.Labels(place)
        store.counts.write(to: &page, from: place, for: viewer)
        if let apps {
            page.sample(.storeRevision, labels, Double(apps.revision))
            page.sample(.apps, labels, Double(apps.entries.count))
        }
        addMemory(labels, to: &page)
        addFileSystems(labels, to: &page)
        for (purpose, bytes) in sizes.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            page.sample(.purposeBytes, labels.with("purpose", purpose), Double(bytes))
        }
        addBackups(labels, to: &page)
        page.sample(.info, labels.with("version", Roostd.configuration.version), 1)
        return page
    }

    private func add(_ certificates: [HostCertificate], to page: inout Exposition) {
        let now = Timestamp.now()
        for record in certificates.sorted(by: { $0.hostname < $1.hostname }) {
            guard let end = record.presented(at: now)?.notAfter else { continue }
            let labels = Exposition.Labels([("app", record.app ?? "")] + place + [("name", record.hostname)])
            page.sample(.certificateEnd, labels, Double(end.milliseconds / 1000))
        }
    }

    private func addBackups(_ labels: Exposition.Labels, to page: inout Exposition) {
        guard let settings = try? backups.folder.settings(), settings.isSaved else { return }
        let status = backups.folder.status
        for (metric, moment) in [(Metric.backupGood, status.lastGood?.at), (.backupTest, status.lastTest)] {
            page.sample(metric, labels, Double((moment?.milliseconds ?? 0) / 1000))
        }
        guard backups.policy.every > .zero else { return }
        page.sample(.backupPace, labels, backups.policy.every.seconds)
    }

    private func addMemory(_ labels: Exposition.Labels, to page: inout Exposition) {
        let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
        for (word, metric) in [("MemTotal:", Metric.hostMemory), ("MemAvailable:", .hostMemoryFree)] {
            let line = text.split(separator: "\n").first { $0.hasPrefix(word) }
            guard let kibibytes = line?.split(separator: " ").compactMap({ Double($0) }).first else { continue }
            page.sample(metric, labels, kibibytes * 1024)
        }
    }

    private func addFileSystems(_ labels: Exposition.Labels, to page: inout Exposition) {
        for (purpose, folder) in [("state", paths.state), ("run", paths.run)] {
            guard let room = DiskRoom.at(folder) else { continue }
            let own = labels.with("purpose", purpose)
            page.sample(.hostBytes, own, Double(room.bytes))
            page.sample(.hostBytesFree, own, Double(room.free))
            guard room.files > 0 else { continue }
            page.sample(.hostFiles, own, Double(room.files))
            page.sample(.hostFilesFree, own, Double(room.freeFiles))
        }
    }
}
