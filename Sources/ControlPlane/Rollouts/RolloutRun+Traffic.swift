import Model
import Toolkit

/// What clients meet while a roll-out changes Machines.
extension RolloutRun {
    /// Between two questions of a probe.
    private static let probeInterval = Duration.milliseconds(50)
    /// A probe begins so long before the first step, so that there is something to compare with.
    private static let probeLead = Duration.seconds(2)

    /// Carries out `body` while the wanted path is asked for through the edge, if one is; counts begin with it.
    mutating func whileProbed(_ body: (inout RolloutRun) async throws -> Void) async throws {
        guard let path = rollout.probe, let ask = rollouts.settings.ask else {
            await beginCounting()
            return try await body(&self)
        }
        let app = rollout.app
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { questions in
                    while !Task.isCancelled {
                        questions.addTask { await ask(app, path) }
                        try? await Task.sleep(for: Self.probeInterval)
                    }
                }
            }
            defer { group.cancelAll() }
            // One that is resumed has its counts from before.
            if rollout.before == nil, rollout.previous != nil { try await Task.sleep(for: Self.probeLead) }
            await beginCounting()
            try await body(&self)
        }
    }

    /// Takes what was counted since the first step into the record, and says it.
    mutating func countTraffic() async {
        guard rollout.phase.isOver, let before = rollout.before else { return }
        await rollouts.edges.count(limit: .milliseconds(500))
        guard let after = await rollouts.edges.tally(rollout.app) else { return }
        let traffic = RolloutTraffic(before: before, after: after)
        rollout.traffic = traffic
        if rollout.previous != nil || traffic.requests > 0 { await tell(.line("during the roll-out: \(traffic)")) }
    }

    // MARK: - Private

    private mutating func beginCounting() async {
        guard rollout.before == nil, await isServed() else { return }
        await rollouts.edges.count(limit: .milliseconds(500))
        rollout.before = await rollouts.edges.tally(rollout.app)
    }
}
