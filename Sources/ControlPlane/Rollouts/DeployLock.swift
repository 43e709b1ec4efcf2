import Model
package import Store

/// One deploy an app at a time.
extension StateStore {
    /// The roll-out that is under way, as the app's lock says.
    ///
    /// A lock whose roll-out is over, gone or unreadable is what a crash between two writes has left: it counts as none,
    /// or the app could never be deployed again.
    func deployUnderWay(_ app: String) async throws -> Rollout? {
        guard let id = try await deployLocks.get(app)?.value else { return nil }
        do {
            guard let rollout = try await rollouts.get("\(app)/\(id)")?.value, !rollout.phase.isOver else { return nil }
            return rollout
        } catch let fault as Fault where fault.code == .corrupt {
            return nil
        }
    }

    /// Takes the lock for a roll-out whose record is written.
    ///
    /// - Throws: ``Fault`` `revisionConflict` when another roll-out has it.
    func lockDeploy(_ rollout: Rollout) async throws {
        let held = try await deployLocks.get(rollout.app)
        if let other = try await deployUnderWay(rollout.app) {
            throw Fault(.revisionConflict, "\(rollout.app) is locked by roll-out \(other.id)")
        }
        try await deployLocks.put(rollout.app, rollout.id, expected: held?.revision ?? 0)
    }

    /// Lets go of the lock; that of another roll-out stays.
    func unlockDeploy(_ rollout: Rollout) async throws {
        guard try await deployLocks.get(rollout.app)?.value == rollout.id else { return }
        try await deployLocks.delete(rollout.app)
    }
}

extension Rollouts {
    /// Apps that are being deployed; what can't be read counts as none.
    package static func busyApps(_ store: any StateStore) async -> Set<String> {
        guard let locks = try? await store.range(store.deployLocks.prefix) else { return [] }
        var busy: Set<String> = []
        for entry in locks.entries {
            let app = String(entry.key.dropFirst(store.deployLocks.prefix.count))
            if let rollout = try? await store.deployUnderWay(app), !rollout.phase.isOver { busy.insert(app) }
        }
        return busy
    }
}
