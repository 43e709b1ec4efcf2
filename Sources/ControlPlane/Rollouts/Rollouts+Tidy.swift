import Logging
package import Model
import Store

extension Rollouts {
    /// Forgets old roll-outs and releases of an app, and lets go of the images that nothing needs any more.
    func tidy(_ app: String) async {
        do {
            let ended = try await store.rollouts.list("\(app)/").filter(\.phase.isOver)
            for rollout in ended.dropLast(settings.keepReleases) {
                try await store.rollouts.delete("\(app)/\(rollout.id)")
            }
            await journal.prune(app, keep: settings.keepReleases)
            let current = try await store.apps.get(app)?.value.currentRelease
            let releases = try await store.releases.list("\(app)/")
            for release in releases.dropLast(settings.keepReleases) where release.version != current {
                try await store.releases.delete(Release.key(app, release.version))
            }
            try await pruneSecrets(app)
        } catch {
            logger.warning("tidying failed", error: error, metadata: ["app": "\(app)"])
        }
        await collectImages(after: app)
    }

    /// Forgets versions of secrets that no kept release and no Machine has.
    private func pruneSecrets(_ app: String) async throws {
        let named = try await store.releases.list("\(app)/").compactMap(\.secrets)
        let running = try await store.machines.list("\(app)/").compactMap(\.secretsVersion)
        try await secrets.prune(app, keep: Set(named + running))
    }

    /// Lets go of images that nothing needs; a failure costs disk space only.
    func collectImages(after app: String) async {
        do {
            _ = try await makeRoom(.easy)
        } catch {
            logger.warning("images not collected", error: error, metadata: ["app": "\(app)"])
        }
    }

    /// Lets go of what nothing needs, and of what builds keep as far as the level of the disk wants it.
    ///
    /// - Returns: the bytes that came free.
    package func makeRoom(_ level: DiskLevel) async throws -> Int64 {
        try await settings.collectImages(try await wantedImages(), level)
    }

    /// Digests of all images that a Machine or a kept release refers to.
    ///
    /// - Throws: ``Fault`` `corrupt` for a record that can't be read: its image must not be taken for unwanted.
    func wantedImages() async throws -> Set<String> {
        var wanted = Set(try await store.releases.list().map(\.image))
        for machine in try await store.machines.list() {
            if let digest = Image.digest(in: machine.spec.config.image) { wanted.insert(digest) }
        }
        return wanted
    }
}
