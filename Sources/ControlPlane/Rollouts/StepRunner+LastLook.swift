import Model
import Store

/// Whether what was good when it started still is when the last one has.
extension StepRunner {
    /// A Machine that is not well is given so long to become so.
    private static let limit = Duration.seconds(10)

    /// Looks at all Machines of the release once more, and waits for none that is well.
    ///
    /// - Throws: ``Fault`` `rolloutFailed` with the cause of the first that has ended or fails its checks.
    func lookAgain(_ release: Release) async throws {
        let machines = try await store.managedMachines(rollout.app).filter {
            // One that sleeps was not started by this roll-out.
            $0.spec.release == release.version && $0.isAwake && !$0.status.ready
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for machine in machines {
                group.addTask { try await lookAgain(machine) }
            }
            try await group.waitForAll()
        }
    }

    // MARK: - Private

    private func lookAgain(_ machine: Machine) async throws {
        await note(.line("Machine \(machine.id) was good, and is not any more"))
        try await showingLog(of: machine.id) {
            try await HealthWatch(fleet: fleet, rollout: rollout, stay: .zero).wait(machine.id, limit: Self.limit)
        }
    }
}
