import Model
import Store
import Toolkit

extension RolloutRun {
    /// Writes the release that an order means, and how its Machines come to it.
    mutating func makeRelease(_ order: ReleaseOrder) async throws {
        let app = rollout.app
        let plan = try await rollouts.plan(app, order)
        if plan.isInService {
            await tell(.line("v\(plan.release.version) is in service already"))
            rollout.release = plan.release.version
            rollout.previous = plan.release.version
            rollout.phase = .complete
            return
        }
        let machines = try await store.managedMachines(app)
        if let id = plan.healed {
            await tell(.line("Machine \(id) gets a successor: \(order.cause ?? "it is not well")"))
            (rollout.release, rollout.previous) = (plan.release.version, plan.release.version)
            try await claim(plan.steps(have: machines, newID: Machine.ID.random))
            rollout.phase = .rolling
            return try await rollouts.save(rollout)
        }
        var release = plan.release
        release.createdAt = .now()
        release.user = order.user
        release.status = .running
        release.counts = nil
        var steps = plan.steps(have: machines, newID: Machine.ID.random)
        // The way back is never refused; it takes longer where there is less room.
        if plan.isProven, try await memoryMissing(steps, release, machines) != nil {
            steps = plan.steps(have: machines, isTight: true, newID: Machine.ID.random)
        }
        try await claim(steps)
        try await write(release, machines, previous: try await store.apps.get(app)?.value.currentRelease)
        rollout.phase = .rolling
        try await rollouts.save(rollout)
    }

    /// Notes down which Machines it will work on; from then on nobody gets their leases.
    ///
    /// - Throws: ``Fault`` `leaseHeld` when somebody has one of them already; nothing is changed then.
    mutating func claim(_ steps: [Rollout.Step]) async throws {
        rollout.steps = steps
        try await rollouts.save(rollout)
        do {
            try await rollouts.refuseLeased(rollout.app, steps)
        } catch {
            rollout.steps = []
            throw error
        }
    }

    /// Whether Machines stay as a fault left them: `[deploy] rollback = false`.
    func keepsWhatFailed() async -> Bool {
        (try? await release(rollout.release))?.config.deploy.rollback == false
    }

    /// Whether the edge serves the release.
    func isServed() async -> Bool {
        guard let config = try? await release(rollout.release).config else { return false }
        return config.groups.contains { !config.machineConfig(group: $0, image: "", region: "").published.isEmpty }
    }

    /// What a second copy of a Machine may take at least, in MiB, and what is left to the host.
    private static let (leastNeed, reserve) = (64, 64)

    /// Looks whether the host has the memory for Machines beside those that run, before anything is changed.
    ///
    /// A copy takes about what the one takes that runs already; at most what it is allowed to.
    ///
    /// - Throws: ``Fault`` `hostUnfit` with the numbers.
    func refuseWithoutMemory(_ steps: [Rollout.Step], _ release: Release, _ machines: [Machine]) async throws {
        guard let (extra, free) = try await memoryMissing(steps, release, machines) else { return }
        throw Fault(
            .hostUnfit,
            "the new Machines need about \(extra) MB beside those that run, and the host has \(free) MB free",
            hint:
                "nothing was changed; make room (roost scale), or exchange in place, with a pause: --strategy immediate"
        )
    }

    /// What the steps need beside what runs, and what is free, in MiB; nil where that is enough.
    private func memoryMissing(
        _ steps: [Rollout.Step],
        _ release: Release,
        _ machines: [Machine]
    ) async throws -> (extra: Int, free: Int)? {
        guard RolloutPlanner.doubles(steps), let free = try await rollouts.fleet.freeMemory() else { return nil }
        var needs: [String: Int] = [:]
        for group in release.config.groups {
            let shape = release.config.machineConfig(group: group, image: "", region: "")
            let most = (release.sizes?[group] ?? shape.guest).memoryMiB
            var used = 0
            for machine in machines where machine.group == group && machine.isAwake {
                let processes = (try? await rollouts.fleet.processes(machine.id)) ?? []
                used = max(used, Int(processes.reduce(0) { $0 + $1.memoryBytes } >> 20))
            }
            needs[group] = used == 0 ? most : min(most, max(Self.leastNeed, used * 3 / 2))
        }
        let extra = RolloutPlanner.extraMemory(steps) { needs[$0] ?? 0 }
        return extra > free - Self.reserve ? (extra, free) : nil
    }

    /// Writes a release as the newest one, and into the one before how many Machines it had.
    mutating func write(_ release: Release, _ machines: [Machine], previous: Int?) async throws {
        var release = release
        let app = release.app
        let versions = try await store.releases.list("\(app)/").map(\.version)
        release.version = (versions.max() ?? 0) + 1
        if let previous {
            _ = try? await store.releases.update(
                Release.key(app, previous),
                missing: Fault(.corrupt, "release \(previous) is gone")
            ) { $0.counts = machines.counts }
        }
        try await store.releases.put(Release.key(app, release.version), release, expected: 0)
        rollout.release = release.version
        rollout.previous = previous
    }

    /// Sizes that were set by hand, of groups of which the new configuration says nothing.
    func keptSizes(_ app: App?, _ config: AppConfig) async throws -> [String: MachineConfig.Guest]? {
        // A store that does not answer is no word on sizes: the deploy fails, rather than forget them.
        guard let version = app?.currentRelease,
            let sizes = try await store.releases.get(Release.key(rollout.app, version))?.value.sizes
        else { return nil }
        let kept = sizes.filter { config.groups.contains($0.key) && config.guest(for: $0.key) == nil }
        return kept.isEmpty ? nil : kept
    }
}

extension Rollout {
    /// Whether a release was made by this roll-out, and not only found to be in service.
    func isNew(_ version: Int) -> Bool { version != previous }
}

extension Release {
    /// Whether Machines of both run the same way.
    func isSame(as other: Release) -> Bool {
        image == other.image && config == other.config && secrets == other.secrets && sizes == other.sizes
    }
}

extension [Machine] {
    /// How many there are of each group.
    var counts: [String: Int] { Dictionary(grouping: self, by: \.group).mapValues(\.count) }
}

extension StateStore {
    /// The Machines of an app that deploys look after: not those that a person made, nor those that run one command.
    func managedMachines(_ app: String) async throws -> [Machine] {
        try await machines.list("\(app)/").filter {
            MachineConfig.isManaged($0.spec.config.metadata) && $0.status.state != .destroyed
        }
    }
}
