import Foundation
package import Logging
package import Model
import ServiceLifecycle
package import Store
import Toolkit

/// The apps of this platform: made, listed, destroyed with all that is theirs.
package struct Apps: Service {
    let store: any StateStore
    private let fleet: any Fleet
    private let edges: EdgeLink
    private let rollouts: Rollouts
    private let journal: RolloutJournal
    let tryouts: Tryouts
    private let domain: String
    private let logger: Logger
    /// The apps' host names and certificates; nil where nobody keeps any.
    package var certificates: HostCertificates?

    package init(
        store: any StateStore,
        fleet: any Fleet,
        edges: EdgeLink,
        rollouts: Rollouts,
        tryouts: Tryouts,
        domain: String,
        logger: Logger
    ) {
        self.store = store
        self.fleet = fleet
        self.edges = edges
        self.rollouts = rollouts
        self.tryouts = tryouts
        self.domain = domain
        self.logger = logger
        journal = rollouts.journal
    }

    /// Finishes what a restart interrupted.
    package func run() async throws {
        let recorded = try await store.apps.list { [logger] name, fault in
            logger.error("app record unreadable, left alone", error: fault, metadata: ["app": "\(name)"])
        }
        for app in recorded where app.destroying {
            do {
                try await remove(app.name)
            } catch {
                logger.error("app not removed", error: error, metadata: ["app": "\(app.name)"])
            }
        }
        try? await gracefulShutdown()
    }

    /// - Throws: ``Fault`` `nameTaken` when there is one of that name.
    func create(_ name: String, owner: String, network: String?) async throws -> App {
        try App.validate(name: name)
        var app = App(name: name, createdAt: .now(), owner: owner)
        app.ownNetwork = try await Networks(store: store).named(network)
        do {
            try await store.apps.put(name, app, expected: 0)
        } catch let fault as Fault where fault.code == .revisionConflict {
            let taken = try await store.apps.get(name)?.value
            // Made by an earlier try of the same call, which would have been refused for one that was there before.
            if CallSeed.current?.isAgain == true, let taken, taken.owner == owner { return taken }
            let other = taken?.owner ?? "somebody"
            throw Fault(
                .nameTaken,
                "Name has already been taken: \(name) belongs to \(other)",
                hint: "choose another: -a NAME, or app = \"NAME\" in fly.toml; roost apps list shows those there are"
            )
        }
        return app
    }

    static func unknown(_ name: String) -> Fault {
        Fault(.appNotFound, "Could not find App \"\(name)\"", hint: "roost apps list shows those there are")
    }

    func get(_ name: String) async throws -> App {
        guard let app = try await store.apps.get(name)?.value else {
            throw Self.unknown(name)
        }
        return app
    }

    /// Says what the edge does with the app's requests; nil is to pass them on.
    func direct(_ name: String, _ traffic: App.Traffic?) async throws -> App {
        try await store.apps.update(name, missing: Self.unknown(name)) { $0.traffic = traffic }
    }

    func view(_ app: App) async throws -> AppView {
        AppView(
            app,
            machines: try await store.machines.list("\(app.name)/") { _, _ in },
            volumes: try await store.volumes.list { _, _ in }.count { $0.app == app.name },
            hostname: "\(app.name).\(domain)",
            url: app.place(public: rollouts.settings.url) ?? ""
        )
    }

    /// Removes the app, its Machines, volumes, releases, and its throw-aways.
    ///
    /// Goes on after a restart where it stopped.
    func destroy(_ name: String) async throws {
        try await rollouts.refuseIfBusy(name)
        for other in try await throwAways(of: name) { try await rollouts.refuseIfBusy(other.name) }
        try await store.apps.update(name, missing: Self.unknown(name)) {
            $0.destroying = true
        }
        try await remove(name)
    }

    // MARK: - Private

    private func throwAways(of name: String) async throws -> [App] {
        try await store.apps.list { _, _ in }.filter { $0.tryout?.of == name && $0.name != name }
    }

    private func remove(_ name: String) async throws {
        for other in try await throwAways(of: name) {
            try await store.apps.update(other.name, missing: Fault(.appNotFound, "app \(other.name) is gone")) {
                $0.destroying = true
            }
            try await remove(other.name)
        }
        // While it still has an address.
        if let app = try await store.apps.get(name)?.value { try await tryouts.disconnect(app) }
        for machine in try await store.machines.list("\(name)/") { try await end(machine) }
        for volume in try await store.volumes.list(unreadable: { _, _ in }) where volume.app == name {
            try await fleet.destroyVolume(volume.id)
        }
        for release in try await store.releases.list("\(name)/") {
            try await store.releases.delete(Release.key(name, release.version))
        }
        for rollout in try await store.rollouts.list("\(name)/") {
            try await store.rollouts.delete("\(name)/\(rollout.id)")
        }
        await HostNames(store: store).settle(name, [])
        await journal.prune(name, keep: 0)
        try await rollouts.secrets.remove(name)
        try await certificates?.forget(name)
        try await store.apps.delete(name)
        do {
            try await rollouts.settings.forgetApp(name)
        } catch {
            // A cache that stays costs room, nothing else: the app is gone.
            logger.warning("build caches not removed", error: error, metadata: ["app": "\(name)"])
        }
        logger.notice("app destroyed", metadata: ["app": "\(name)"])
        await rollouts.collectImages(after: name)
    }

    private func end(_ machine: Machine) async throws {
        do {
            let changes = try await fleet.changes(of: machine.id)
            try await fleet.stop(machine.id, then: .destroyed)
            for await _ in changes {}
            // A daemon that shuts down ends the stream too.
            try Task.checkCancellation()
        } catch let fault as Fault where fault.code == .machineNotFound {
            try await store.machines.delete("\(machine.app)/\(machine.id)")
        }
    }
}
