package import Logging
package import Model
import ServiceLifecycle
package import Store
import Toolkit

/// Helps Machines whose checks go on failing, as `on_failure` of the check says.
package actor Healer: Service {
    private let store: any StateStore
    private let fleet: any Fleet
    private let rollouts: Rollouts
    private let logger: Logger
    private var planner = HealPlanner()
    /// How often it looks.
    private static let look = Duration.seconds(2)
    /// Who deploys, in the record of a replacement.
    private static let name = "on_failure"

    package init(store: any StateStore, fleet: any Fleet, rollouts: Rollouts, logger: Logger) {
        self.store = store
        self.fleet = fleet
        self.rollouts = rollouts
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.look)
                do {
                    try await self.pass(.now())
                } catch {
                    self.logger.warning("look for failing checks failed", error: error)
                }
            }
        }
    }

    /// Looks at all Machines once.
    func pass(_ now: Timestamp) async throws {
        let machines = try await store.machines.list { _, _ in }.filter { machine in
            machine.spec.config.namedChecks.contains { $0.check.onFailure != nil }
        }
        var free: [Machine] = []
        for (app, own) in Dictionary(grouping: machines, by: \.app) {
            // A deploy decides itself what runs.
            if try await store.deployUnderWay(app) == nil { free += own }
        }
        for action in planner.plan(free, now: now) {
            guard let machine = free.first(where: { $0.id == action.machine }) else { continue }
            do {
                try await carryOut(action, machine)
            } catch {
                logger.warning("machine not helped", error: error, metadata: ["machine.id": "\(machine.id)"])
            }
        }
    }

    // MARK: - Private

    private func carryOut(_ action: HealPlanner.Action, _ machine: Machine) async throws {
        let id = machine.id
        guard !action.isGivenUp else {
            let words = "\(action.reason); helped \(HealPlanner.budget) times within an hour, left alone now"
            logger.error("machine given up", metadata: ["machine.id": "\(id)", "reason": "\(action.reason)"])
            return try await fleet.note(id, "on_failure: \(words)")
        }
        let count = "\(action.attempt) of \(HealPlanner.budget) within an hour"
        let verb = action.remedy == .replace ? "replaced" : "restarted"
        logger.notice(
            "machine helped",
            metadata: ["machine.id": "\(id)", "remedy": "\(action.remedy.rawValue)", "reason": "\(action.reason)"]
        )
        try await fleet.note(id, "on_failure: \(action.reason); \(verb) (\(count))")
        if action.remedy == .replace, try await replace(machine, action.reason) { return }
        try await fleet.stop(id, then: .started)
    }

    /// False for one that has to be restarted where it is: no release made it, or no second one may run beside it.
    private func replace(_ machine: Machine, _ reason: String) async throws -> Bool {
        let managed = try await store.managedMachines(machine.app)
        guard managed.contains(where: { $0.id == machine.id }),
            let release = try await store.releases.get(Release.key(machine.app, machine.spec.release))?.value,
            case .replace? = RolloutPlanner.heal(
                machine.id,
                want: release.config,
                have: managed,
                newID: Machine.ID.random
            ).first
        else { return false }
        var order = ReleaseOrder(.heal, user: Self.name)
        order.machine = machine.id
        order.cause = reason
        _ = try await rollouts.begin(machine.app, order)
        return true
    }
}
