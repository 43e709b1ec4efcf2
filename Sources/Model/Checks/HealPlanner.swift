/// Decides when a Machine whose check goes on failing is helped, and when it has been helped often enough.
///
/// No clock, no I/O; time comes in.
package struct HealPlanner: Sendable {
    /// What is done for a Machine whose check goes on failing.
    package struct Action: Equatable, Sendable {
        package var machine: Machine.ID
        package var remedy: MachineConfig.Check.Remedy
        /// The check's name and what it says.
        package var reason: String
        /// Counts from 1, of ``budget``.
        package var attempt: Int
        /// Nothing is done any more: the budget is spent, which is said once.
        package var isGivenUp = false
    }

    /// So many times within ``window`` a Machine is helped.
    package static let budget = 5
    /// How far back restarts and replacements are counted.
    package static let window = Duration.seconds(3600)

    /// When each was helped, by app and group for one that is replaced: its successor has another ID.
    private var times: [String: [Timestamp]] = [:]
    private var givenUp: Set<String> = []

    package init() {}

    /// How long after the attempt before the next one may come: 10 s doubled each time.
    package static func backoff(after attempts: Int) -> Duration {
        attempts == 0 ? .zero : .seconds(10 << min(attempts - 1, 6))
    }

    /// What is to be done now.
    ///
    /// In a group one Machine at a time, and none while another of it is not yet well again after help: a fault that all
    /// have in common must not end them all at once.
    ///
    /// - Parameters:
    ///   - machines: all that deploys manage, of apps without a deploy under way.
    ///   - now: by this host's clock.
    /// - Returns: at most one action a group.
    package mutating func plan(_ machines: [Machine], now: Timestamp) -> [Action] {
        var actions: [Action] = []
        let groups = Dictionary(grouping: machines) { "\($0.app)/\($0.group)" }
        for (group, members) in groups.sorted(by: { $0.key < $1.key }) {
            guard !members.contains(where: Self.isRecovering) else { continue }
            let sick = members.sorted { $0.id < $1.id }.compactMap { machine in
                Self.failing(machine, now: now).map { (machine, $0) }
            }
            guard let (machine, failing) = sick.first else { continue }
            let key = failing.remedy == .replace ? group : "\(machine.id)"
            if let action = attempt(machine.id, failing, key, now) { actions.append(action) }
        }
        return actions
    }

    // MARK: - Private

    /// A check that has failed for long enough, and what shall be done about it.
    private struct Failing {
        var remedy: MachineConfig.Check.Remedy
        var reason: String
    }

    private mutating func attempt(_ id: Machine.ID, _ failing: Failing, _ key: String, _ now: Timestamp) -> Action? {
        let before = (times[key] ?? []).filter { now.since($0) < Self.window && $0 <= now }
        times[key] = before
        var action = Action(
            machine: id,
            remedy: failing.remedy,
            reason: failing.reason,
            attempt: before.count + 1
        )
        guard before.count < Self.budget else {
            guard givenUp.insert(key).inserted else { return nil }
            action.isGivenUp = true
            return action
        }
        givenUp.remove(key)
        if let last = before.last, now.since(last) < Self.backoff(after: before.count) { return nil }
        times[key, default: []].append(now)
        return action
    }

    /// It was started a moment ago, or is on its way: what its checks say now is not yet its own.
    private static func isRecovering(_ machine: Machine) -> Bool {
        switch machine.status.state {
        case .starting, .restarting, .stopping(_, .started): true
        default: false
        }
    }

    private static func failing(_ machine: Machine, now: Timestamp) -> Failing? {
        guard case .started(let process) = machine.status.state, machine.status.proven, !machine.isUnrouted else {
            return nil
        }
        for check in machine.spec.config.namedChecks {
            guard let remedy = check.check.onFailure, remedy == .restart || remedy == .replace,
                let status = machine.status.checks.first(where: { $0.name == check.name }), status.status == .critical
            else { continue }
            // Once more than it takes to lose its requests, and not before a start had its time.
            let patience = check.check.interval.duration
            let grace = max(check.check.gracePeriod.duration, .seconds(5)) + patience
            guard now.since(status.updatedAt) >= patience, now.since(process.startedAt) >= grace else { continue }
            return Failing(remedy: remedy, reason: "check \(check.name) says: \(status.output.prefix(200))")
        }
        return nil
    }
}
