import Model
import Store

extension Rollouts {
    /// Leaves alone what somebody else has taken for a while: a deploy waits for nobody, and works over nobody.
    ///
    /// > Source: flyctl, `internal/command/deploy/machines.go`: a deploy takes the lease of each Machine first, and ends with
    /// > the words of the first that is refused.
    ///
    /// - Throws: ``Fault`` `leaseHeld` naming the holder of the first Machine.
    nonisolated func refuseLeased(_ app: String, _ steps: [Rollout.Step]) async throws {
        let leases = Leases(store: store)
        let touched = Set(steps.flatMap(\.machines))
        for machine in try await store.managedMachines(app) where touched.contains(machine.id) {
            try await leases.admit(machine, nonce: nil)
        }
    }
}
