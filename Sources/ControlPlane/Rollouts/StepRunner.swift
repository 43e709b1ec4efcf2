import Model
import Store
import Toolkit

/// Carries out the steps of a roll-out; each may be begun again after a crash.
struct StepRunner {
    let store: any StateStore
    let fleet: any Fleet
    let edges: EdgeLink
    let region: String
    let rollout: Rollout
    /// Told of output.
    let note: @Sendable (RolloutEvent) async -> Void
    /// Requests under way get at most this long before their Machine is stopped.
    private static let drainLimit = Duration.seconds(30)
    /// The same while new ones wait, because no other Machine takes them.
    private static let aloneDrainLimit = Duration.seconds(10)
    /// A process that can't even be killed ends the step so long after its own stop timeout.
    private static let destroyPatience = Duration.seconds(120)
    /// Lines of a failed Machine's log that are shown.
    private static let logTail = 20

    /// Carries out one step; its Machine gets `release`: the new one, or on the way back the old one.
    func perform(_ step: Rollout.Step, _ release: Release) async throws {
        switch step {
        case .releaseCommand(let id): try await releaseCommand(id, release)
        case .create(let id, let group): try await create(id, group, release)
        case .update(let id, let group): try await update(id, group, release)
        case .destroy(let id): try await destroy(id)
        }
    }

    /// Ends a Machine's requests, then the Machine.
    func destroy(_ id: Machine.ID) async throws {
        do {
            try await quiesce(id)
            let changes = try await fleet.changes(of: id)
            let machine = try await store.machines.get("\(rollout.app)/\(id)")?.value
            try await fleet.stop(id, then: .destroyed)
            let timeout = machine?.spec.config.stopConfig.timeout.duration ?? .zero
            try await withTimeout(timeout + Self.destroyPatience, "destroying Machine \(id)") {
                for await _ in changes {}
                // A daemon that shuts down ends the stream too.
                try Task.checkCancellation()
            }
        } catch let fault as Fault where fault.code == .machineNotFound {
            return
        }
    }

    // MARK: - Private

    private func create(_ id: Machine.ID, _ group: String, _ release: Release) async throws {
        let order = MachineOrder(
            id: id,
            app: release.app,
            name: "\(release.app)-\(group)-\(id.text.prefix(4))",
            region: release.config.primaryRegion ?? region,
            config: try await config(group, release),
            release: release.version
        )
        _ = try await fleet.create(order)
        try await showingLog(of: id) {
            try await fleet.start(id)
            try await healthy(id, release, past: Self.logTail)
        }
    }

    private func update(_ id: Machine.ID, _ group: String, _ release: Release) async throws {
        guard let machine = try await store.machines.get("\(release.app)/\(id)")?.value else {
            throw Fault(.machineNotFound, "machine not found: \(id)")
        }
        let config = try await config(group, release)
        guard machine.isAwake else {
            return try await fleet.update(id, config: config, release: release.version, launch: false)
        }
        try await quiesce(id)
        try await showingLog(of: id) {
            do {
                try await fleet.update(id, config: config, release: release.version, launch: true)
            } catch {
                // What still runs goes on with its requests.
                try? await fleet.quiesce(id, false)
                throw error
            }
            // Routed as soon as it is ready, so that requests that wait for it wait no longer than they must.
            try await fleet.quiesce(id, false)
            try await healthy(id, release)
        }
    }

    /// Lets requests end, then sends no new ones.
    ///
    /// Streams, which end only when somebody ends them, are not waited for.
    private func quiesce(_ id: Machine.ID) async throws {
        var limit = Self.drainLimit
        if await !edges.hasOther(than: id) {
            // From the cordon on every new request waits, so what takes long is let come to its end before it.
            do {
                try await edges.awaitLong(id, limit: Self.drainLimit)
            } catch let fault as Fault where fault.code == .timedOut {}
            limit = Self.aloneDrainLimit
        }
        try await fleet.quiesce(id, true)
        do {
            try await edges.drain(id, limit: limit)
        } catch let fault as Fault where fault.code == .timedOut {
            let left = await edges.waitedFor(id)
            let seconds = limit.components.seconds
            await note(.line("\(left) requests to Machine \(id) still under way after \(seconds) s, not waited for"))
        }
    }

    private func healthy(_ id: Machine.ID, _ release: Release, past: Int = 0) async throws {
        var watch = HealthWatch(fleet: fleet, rollout: rollout, past: past)
        watch.stay = release.config.deploy.stayUp?.duration
        // The old release has proven itself; the sooner the way back is done the better.
        if rollout.phase == .rollingBack { watch.stay = .zero }
        try await watch.wait(id, limit: release.config.deploy.waitTimeout.duration)
    }

    private func releaseCommand(_ id: Machine.ID, _ release: Release) async throws {
        guard let command = release.config.deploy.releaseCommand else { return }
        try await destroy(id)  // left over when the daemon ended in the middle of it
        let group = release.config.defaultGroup
        var config = try await config(group, release)
        config.`init`.cmd = command
        config.services = []
        config.checks = [:]
        config.mounts = []
        config.restart = MachineConfig.Restart(policy: .no)
        config.env["RELEASE_COMMAND"] = "1"
        config.metadata["fly_process_group"] = "fly_app_release_command"
        if let guest = release.config.deploy.releaseCommandVM { config.guest = guest }
        let order = MachineOrder(
            id: id,
            app: release.app,
            name: "release-command",
            region: release.config.primaryRegion ?? region,
            config: config,
            release: release.version
        )
        let words = command.joined(separator: " ")
        let run = ReleaseCommand(
            fleet: fleet,
            rollout: rollout,
            order: order,
            words: words,
            timeout: release.config.deploy.releaseCommandTimeout.duration,
            note: note
        )
        let exit = try await run.run()
        try await destroy(id)
        guard exit.code == 0 else {
            let cause =
                exit.outOfMemory ? "ran out of memory (\(config.guest.memoryMiB) MB)" : "ended with \(exit.code)"
            throw Fault(
                .releaseCommandFailed,
                "release_command \"\(words)\" \(cause)",
                hint: "nothing that runs was changed; its output stands above"
            )
        }
    }

    private func config(_ group: String, _ release: Release) async throws -> MachineConfig {
        let reference = "roost/\(release.app)@\(release.image)"
        let region = release.config.primaryRegion ?? region
        var config = release.config.machineConfig(group: group, image: reference, region: region)
        config.metadata["fly_release_version"] = String(release.version)
        config.openTo = try await store.apps.get(release.app)?.value.tryout?.of
        return config
    }

    private func showingLog(of id: Machine.ID, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            await showLog(of: id, tail: Self.logTail)
            throw error
        }
    }

    private func showLog(of id: Machine.ID, tail: Int) async {
        guard let feed = try? await fleet.logs(id, tail: tail, follow: false) else { return }
        for line in await feed.all() { await note(.line(line.text)) }
    }
}

extension Machine {
    /// Runs, or is meant to: a deploy starts its new configuration.
    var isAwake: Bool {
        switch status.state {
        case .starting, .started, .restarting, .failed, .stopping(_, .started): true
        case .created, .stopping, .stopped, .suspending, .suspended, .destroying, .destroyed: false
        }
    }
}
