/// Decides what a deploy changes, and what takes it back.
package enum RolloutPlanner {
    /// The steps of a rolling deploy: the release command, then one Machine after the other, group by group.
    ///
    /// - Parameters:
    ///   - config: the new configuration; a Machine whose group it no longer has is destroyed.
    ///   - machines: those of the app that deploys manage, in any order.
    ///   - highAvailability: two Machines for a new group with services and no volume, as Fly's `--ha` does.
    ///   - newID: gives the IDs of Machines that do not exist yet.
    /// - Returns: steps to be carried out one by one, in this order.
    ///
    /// > Source: `deploy` and `fly-toml` sections 20.3 and 24.
    package static func plan(
        want config: AppConfig,
        have machines: [Machine],
        highAvailability: Bool = true,
        newID: () -> Machine.ID
    ) -> [Rollout.Step] {
        var steps: [Rollout.Step] = []
        if config.deploy.releaseCommand != nil { steps.append(.releaseCommand(machine: newID())) }
        let groups = config.groups
        var tooMany: [Machine.ID] = []
        for group in groups {
            let present = machines.filter { $0.group == group }.sorted { $0.id < $1.id }
            let surplus = self.surplus(of: group, config, present)
            for machine in present where !surplus.contains(machine.id) {
                steps.append(.update(machine: machine.id, group: group))
            }
            tooMany += surplus
            if present.isEmpty {
                let count = self.count(of: group, config, highAvailability: highAvailability)
                for _ in 0..<count { steps.append(.create(machine: newID(), group: group)) }
            }
        }
        // Last, so that a roll-out that fails never has to bring back what it removed.
        let gone = machines.filter { !groups.contains($0.group) }.map(\.id)
        for id in (gone + tooMany).sorted() { steps.append(.destroy(machine: id)) }
        return steps
    }

    /// What takes back the steps that were begun, last one first.
    ///
    /// - Parameter begun: done steps and the one that failed.
    /// - Returns: steps that destroy what was made and update again what was updated; what was destroyed stays so.
    package static func undo(_ begun: ArraySlice<Rollout.Step>) -> [Rollout.Step] {
        begun.reversed().compactMap { step in
            switch step {
            case .releaseCommand(let id), .create(let id, _): .destroy(machine: id)
            case .update(let id, let group): .update(machine: id, group: group)
            case .destroy: nil
            }
        }
    }

    // MARK: - Private

    private static func count(of group: String, _ config: AppConfig, highAvailability: Bool) -> Int {
        let shape = config.machineConfig(group: group, image: "", region: config.primaryRegion ?? "")
        let usual = shape.mounts.isEmpty && !shape.services.isEmpty && highAvailability ? 2 : 1
        return min(usual, config.deploy.maxMachines ?? usual)
    }

    /// The Machines beyond what the configuration allows; none that has a volume, whose data only a person may give up.
    private static func surplus(of group: String, _ config: AppConfig, _ present: [Machine]) -> [Machine.ID] {
        guard let most = config.deploy.maxMachines, present.count > most else { return [] }
        let shape = config.machineConfig(group: group, image: "", region: config.primaryRegion ?? "")
        guard !shape.services.isEmpty, shape.mounts.isEmpty else { return [] }
        return present.dropFirst(most).filter(\.spec.config.mounts.isEmpty).map(\.id)
    }
}
