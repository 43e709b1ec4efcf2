import Foundation
import Logging
import Model
import Runtime
import Store
import Toolkit

/// The state folder that a backup is restored to: empty, or of a host on which nothing was deployed yet.
struct BackupTarget {
    let paths: HostPaths
    /// What a `serve` that was started once has made; none of it is worth anything without an app.
    private static let fresh = [
        "store.db", "store.db-wal", "store.db-shm", "store.backup", "mark.json", "host.json", "network.json", "keys",
        "api-tls", "env", "edge", "backup", "activity.jsonl", "rollouts",
    ]

    /// Says which backup is being restored until all of it is there.
    private var mark: String { "\(paths.state)/restore.json" }

    /// - Throws: ``Fault`` `invalidState` when something would be mixed or lost.
    func prepare(_ logger: Logger) async throws {
        guard begun == nil else { return }
        let isThere = FileManager.default.fileExists(atPath: paths.database)
        if isThere {
            let kinds = ["/apps/", "/machines/", "/volumes/", "/secrets/"]
            let entry = try StoreInspection.records(path: paths.database).first { entry in
                kinds.contains { entry.key.hasPrefix($0) }
            }
            if let entry { throw occupied("its store has \(entry.key)") }
        } else if FileManager.default.fileExists(atPath: paths.mark) {
            throw occupied("its store is lost: roost store restore puts the last copy in its place")
        }
        let volumes = (try? FileManager.default.contentsOfDirectory(atPath: paths.volumes)) ?? []
        if let volume = volumes.first(where: { $0.hasPrefix("vol_") }) { throw occupied("volume \(volume) is there") }
        guard isThere || FileManager.default.fileExists(atPath: paths.keys) else { return }
        try await OCIRuntime(paths: paths, logger: logger).removeEverything()
        try putAside()
    }

    /// Notes which backup it is, from now on until ``finish()``.
    ///
    /// - Throws: ``Fault`` `invalidState` when another one was begun: volumes of both must not stand side by side.
    func begin(_ snapshot: String) throws(Fault) {
        if let begun, begun != snapshot {
            throw Fault(
                .invalidState,
                "the restore of backup \(begun.prefix(8)) to \(paths.state) was cut off",
                hint: "go on with it: --backup \(begun.prefix(8)); or empty the folder"
            )
        }
        try Durable.write(try JSON.encode(["snapshot": snapshot]), to: mark, mode: 0o600)
    }

    func finish() { unlink(mark) }

    // MARK: - Private

    /// The backup whose restore was cut off here; nil when none was.
    private var begun: String? {
        guard let data = FileManager.default.contents(atPath: mark) else { return nil }
        return (try? JSON.decode([String: String].self, from: data, what: mark))?["snapshot"]
    }

    private func occupied(_ what: String) -> Fault {
        Fault(
            .invalidState,
            "\(paths.state) holds a host already, \(what): a restore would mix the two",
            hint: "move the folder aside, or name an empty one: ROOST_STATE=/var/lib/roost-new"
        )
    }

    private func putAside() throws(Fault) {
        let aside = "\(paths.state)/before-restore-\(ULID.make())"
        try Durable.makeFolder(aside, mode: 0o700)
        for name in Self.fresh where FileManager.default.fileExists(atPath: "\(paths.state)/\(name)") {
            guard rename("\(paths.state)/\(name)", "\(aside)/\(name)") == 0 else {
                throw Durable.fault(errno, "move aside", "\(paths.state)/\(name)")
            }
        }
    }
}
