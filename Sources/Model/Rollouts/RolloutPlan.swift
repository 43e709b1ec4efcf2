/// What a deploy would do, told before anything is done: `POST /v1/apps/{app}/rollouts/plan`, `roost deploy --plan`.
package struct RolloutPlan: Codable, Equatable, Sendable {
    package var strategy: AppConfig.Strategy
    /// In their order.
    package var steps: [String]
    /// Groups whose requests, or work, pause while a Machine is exchanged, and why.
    package var pauses: [String]
    /// When a new Machine of each group is good; nil from a host that does not say it.
    package var gates: [String]?
    /// Machines that take requests and that no deploy looks after, so that they go on with what they have.
    package var untouched: [String]?

    package init(strategy: AppConfig.Strategy, steps: [String], pauses: [String]) {
        self.strategy = strategy
        self.steps = steps
        self.pauses = pauses
    }
}

extension RolloutPlanner {
    /// The plan in words: IDs of Machines that do not exist yet are left out.
    ///
    /// - Parameters:
    ///   - config: the new configuration.
    ///   - machines: those of the app that deploys manage.
    ///   - options: as in ``plan(want:have:options:newID:)``.
    /// - Returns: steps, and what pauses.
    package static func explain(
        want config: AppConfig,
        have machines: [Machine],
        options: DeployOptions = DeployOptions()
    ) -> RolloutPlan {
        let steps = plan(want: config, have: machines, options: options, newID: Machine.ID.random)
        let known = Set(machines.map(\.id))
        let pauses = config.groups.compactMap { name in
            GroupPlan(name, config, machines.filter { $0.group == name }, options).pause(config.deploy.strategy)
        }
        var plan = RolloutPlan(strategy: config.deploy.strategy, steps: steps.map { $0.told(known) }, pauses: pauses)
        plan.gates = config.deploy.strategy == .immediate ? [] : config.groups.map { gate($0, config) }
        return plan
    }
}

extension RolloutPlanner {
    /// What a new Machine of a group has to do before it counts.
    private static func gate(_ group: String, _ config: AppConfig) -> String {
        let shape = config.machineConfig(group: group, image: "", region: "")
        var wanted = shape.services.map { "port \($0.internalPort) is open" }
        wanted += shape.askedPorts.map { "GET / on port \($0) is answered below 500" }
        wanted += shape.namedChecks.map { named in
            named.check.type == .http
                ? "\(named.check.method) \(named.check.path) on port \(named.port) passes"
                : "check \(named.name) passes"
        }
        wanted += config.machineTests(for: group).map { "\"\($0.command.joined(separator: " "))\" ends with 0" }
        let stay = StartTrial.Rules(shape, instance: "", stay: config.deploy.stayUp?.duration).stay
        if stay > .zero { wanted.append("it has run for \(GoDuration(stay).text)") }
        return "a Machine of group \(group) is good when \(wanted.joined(separator: ", "))"
    }
}

extension GroupPlan {
    /// Why requests wait while a Machine of the group is exchanged; nil when they don't.
    fileprivate func pause(_ strategy: AppConfig.Strategy) -> String? {
        let awake = staying.filter(\.isAwake)
        guard !awake.isEmpty else { return nil }
        if strategy == .immediate {
            return
                "group \(name): all Machines are exchanged at once (strategy \"immediate\"): requests wait for the app's start"
        }
        guard !mayDouble else { return nil }
        if !isServed {
            return
                "group \(name): a Machine without services is stopped before its successor starts, so that no work is done twice"
        }
        if awake.count > 1 { return nil }
        let cause = hasVolume ? "its volume belongs to one Machine" : "[deploy] max_machines allows no second one"
        return "group \(name): requests wait while its only Machine is exchanged, for the app's start: \(cause)"
    }
}

extension Rollout.Step {
    /// As `description`, naming only Machines that exist.
    fileprivate func told(_ known: Set<Machine.ID>) -> String {
        func name(_ id: Machine.ID) -> String { known.contains(id) ? "Machine \(id)" : "a new Machine" }
        return switch self {
        case .releaseCommand: "run release_command in a Machine of its own"
        case .seedCommand: "run seed_command in a Machine of its own, since the app has no release yet"
        case .create(_, let group): "create a Machine in group \(group)"
        case .replace(let old, _, _, let group): "replace Machine \(old) by a new one in group \(group), start first"
        case .prepare(_, let group): "prepare a new Machine in group \(group), out of traffic"
        case .turn(let new, let old): "turn all requests from \(old.count) old to \(new.count) new Machines"
        case .destroy(let id): "destroy \(name(id))"
        case .canary(_, let group, let percent):
            "create a Machine in group \(group) for \(percent)% of the requests ([deploy] canary_weight)"
        case .judge(_, _, let seconds):
            "compare its errors and its p99 with the others' for \(GoDuration(.seconds(seconds)).text)"
        case .together(let steps): "at the same time: " + steps.map { $0.told(known) }.joined(separator: "; ")
        case .update, .putBack, .updateAtOnce, .unknown: description
        }
    }
}
