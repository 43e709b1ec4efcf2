import Model
import Toolkit

/// Runs `release_command` in a Machine of its own; its lines are told as they come.
struct ReleaseCommand {
    let fleet: any Fleet
    let rollout: Rollout
    let order: MachineOrder
    let words: String
    /// Zero or less is none.
    let timeout: Duration
    let note: @Sendable (RolloutEvent) async -> Void
    /// More than any log has.
    private static let allLines = 10_000_000
    /// As good as no limit, and ends a command that hangs for ever.
    private static let longest = Duration.seconds(86_400)

    /// The lines that were told, so that none is told twice.
    private actor Told {
        private(set) var count = 0
        private(set) var last: String?

        func add(_ line: LogLine) {
            count += 1
            if !line.text.isEmpty { last = line.text }
        }
    }

    /// - Returns: how it ended; its Machine is still there then.
    /// - Throws: ``Fault`` `releaseCommandFailed` when it could not start, or has not ended in time.
    func run() async throws -> Machine.Exit {
        _ = try await fleet.create(order)
        let told = Told()
        let limit = timeout > .zero ? timeout : Self.longest
        do {
            let exit = try await withTimeout(limit, "release_command") {
                // Before the lines are followed: a Machine that never ran has no log.
                try await fleet.start(order.id)
                return try await withThrowingTaskGroup(of: Machine.Exit?.self) { group in
                    group.addTask {
                        try await passOnLines(told)
                        return nil
                    }
                    group.addTask { try await toEnd() }
                    defer { group.cancelAll() }
                    while let exit = try await group.next() {
                        if let exit { return exit }
                    }
                    throw CancellationError()
                }
            }
            await passOnRest(told)
            return exit
        } catch let fault as Fault where fault.code == .timedOut {
            await passOnRest(told)
            let last = await told.last.map { "; its last line: \($0.prefix(200))" } ?? "; it wrote nothing"
            let place = rollout.place("deploy.release_command_timeout", "[deploy] release_command_timeout")
            throw Fault(
                .releaseCommandFailed,
                "release_command \"\(words)\" did not end within \(GoDuration(limit).text)\(last)",
                hint: "nothing that runs was changed; for more time raise release_command_timeout: \(place)"
            )
        }
    }

    // MARK: - Private

    private func toEnd() async throws -> Machine.Exit {
        for await machine in try await fleet.changes(of: order.id) {
            switch machine.status.state {
            case .stopped(let exit?): return exit
            case .failed(let reason): throw Fault(.releaseCommandFailed, "release_command could not start: \(reason)")
            default: continue
            }
        }
        try Task.checkCancellation()
        throw Fault(.releaseCommandFailed, "the release command's Machine went away")
    }

    private func passOnLines(_ told: Told) async throws {
        let feed = try await fleet.logs(order.id, tail: Self.allLines, follow: true)
        for line in feed.past { await tell(line, told) }
        for await line in feed.rest { await tell(line, told) }
    }

    /// What was written after the last look.
    private func passOnRest(_ told: Told) async {
        guard let feed = try? await fleet.logs(order.id, tail: Self.allLines, follow: false) else { return }
        for line in await feed.all().dropFirst(told.count) { await tell(line, told) }
    }

    private func tell(_ line: LogLine, _ told: Told) async {
        await told.add(line)
        await note(.line(line.text))
    }
}
