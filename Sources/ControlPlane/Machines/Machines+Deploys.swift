import Model
import Store

extension Machines {
    /// Keeps commands off a Machine that a roll-out works on: it would wait for what they stop, and go back.
    ///
    /// - Throws: ``Fault`` `deployInProgress` naming who deploys and since when.
    func refuseDuringDeploy(_ machine: Machine) async throws {
        guard let rollout = try await store.deployUnderWay(machine.app), rollout.worksOn(machine.id) else { return }
        throw Fault(
            .deployInProgress,
            "a deploy of \(rollout.holder) works on Machine \(machine.id) since \(rollout.startedAt.rfc3339)",
            hint:
                "follow it: roost deploy --watch -a \(machine.app); or end it: roost deploy --cancel -a \(machine.app)"
        )
    }
}
