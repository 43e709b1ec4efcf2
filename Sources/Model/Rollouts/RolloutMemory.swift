extension RolloutPlanner {
    /// How much more memory than now a roll-out needs at its highest point.
    ///
    /// - Parameters:
    ///   - steps: in their order.
    ///   - need: MiB that a new Machine of that group takes.
    /// - Returns: MiB; 0 where no Machine runs beside those there are.
    package static func extraMemory(_ steps: [Rollout.Step], need: (_ group: String) -> Int) -> Int {
        var (now, most) = (0, 0)
        var made: [Machine.ID: Int] = [:]
        for step in steps {
            let change = memory(step, &made, need)
            most = max(most, now + change.highest)
            now += change.after
        }
        return most
    }

    /// Whether some Machine runs beside the one whose place it takes.
    package static func doubles(_ steps: [Rollout.Step]) -> Bool {
        steps.contains { step in
            switch step {
            case .replace, .prepare, .canary: true
            case .together(let some): doubles(some)
            default: false
            }
        }
    }

    // MARK: - Private

    /// What a step takes at its highest point and what it leaves taken; `made` are the Machines of the roll-out.
    private static func memory(
        _ step: Rollout.Step,
        _ made: inout [Machine.ID: Int],
        _ need: (String) -> Int
    ) -> (highest: Int, after: Int) {
        switch step {
        case .create(let id, let group), .prepare(let id, let group), .canary(let id, let group, _):
            made[id] = need(group)
            return (need(group), need(group))
        case .replace(_, let new, _, let group):
            // A canary is there already; the one that it takes the place of goes.
            if let taken = made[new] { return (0, -taken) }
            made[new] = need(group)
            // What the old one had is as much as what took its place.
            return (need(group), 0)
        case .together(let some):
            return some.reduce(into: (0, 0)) { sum, step in
                let change = memory(step, &made, need)
                sum = (sum.0 + change.highest, sum.1 + change.after)
            }
        case .destroy(let id): return (0, -(made[id] ?? 0))
        case .releaseCommand, .seedCommand, .update, .putBack, .turn, .updateAtOnce, .judge, .unknown: return (0, 0)
        }
    }
}
