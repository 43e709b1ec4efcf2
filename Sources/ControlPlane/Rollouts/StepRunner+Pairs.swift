import Model

/// The steps that keep old and new Machines side by side.
extension StepRunner {
    /// How long the edges may take to send requests to a Machine that is good.
    private static let turnLimit = Duration.seconds(5)

    /// Takes the old Machine away once the new one is good, so that there are never fewer than before.
    func replace(_ old: Machine.ID, by new: Machine.ID, _ group: String, _ release: Release) async throws {
        // A canary has been made, and tried, by an earlier step.
        let isThere = rollout.steps.prefix(rollout.done).contains { $0.machines.contains(new) }
        if !isThere { try await add(new, group, release, for: old) }
        try await destroy(old)
    }

    /// Makes a Machine that takes requests, and looks at what it answers.
    func add(
        _ id: Machine.ID,
        _ group: String,
        _ release: Release,
        for other: Machine.ID? = nil
    ) async throws {
        let mark = try await mark([id], group, release)
        // No client is the first to try it.
        try await create(id, group, release, Standing(isHeld: mark != nil, predecessor: other))
        try await comparePages(mark)
        try await fleet.release(id, owner: hold.owner)
        await edges.awaitServed([id], of: rollout.app, limit: Self.turnLimit)
        try await compareAnswers(since: mark)
    }

    /// Undoes a replacement, wherever it was interrupted.
    func putBack(
        _ old: Machine.ID,
        _ new: Machine.ID,
        _ spare: Machine.ID,
        _ group: String,
        _ release: Release
    ) async throws {
        if let machine = try await machine(old), !machine.isEnding {
            try await fleet.release(old, owner: hold.owner)
        } else {
            try await create(spare, group, release, Standing(predecessor: new))
        }
        try await destroy(new)
    }

    /// Sends all requests to one set of Machines and none to the other.
    ///
    /// The new ones are in every edge's routes before the old ones leave them. A cordon outlives the daemon, so that a turn
    /// that was cut off never leaves an app without Machines that take requests.
    func turn(to new: [Machine.ID], from old: [Machine.ID], _ release: Release) async throws {
        let mark = try await mark(new, nil, release)
        try await comparePages(mark)
        for id in new where try await machine(id) != nil { try await fleet.cordon(id, false) }
        await edges.awaitServed(new, of: rollout.app, limit: Self.turnLimit)
        try await compareAnswers(since: mark)
        for id in old where try await machine(id) != nil { try await fleet.cordon(id, true) }
    }

    /// Gives all of them the new configuration and waits for none: what is broken shows in their state.
    ///
    /// - Throws: ``Fault`` of the first one that can't be changed, after all were tried.
    func updateAtOnce(_ machines: [Machine.ID], _ release: Release) async throws {
        var left = machines[...]
        var first: (any Error)?
        let atOnce = max(1, rollout.maxConcurrent ?? DeployOptions.usualConcurrency)
        while !left.isEmpty {
            let some = left.prefix(atOnce)
            left = left.dropFirst(atOnce)
            let fault = await withTaskGroup(of: (any Error)?.self) { group in
                for id in some {
                    group.addTask {
                        do {
                            try await updateNow(id, release)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(nil) { $0 ?? $1 }
            }
            first = first ?? fault
        }
        if let first { throw first }
    }

    private func updateNow(_ id: Machine.ID, _ release: Release) async throws {
        guard let machine = try await machine(id) else {
            throw Fault(.machineNotFound, "machine not found: \(id)")
        }
        let config = try await config(machine.group, release)
        do {
            if machine.isAwake { try await quiesceAtOnce(id) }
            try await fleet.update(id, config: config, release: release.version, launch: true)
        } catch {
            // What still runs goes on with its requests.
            try? await fleet.release(id, owner: hold.owner)
            throw error
        }
        try await fleet.release(id, owner: hold.owner)
    }
}
