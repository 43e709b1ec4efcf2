import Model
import Toolkit

/// A command of `fly.toml` that is run once.
struct Errand {
    /// The setting that names it: `release_command`.
    var name: String
    var command: [String]
    /// Of its Machine, which runs nothing else.
    var group: String
    /// Zero or less is no limit.
    var timeout: Duration
    /// The setting that says so, in `[deploy]`.
    var timeoutKey: String
    var environment: [String: String] = [:]

    /// As messages name it.
    var title: String { "\(name) \"\(command.joined(separator: " "))\"" }
}

/// Runs a command in a Machine of its own; its lines are told as they come.
struct CommandRun {
    let fleet: any Fleet
    let rollout: Rollout
    let order: MachineOrder
    let errand: Errand
    /// A daemon before this one has started it: it is not started twice.
    var isBegun = false
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
        if !isBegun { _ = try await fleet.create(order) }
        let told = Told()
        let limit = errand.timeout > .zero ? errand.timeout : Self.longest
        do {
            let exit = try await withTimeout(limit, errand.name) {
                // Before the lines are followed: a Machine that never ran has no log.
                if !isBegun { try await fleet.start(order.id) }
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
            let key = errand.timeoutKey
            let place = rollout.place("deploy.\(key)", "[deploy] \(key)")
            throw Fault(
                .releaseCommandFailed,
                "\(errand.title) did not end within \(GoDuration(limit).text)\(last)",
                hint: "for more time raise \(key): \(place)"
            )
        }
    }

    // MARK: - Private

    private func toEnd() async throws -> Machine.Exit {
        for await machine in try await fleet.changes(of: order.id) {
            switch machine.status.state {
            case .stopped(let exit?): return exit
            case .failed(let reason): throw Fault(.releaseCommandFailed, "\(errand.name) could not start: \(reason)")
            default: continue
            }
        }
        try Task.checkCancellation()
        throw Fault(.releaseCommandFailed, "the Machine of \(errand.name) went away")
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
