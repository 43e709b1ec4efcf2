import Model
import Store

/// Which app a host name leads to.
///
/// A name is claimed when a roll-out that wants it begins, by a key that only one can make, and given back when that
/// fails: so two roll-outs at once can't both end with it.
struct HostNames {
    let store: any StateStore

    /// Claims names for a roll-out that has its app's lock.
    ///
    /// - Throws: ``Fault`` `nameTaken` naming the app that has one; none of them is claimed then.
    func claim(_ names: [String], for rollout: Rollout) async throws {
        do {
            for name in names { try await claim(name, for: rollout) }
        } catch {
            await giveBack(rollout)
            throw error
        }
    }

    /// Lets go of what a roll-out that failed has claimed and its app does not have.
    func giveBack(_ rollout: Rollout) async {
        // A claim that stays is nobody's: the next who wants the name takes it over.
        guard let app = try? await store.apps.get(rollout.app)?.value else { return }
        try? await release { $0.app == rollout.app && $0.rollout == rollout.id && !app.hostnames.contains($1) }
    }

    /// Lets go of the names that an app no longer has.
    func settle(_ app: String, _ names: [String]) async {
        try? await release { $0.app == app && !names.contains($1) }
    }

    /// - Throws: ``Fault`` `nameTaken` for a name that another app has or claims.
    func refuseForeign(_ names: [String], _ app: String) async throws {
        let others = try await store.apps.list { _, _ in }.filter { $0.name != app }
        for name in names {
            if let owner = others.first(where: { $0.allHostnames.contains(name) }) {
                throw Self.taken(name, owner.name)
            }
        }
    }

    // MARK: - Private

    private func claim(_ name: String, for rollout: Rollout) async throws {
        while true {
            let held = try await store.hostNames.get(name)
            if let held {
                if held.value.app == rollout.app { return }
                if try await holds(held.value, name) { throw Self.taken(name, held.value.app) }
            }
            do {
                let claim = HostNameClaim(app: rollout.app, rollout: rollout.id)
                try await store.hostNames.put(name, claim, expected: held?.revision ?? 0)
                return
            } catch let fault as Fault where fault.code == .revisionConflict {
                continue
            }
        }
    }

    /// Whether a claim is more than what a crash has left.
    private func holds(_ claim: HostNameClaim, _ name: String) async throws -> Bool {
        guard let app = try await store.apps.get(claim.app)?.value else { return false }
        if app.hostnames.contains(name) { return true }
        return try await store.deployUnderWay(claim.app)?.id == claim.rollout
    }

    private func release(_ isOver: (HostNameClaim, String) -> Bool) async throws {
        for (name, claim) in try await store.hostNames.named() where isOver(claim.value, name) {
            try await store.hostNames.delete(name, expected: claim.revision)
        }
    }

    private static func taken(_ name: String, _ owner: String) -> Fault {
        Fault(
            .nameTaken,
            "host name \(name) belongs to app \(owner)",
            hint: "take it out of [http_service] hostnames there first, and deploy it"
        )
    }
}
