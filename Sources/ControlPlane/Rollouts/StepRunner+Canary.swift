import Model
import Store
import Toolkit

/// A canary with a share of the requests, and its comparison with the others.
extension StepRunner {
    /// Looks so often.
    private static let look = Duration.seconds(1)
    /// A canary that is not well for so many looks is no good.
    private static let patience = 3

    /// Compares for so long, and once more as long where there were too few requests to say anything; then the canary gets
    /// its even share.
    ///
    /// - Throws: ``Fault`` `rolloutFailed` with the numbers, as soon as they are bad.
    func judge(_ id: Machine.ID, _ group: String, _ time: Duration) async throws {
        let others = try await store.machines.list("\(rollout.app)/").filter {
            $0.group == group && $0.id != id && $0.isAwake
        }.map(\.id)
        let start = await tallies(id, others)
        let clock = ContinuousClock()
        let begin = clock.now
        var limit = time
        var ill = 0
        var isExtended = false
        while true {
            try await Task.sleep(for: Self.look)
            await edges.count(limit: .seconds(1))
            let now = await tallies(id, others)
            let (canary, rest) = (now.canary - start.canary, now.others - start.others)
            ill = try await isWell(id) ? 0 : ill + 1
            if ill >= Self.patience { throw Fault(.rolloutFailed, "the canary \(id) is not well: \(await state(id))") }
            let verdict = CanaryVerdict.judge(canary, rest)
            if case .bad(let reason) = verdict {
                throw Fault(.rolloutFailed, reason, hint: "the others never stopped; the canary's lines stand above")
            }
            guard clock.now - begin >= limit else { continue }
            if case .unclear(let reason) = verdict {
                guard isExtended else {
                    isExtended = true
                    limit = limit * 2
                    await note(.line("\(reason): it is watched for \(GoDuration(time).text) more"))
                    continue
                }
                await note(.line("no verdict on the canary's traffic: \(reason); its checks are all there is to go by"))
            }
            await note(.line(CanaryVerdict.summary(canary, rest)))
            break
        }
        try await fleet.setMetadata(id, MetadataChange([MachineConfig.shareKey: nil]))
    }

    /// Carries out several steps at the same time; the first fault ends the others.
    func together(_ steps: [Rollout.Step], _ release: Release) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for step in steps { group.addTask { try await perform(step, release) } }
            try await group.waitForAll()
        }
    }

    // MARK: - Private

    private func tallies(_ id: Machine.ID, _ others: [Machine.ID]) async -> (canary: AnswerTally, others: AnswerTally) {
        var sum = AnswerTally()
        for other in others { sum.add(await edges.answers(of: other)) }
        return (await edges.answers(of: id), sum)
    }

    private func isWell(_ id: Machine.ID) async throws -> Bool {
        try await machine(id)?.status.ready ?? false
    }

    private func state(_ id: Machine.ID) async -> String {
        guard let machine = try? await machine(id) else { return "it is gone" }
        let failing = machine.status.checks.first { $0.status != .passing }
        return failing.map { "check \($0.name) says: \($0.output)" } ?? "it is \(machine.status.state.name)"
    }
}
