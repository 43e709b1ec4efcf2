import Model
import Toolkit

/// How a Machine comes to rest before it is stopped.
extension StepRunner {
    /// What it took.
    struct Quiet {
        /// No other Machine takes requests: new ones wait since `since`.
        var isAlone: Bool
        var since: ContinuousClock.Instant
        /// Streams were ended that would have gone on.
        var hasEndedStreams = false
    }

    /// Requests under way get at most this long before their Machine is stopped.
    private static let drainLimit = Duration.seconds(30)
    /// The same while new ones wait, because no other Machine takes them.
    private static let aloneDrainLimit = Duration.seconds(10)
    /// Edges end streams within so long: a close frame waits for the end of what is half on its way.
    private static let endLimit = Duration.seconds(2)

    /// Lets requests end, then streams, and sends no new ones.
    ///
    /// Streams end only when somebody ends them, so they get `patience`, and then the edge ends them: WebSockets with a close
    /// frame, events after an event. Where no other Machine takes requests, they get it before new requests have to wait:
    /// nobody is held for a stream's sake.
    @discardableResult
    func quiesce(_ id: Machine.ID, _ patience: Duration) async throws -> Quiet {
        let isAlone = await !edges.hasOther(than: id)
        if isAlone {
            // From the hold on every new request waits, so what takes long is let come to its end before it.
            do {
                try await edges.awaitLong(id, limit: Self.drainLimit)
            } catch let fault as Fault where fault.code == .timedOut {}
            await grantStreams(id, patience)
        }
        return try await settle(id, isAlone: isAlone, isAlone ? .zero : patience)
    }

    /// The same at once, for one of several that stop at the same time: what is under way ends, and no stream is waited for.
    func quiesceAtOnce(_ id: Machine.ID) async throws { _ = try await settle(id, isAlone: true, .zero) }

    /// Carries out `body`, and says meanwhile for how long requests had to wait once the Machine takes them again.
    func tellingHold(
        _ id: Machine.ID,
        _ quiet: Quiet?,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard let quiet, quiet.isAlone else { return try await body() }
        let (fleet, note) = (fleet, note)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                for await machine in try await fleet.changes(of: id) {
                    let isNew = machine.status.runningInstance == machine.spec.instance
                    guard isNew, machine.status.ready else { continue }
                    let seconds = ((ContinuousClock.now - quiet.since).seconds * 10).rounded() / 10
                    await note(.line("requests were held for \(seconds) s while Machine \(id) was exchanged"))
                    break
                }
                return false
            }
            defer { group.cancelAll() }
            while let isDone = try await group.next() {
                if isDone { return }
            }
        }
    }

    /// Says so where requests had to wait for an app that did not end by itself.
    func tellKilled(_ id: Machine.ID, _ quiet: Quiet?) async {
        guard let quiet, quiet.isAlone, quiet.hasEndedStreams,
            let last = try? await machine(id)?.status.events.last(where: { $0.exit != nil })?.exit,
            last.requested, last.signal == ProcessSignal.numbers["SIGKILL"]
        else { return }
        let limit = GoDuration(Self.rest).text
        await note(.line("Machine \(id) did not end within \(limit), although its streams had, and was killed"))
        await note(.line("  uvicorn ends its answers by itself with --timeout-graceful-shutdown 1"))
    }

    // MARK: - Private

    /// Holds new requests, lets those under way end, then ends streams.
    private func settle(_ id: Machine.ID, isAlone: Bool, _ patience: Duration) async throws -> Quiet {
        try await fleet.hold(id, hold)
        var quiet = Quiet(isAlone: isAlone, since: .now)
        let limit = isAlone ? Self.aloneDrainLimit : Self.drainLimit
        do {
            try await edges.drain(id, limit: limit)
        } catch let fault as Fault where fault.code == .timedOut {
            let left = await edges.waitedFor(id)
            let seconds = limit.components.seconds
            await note(.line("\(left) requests to Machine \(id) still under way after \(seconds) s, not waited for"))
        }
        await grantStreams(id, patience)
        let left = await edges.streams(id)
        if left > 0 {
            await note(.line("\(left) \(left == 1 ? "stream" : "streams") of Machine \(id) ended by the edge"))
            await edges.endStreams(id)
            _ = await edges.awaitStreams(id, limit: Self.endLimit)
            quiet.hasEndedStreams = true
        }
        return quiet
    }

    /// Waits for streams to end by themselves.
    private func grantStreams(_ id: Machine.ID, _ patience: Duration) async {
        let streams = await edges.streams(id)
        guard streams > 0, patience > .zero else { return }
        let words = streams == 1 ? "1 stream" : "\(streams) streams"
        await note(.line("\(words) of Machine \(id): given \(GoDuration(patience).text) (kill_timeout) to end"))
        _ = await edges.awaitStreams(id, limit: patience)
    }
}
