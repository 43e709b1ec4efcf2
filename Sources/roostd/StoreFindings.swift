import Foundation
import Logging
import Model
import Runtime
import Store
import Toolkit

/// What the doctor says of a host's own state: who it is, what its store has lost, what runs that nobody knows.
enum StoreFindings {
    /// Looks at the host's state folder and at what runs; changes nothing.
    static func gather(_ config: HostConfig, _ store: StoreInspection) async -> [HostFinding] {
        var findings = identity(config)
        findings += [self.store(store), copies(config.paths)].compactMap { $0 }
        findings += store.unreadable.map { key, reason in
            HostFinding(
                "record",
                .warn,
                "\(key) can't be read: \(reason)",
                mend: "what runs and is routed stays; put an older one back: roost store repair \(key)"
            )
        }
        let seen = (try? await OCIRuntime(paths: config.paths, logger: Logger(label: "doctor")).list()) ?? [:]
        return findings + strangers(seen, store)
    }

    // MARK: - Private

    private static func identity(_ config: HostConfig) -> [HostFinding] {
        guard let data = FileManager.default.contents(atPath: config.paths.identity) else { return [] }
        guard let identity = try? JSON.decode(HostIdentity.self, from: data, what: config.paths.identity) else {
            return [
                HostFinding(
                    "host",
                    .warn,
                    "\(config.paths.identity) can't be read",
                    mend: "start roostd serve: it finds the host's identity in the records"
                )
            ]
        }
        guard identity.name != config.host else {
            return [HostFinding("host", .ok, "\(identity.id), named \(config.host)")]
        }
        return [
            HostFinding(
                "host",
                .ok,
                "\(identity.id), named \(config.host) now and \(identity.name) at the last start; its Machines stay its own"
            )
        ]
    }

    private static func store(_ store: StoreInspection) -> HostFinding {
        if let objection = store.objection {
            return HostFinding("store", .fail, objection.message, mend: objection.hint)
        }
        return HostFinding("store", .ok, "revision \(store.revision ?? 0)")
    }

    private static func copies(_ paths: HostPaths) -> HostFinding? {
        guard let newest = StoreCopies(paths).all().first else {
            return HostFinding(
                "store copies",
                .warn,
                "there is none in \(paths.backups)",
                mend: "roostd serve makes one each hour; is there room on the disk?"
            )
        }
        return HostFinding("store copies", .ok, "the newest of \(newest.made), revision \(newest.revision)")
    }

    private static func strangers(_ seen: [Machine.ID: SandboxStatus], _ store: StoreInspection) -> [HostFinding] {
        // Without a store nothing is known, which makes nobody a stranger.
        guard store.objection == nil else { return [] }
        let alive = seen.filter { id, status in
            guard !store.machines.contains(id) else { return false }
            switch status {
            case .running, .suspended, .unmonitored: return true
            case .ended, .provisioned: return false
            }
        }
        return alive.keys.sorted().map { id in
            HostFinding(
                "stranger",
                .warn,
                "sandbox \(id) runs and has no record",
                mend: "take it up again: roost machine adopt \(id); or end it: roost machine destroy \(id)"
            )
        }
    }
}
