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
    /// Brings in an image for an app, by its name in a registry.
    let pull: (@Sendable (_ app: String, _ name: String) async throws -> String)?
    /// Told of output.
    let note: @Sendable (RolloutEvent) async -> Void
    /// What is left of a stop's timeout for an app whose streams had the rest of it.
    static let rest = Duration.seconds(5)
    /// A process that can't even be killed ends the step so long after its own stop timeout.
    private static let destroyPatience = Duration.seconds(120)
    /// A new Machine of a release that was good before need not run longer than that, where nothing else is said.
    private static let stayOfProven = Duration.seconds(1)
    /// Lines of a failed Machine's log that are shown.
    static let logTail = 20

    /// Carries out one step; its Machine gets `release`: the new one, or on the way back the old one.
    func perform(_ step: Rollout.Step, _ release: Release) async throws {
        switch step {
        case .releaseCommand(let id): try await releaseCommand(id, release)
        case .seedCommand(let id): try await seedCommand(id, release)
        case .create(let id, let group): try await add(id, group, release)
        case .update(let id, let group, let start): try await update(id, group, release, start: start == true)
        case .replace(let old, let new, _, let group): try await replace(old, by: new, group, release)
        case .putBack(let old, let new, let spare, let group): try await putBack(old, new, spare, group, release)
        case .prepare(let id, let group): try await create(id, group, release, Standing(isCordoned: true))
        case .turn(let new, let old): try await turn(to: new, from: old, release)
        case .updateAtOnce(let machines): try await updateAtOnce(machines, release)
        case .destroy(let id): try await destroy(id)
        case .canary(let id, let group, let percent): try await create(id, group, release, Standing(share: percent))
        case .judge(let id, let group, let seconds): try await judge(id, group, .seconds(seconds))
        case .together(let steps): try await together(steps, release)
        case .unknown:
            throw Fault(
                .newerVersion,
                "the roll-out has a step that only a newer version of Roost knows",
                hint: "install that version on this host; it goes on with the roll-out"
            )
        }
    }

    /// Ends a Machine's requests, then the Machine.
    func destroy(_ id: Machine.ID) async throws {
        do {
            let machine = try await machine(id)
            try await quiesce(id, machine?.spec.config.stopConfig.timeout.duration ?? .zero)
            let changes = try await fleet.changes(of: id)
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

    /// How a Machine of a roll-out begins.
    struct Standing {
        /// It gets no requests until somebody takes it out of its cordon.
        var isCordoned = false
        /// It gets none until the roll-out's hold ends.
        var isHeld = false
        /// It gets so many of a hundred.
        var share: Int?
        /// It takes the place of this one, and stands where that one does.
        var predecessor: Machine.ID?
    }

    /// Makes a Machine and sees it through its trial.
    func create(
        _ id: Machine.ID,
        _ group: String,
        _ release: Release,
        _ standing: Standing = Standing()
    ) async throws {
        var config = try await config(group, release)
        config.metadata[MachineConfig.shareKey] = standing.share.map { "\($0)" }
        let order = MachineOrder(
            id: id,
            app: release.app,
            name: "\(release.app)-\(group)-\(id.text.prefix(4))",
            region: try await place(group, release, standing.predecessor),
            config: config,
            release: release.version
        )
        _ = try await fleet.create(order)
        if standing.isCordoned { try await fleet.cordon(id, true) }
        if standing.isHeld { try await fleet.hold(id, hold) }
        try await showingLog(of: id) {
            try await fleet.start(id)
            try await healthy(id, release, past: Self.logTail)
        }
        try await machineChecks(id, group, release)
    }

    // MARK: - Private

    private func place(_ group: String, _ release: Release, _ other: Machine.ID?) async throws -> String {
        if let other, let machine = try await machine(other) { return machine.region }
        let present = try await store.managedMachines(release.app).filter { $0.group == group }.map(\.region)
        return release.region(for: group, present: present) ?? release.config.region(onHostIn: region)
    }

    private func update(_ id: Machine.ID, _ group: String, _ release: Release, start: Bool) async throws {
        guard let machine = try await machine(id) else {
            throw Fault(.machineNotFound, "machine not found: \(id)")
        }
        let config = try await config(group, release)
        guard machine.isAwake || start else {
            return try await fleet.update(id, config: config, release: release.version, launch: false)
        }
        let timeout = machine.spec.config.stopConfig.timeout.duration
        var mark = try await mark([id], group, release)
        let quiet = machine.isAwake ? try await quiesce(id, timeout) : nil
        await renew(&mark)
        try await showingLog(of: id) {
            do {
                // The time that its streams had counts: requests wait from here on.
                if quiet?.hasEndedStreams == true, quiet?.isAlone == true, timeout > Self.rest {
                    try await fleet.stop(id, then: .started, order: StopOrder(timeout: Self.rest))
                }
                try await fleet.update(id, config: config, release: release.version, launch: true)
            } catch {
                // What still runs goes on with its requests.
                try? await fleet.release(id, owner: hold.owner)
                throw error
            }
            // Routed as soon as it is ready, so that requests that wait for it wait no longer than they must.
            try await fleet.release(id, owner: hold.owner)
            try await tellingHold(id, quiet) { try await healthy(id, release) }
            await tellKilled(id, quiet)
        }
        try await machineChecks(id, group, release)
        try await comparePages(mark)
        try await compareAnswers(since: mark)
    }

    /// The roll-out's own word on a Machine that it works on; the commands of users have theirs.
    var hold: Hold {
        Hold(owner: "rollout \(rollout.id)", reason: "a deploy of \(rollout.holder) works on it", since: .now())
    }

    private func healthy(_ id: Machine.ID, _ release: Release, past: Int = 0) async throws {
        var watch = HealthWatch(fleet: fleet, rollout: rollout, past: past)
        watch.stay = release.config.deploy.stayUp?.duration
        if watch.stay == nil, try await hasRunBefore(release) { watch.mostStay = Self.stayOfProven }
        // The old release has proven itself; the sooner the way back is done the better.
        if rollout.phase == .rollingBack { watch.stay = .zero }
        try await watch.wait(id, limit: release.config.deploy.waitTimeout.duration)
    }

    /// Whether a release that was good ran just the same way: what somebody goes back to has proven itself.
    private func hasRunBefore(_ release: Release) async throws -> Bool {
        try await store.releases.list("\(release.app)/") { _, _ in }.contains {
            $0.version < release.version && $0.status == .complete && $0.isSame(as: release)
        }
    }

    /// Its record; nil when there is none any more.
    func machine(_ id: Machine.ID) async throws -> Machine? {
        try await store.machines.get("\(rollout.app)/\(id)")?.value
    }

    func config(_ group: String, _ release: Release) async throws -> MachineConfig {
        let reference = Image.reference(app: release.app, digest: release.image)
        let region = release.config.region(onHostIn: region)
        var config = release.config.machineConfig(group: group, image: reference, region: region)
        config.metadata[MachineConfig.releaseKey] = String(release.version)
        // Also when there are none, so that what is set later waits for its deploy.
        config.metadata[MachineConfig.secretsKey] = release.secrets.map { String($0) }
        if let guest = release.sizes?[group] { config.guest = guest }
        config.openTo = try await store.apps.get(release.app)?.value.tryout?.of
        config.hosts = try await store.tryoutHosts(of: release.app)
        return config
    }

    func showingLog(of id: Machine.ID, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            await showLog(of: id, tail: Self.logTail)
            throw error
        }
    }

    func showLog(of id: Machine.ID, tail: Int) async {
        guard let feed = try? await fleet.logs(id, tail: tail, follow: false) else { return }
        for line in await feed.all() { await note(.line(line.text)) }
    }
}
