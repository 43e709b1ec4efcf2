/// Decides what a deploy changes, and what takes it back.
package enum RolloutPlanner {
    /// The steps of a deploy by its strategy: the release command, then the Machines, group by group.
    ///
    /// A Machine that sleeps stays what it is and gets the new configuration where it lies; where all of a group sleep, one
    /// is started, so that nobody's request is the first to try the release.
    ///
    /// - Parameters:
    ///   - config: the new configuration; a Machine whose group it no longer has is destroyed.
    ///   - machines: those of the app that deploys manage, in any order.
    ///   - options: which of them the deploy leaves alone, and how many it works on at a time.
    ///   - newID: gives the IDs of Machines that do not exist yet.
    /// - Returns: steps to be carried out one by one, in this order.
    ///
    /// > Source: `deploy` section 8 and `fly-toml` sections 20.3 and 24.
    package static func plan(
        want config: AppConfig,
        have machines: [Machine],
        options: DeployOptions = DeployOptions(),
        newID: () -> Machine.ID
    ) -> [Rollout.Step] {
        let highAvailability = options.highAvailability
        var steps: [Rollout.Step] = []
        if config.deploy.releaseCommand != nil, options.skipsReleaseCommand != true {
            steps.append(.releaseCommand(machine: newID()))
        }
        if config.deploy.seedCommand != nil, options.isFirst { steps.append(.seedCommand(machine: newID())) }
        var groups = config.groups.map { name in
            GroupPlan(name, config, machines.filter { $0.group == name }.sorted { $0.id < $1.id }, options)
        }
        if options.updateOnly == true { groups.removeAll(where: \.staying.isEmpty) }
        switch config.deploy.strategy {
        case .rolling, .unknown:
            for group in groups { steps += group.rolling(newID) + group.making(highAvailability, newID) }
        case .canary:
            let trials = groups.map { $0.mayDouble && $0.staying.contains(where: \.isAwake) ? newID() : nil }
            for case (let group, let trial?) in zip(groups, trials) {
                steps += canary(trial, group.name, config.deploy)
            }
            for (group, trial) in zip(groups, trials) {
                steps += group.rolling(newID, besides: trial) + group.making(highAvailability, newID)
            }
        case .immediate:
            for group in groups { steps += group.making(highAvailability, newID) }
            let present = groups.flatMap(\.staying).filter(\.isAwake).map(\.id)
            if !present.isEmpty { steps.append(.updateAtOnce(machines: present)) }
            for group in groups { steps += group.sleeping }
        case .bluegreen:
            steps += blueGreen(groups, options, newID)
        }
        // Last, so that a roll-out that fails never has to bring back what it removed.
        let gone = machines.filter { !config.groups.contains($0.group) && options.includes($0) }.map(\.id)
        for id in (gone + groups.flatMap { $0.surplus.map(\.id) }).sorted() { steps.append(.destroy(machine: id)) }
        return steps
    }

    /// The steps that bring an app to a release without a release command, with the counts that were asked for.
    ///
    /// A group that `counts` does not name keeps what it has; with `updates` the Machines that stay are updated as well.
    /// Surplus ones go last, the newest of each group, so that what an app has been working with stays. A Machine with a
    /// volume goes only where somebody asked for fewer, not on the way back to a release that had fewer.
    package static func replan(
        want config: AppConfig,
        have machines: [Machine],
        counts: [String: Int],
        updates: Bool,
        newID: () -> Machine.ID
    ) -> [Rollout.Step] {
        replan(want: config, have: machines, CountChange(counts: counts, updates: updates), newID: newID)
    }

    /// How many Machines the groups of an app shall have.
    package struct CountChange: Sendable {
        /// A group that is not named keeps what it has.
        package var counts: [String: Int]
        /// Machines that stay are updated as well.
        package var updates: Bool
        /// Those that are too many go from these regions first; empty: from any.
        package var regions: Set<String> = []
        /// How many Machines get a successor at a time, where both may run; 1: one after the other.
        package var atOnce = 1
    }

    /// As the other, with the regions that it is about.
    package static func replan(
        want config: AppConfig,
        have machines: [Machine],
        _ change: CountChange,
        newID: () -> Machine.ID
    ) -> [Rollout.Step] {
        let (counts, updates) = (change.counts, change.updates)
        var steps: [Rollout.Step] = []
        var last: [Machine.ID] = machines.filter { !config.groups.contains($0.group) }.map(\.id)
        if !updates { last = [] }
        for group in config.groups {
            let ordered = machines.filter { $0.group == group }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            let present =
                ordered.filter { !change.regions.contains($0.region) }
                + ordered.filter { change.regions.contains($0.region) }
            let wanted = counts[group] ?? present.count
            let surplus = present.dropFirst(wanted).filter { !updates || $0.spec.config.mounts.isEmpty }.map(\.id)
            let staying = present.filter { !surplus.contains($0.id) }
            if updates { steps += GroupPlan(group, config, staying).rolling(newID, atOnce: change.atOnce) }
            for _ in 0..<max(0, wanted - present.count) { steps.append(.create(machine: newID(), group: group)) }
            last += surplus
        }
        return steps + last.sorted().map { .destroy(machine: $0) }
    }

    /// The step that gives one Machine a successor of the same release: beside it where both may run, else in its place.
    ///
    /// - Parameters:
    ///   - id: the Machine's.
    ///   - config: that of the release in service.
    ///   - machines: those of the app that deploys manage.
    ///   - newID: gives the IDs of Machines that do not exist yet.
    /// - Returns: one step; none when the Machine is gone.
    package static func heal(
        _ id: Machine.ID,
        want config: AppConfig,
        have machines: [Machine],
        newID: () -> Machine.ID
    ) -> [Rollout.Step] {
        guard let machine = machines.first(where: { $0.id == id }) else { return [] }
        let group = GroupPlan(machine.group, config, machines.filter { $0.group == machine.group })
        return group.mayDouble
            ? [.replace(old: id, new: newID(), spare: newID(), group: machine.group)]
            : [.update(machine: id, group: machine.group, start: true)]
    }

    /// What takes back the steps that were begun, last one first.
    ///
    /// - Parameter begun: done steps and the one that failed.
    /// - Returns: steps that destroy what was made and update again what was updated; what was destroyed stays so.
    package static func undo(_ begun: ArraySlice<Rollout.Step>) -> [Rollout.Step] {
        begun.reversed().flatMap { step -> [Rollout.Step] in
            switch step {
            case .releaseCommand(let id), .seedCommand(let id), .create(let id, _), .prepare(let id, _),
                .canary(let id, _, _):
                [.destroy(machine: id)]
            case .together(let steps): undo(steps[...])
            case .update(let id, let group, _): [.update(machine: id, group: group)]
            case .replace(let old, let new, let spare, let group):
                [.putBack(old: old, new: new, spare: spare, group: group)]
            case .updateAtOnce(let machines): [.updateAtOnce(machines: machines)]
            case .turn(let new, let old): [.turn(to: old, from: new)]
            case .destroy, .putBack, .judge, .unknown: []
            }
        }
    }

    /// Whether the new release is in service for good, so that the roll-out only goes forward.
    ///
    /// Before the turn of a blue-green deploy the new Machines are taken away again; after it the old ones may be gone.
    ///
    /// - Parameter done: the steps that were carried out.
    /// - Returns: true from the turn on.
    package static func isPastReturn(_ done: ArraySlice<Rollout.Step>) -> Bool {
        done.contains { if case .turn = $0 { true } else { false } }
    }

    /// The steps in groups that are carried out at the same time; one of one step is that step.
    static func batches(_ steps: [Rollout.Step], of size: Int) -> [Rollout.Step] {
        stride(from: 0, to: steps.count, by: max(1, size)).map { start in
            let some = Array(steps[start..<min(steps.count, start + max(1, size))])
            return some.count == 1 ? some[0] : .together(some)
        }
    }

    // MARK: - Private

    /// A Machine of the new release beside the others: with an even share of the requests, or with the one that was asked
    /// for, and then compared with them.
    private static func canary(_ id: Machine.ID, _ group: String, _ deploy: AppConfig.Deploy) -> [Rollout.Step] {
        guard let percent = deploy.canaryWeight else { return [.create(machine: id, group: group)] }
        let time = (deploy.canaryDuration ?? AppConfig.Deploy.usualCanaryDuration).duration
        return [
            .canary(machine: id, group: group, percent: percent),
            .judge(machine: id, group: group, seconds: max(1, Int(time.components.seconds))),
        ]
    }

    /// New Machines beside the old ones, out of traffic; then all traffic turns at once; then the old ones end.
    private static func blueGreen(
        _ groups: [GroupPlan],
        _ options: DeployOptions,
        _ newID: () -> Machine.ID
    ) -> [Rollout.Step] {
        let highAvailability = options.highAvailability
        var steps: [Rollout.Step] = []
        var green: [Machine.ID] = []
        var blue: [Machine.ID] = []
        var later: [Rollout.Step] = []
        for group in groups {
            guard group.mayDouble else {
                // What may not run twice at a time is replaced where it is, once the rest has turned.
                later += group.rolling(newID) + group.making(highAvailability, newID)
                continue
            }
            let awake = group.staying.filter(\.isAwake)
            for machine in awake {
                let id = newID()
                steps.append(.prepare(machine: id, group: group.name))
                green.append(id)
                blue.append(machine.id)
            }
            later += group.sleeping
            later += group.making(highAvailability, newID)
        }
        let size = max(1, min((green.count + 2) / 3, options.maxConcurrent ?? DeployOptions.usualConcurrency))
        steps = batches(steps, of: size)
        if !green.isEmpty { steps.append(.turn(to: green, from: blue)) }
        return steps + later + blue.map { .destroy(machine: $0) }
    }
}
