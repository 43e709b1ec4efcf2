/// One process group of an app, as it is and as a deploy shall make it.
struct GroupPlan {
    let name: String
    /// Those that stay or are replaced, by their IDs.
    let staying: [Machine]
    /// Those beyond what the configuration allows; none that has a volume, whose data only a person may give up.
    let surplus: [Machine]
    private let most: Int?
    private let shape: MachineConfig
    /// From 1 on a number of Machines that are exchanged at a time, below it a share of them.
    private let unavailable: Double
    /// It has Machines that this deploy leaves alone.
    private let hasOthers: Bool

    /// - Parameters:
    ///   - name: the group's.
    ///   - config: the new configuration.
    ///   - all: the app's Machines that are in the group.
    ///   - options: what the deploy leaves alone.
    init(_ name: String, _ config: AppConfig, _ all: [Machine], _ options: DeployOptions = DeployOptions()) {
        self.name = name
        let present = all.filter(options.includes)
        hasOthers = present.count < all.count || !(options.groups?.contains(name) ?? true)
        unavailable = config.deploy.maxUnavailable
        most = config.deploy.maxMachines
        shape = config.machineConfig(group: name, image: "", region: config.region(onHostIn: ""))
        var surplus: [Machine] = []
        if let most, present.count > most, !shape.services.isEmpty, shape.mounts.isEmpty {
            surplus = present.dropFirst(most).filter(\.spec.config.mounts.isEmpty)
        }
        self.surplus = surplus
        staying = present.filter { machine in !surplus.contains { $0.id == machine.id } }
    }

    /// Requests or connections reach it.
    var isServed: Bool { !shape.services.isEmpty }

    /// One of its Machines has a volume, or shall have one.
    var hasVolume: Bool { !shape.mounts.isEmpty || staying.contains { !$0.spec.config.mounts.isEmpty } }

    /// Whether a new Machine may run beside the one whose place it takes.
    ///
    /// Not one with a volume, which one Machine can have; not a worker, whose work would be done twice; not the last that
    /// an app with state in its process may have.
    var mayDouble: Bool {
        let room = most.map { staying.count < $0 } ?? true
        return room && isServed && !hasVolume
    }

    /// One Machine after the other; the new one is good before the old one ends, wherever both may run.
    ///
    /// `trial` is a Machine of the new release that is there already: it takes the place of the first, and gives it back when
    /// the roll-out fails later. What has proven itself
    /// needs no trial, and so many at a time may get a successor beside them.
    func rolling(_ newID: () -> Machine.ID, besides trial: Machine.ID? = nil, atOnce: Int = 1) -> [Rollout.Step] {
        var place = trial
        let awake = staying.filter(\.isAwake).map { machine -> Rollout.Step in
            if let tried = place {
                place = nil
                return .replace(old: machine.id, new: tried, spare: newID(), group: name)
            }
            return mayDouble
                ? .replace(old: machine.id, new: newID(), spare: newID(), group: name)
                : .update(machine: machine.id, group: name)
        }
        if atOnce > 1, mayDouble { return RolloutPlanner.batches(awake, of: atOnce) + sleeping }
        return inBatches(awake) + sleeping
    }

    /// The first by itself, so that a fault costs one Machine at most; the rest as many at a time as the configuration lets
    /// be away.
    private func inBatches(_ steps: [Rollout.Step]) -> [Rollout.Step] {
        let size = unavailable >= 1 ? Int(unavailable) : Int((unavailable * Double(steps.count)).rounded(.up))
        guard size > 1, let first = steps.first else { return steps }
        return [first] + RolloutPlanner.batches(Array(steps.dropFirst()), of: size)
    }

    /// Those that sleep get the new configuration where they lie; where all do, one is started to try it.
    var sleeping: [Rollout.Step] {
        let sleepers = staying.filter { !$0.isAwake }
        // What a person has stopped stays stopped; what a request may start at any moment has to be good.
        let woken = shape.services.contains { $0.autostart && $0.autostop != .off }
        let tries = woken && sleepers.count == staying.count
        return sleepers.enumerated().map { index, machine in
            .update(machine: machine.id, group: name, start: tries && index == 0 ? true : nil)
        }
    }

    /// The Machines of a group that has none yet.
    func making(_ highAvailability: Bool, _ newID: () -> Machine.ID) -> [Rollout.Step] {
        guard staying.isEmpty, !hasOthers else { return [] }
        let usual = shape.mounts.isEmpty && !shape.services.isEmpty && highAvailability ? 2 : 1
        return (0..<min(usual, most ?? usual)).map { _ in .create(machine: newID(), group: name) }
    }
}
