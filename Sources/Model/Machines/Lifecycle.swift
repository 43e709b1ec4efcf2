/// The life of one Machine: events in, effects out.
///
/// No clock, no I/O; time comes in as an argument.
package struct Lifecycle: Sendable {
    package private(set) var state: Machine.State
    /// Restarts by policy inside the last `window`, oldest first.
    package private(set) var restarts: [Timestamp]

    package init(state: Machine.State, restarts: [Timestamp] = []) {
        self.state = state
        self.restarts = restarts
    }

    /// What happens to a Machine.
    package enum Event: Equatable, Sendable {
        case start
        case stop(then: Machine.AfterStop)
        case suspend
        /// The runtime says that the process runs.
        case launched(Machine.Process)
        case launchFailed(String)
        case frozen
        case freezeFailed(String)
        case exited(pid: Int32, code: Int32?, outOfMemory: Bool)
        /// The monitor ended while the process still runs.
        case monitorLost(pid: Int32)
        /// The time of that `Effect.retry` has come; one of an earlier crash changes nothing.
        case retryDue(at: Timestamp)
        case destroyed
    }

    /// What its driver has to do then.
    package enum Effect: Equatable, Sendable {
        /// Start a process; answer with `launched` or `launchFailed`.
        case launch
        /// Ask the process to end, and kill it when it has not after the stop timeout.
        case terminate
        /// Kill at once.
        case kill
        /// Answer with `frozen` or `freezeFailed`.
        case freeze
        /// Thaw; answer with `launched`, with the process as it was, or `launchFailed`.
        case thaw(Machine.Process)
        /// Remove what is left of an ended process.
        case clear
        /// Remove everything; answer with `destroyed`. What fails is tried again.
        case remove
        /// Send `retryDue` with that moment when it has come.
        case retry(at: Timestamp)
        case record(Machine.Event)
    }

    /// The time in which `max_retries` restarts may happen.
    package static let window = Duration.seconds(300)

    /// Takes in one event.
    ///
    /// - Throws: ``Fault`` `invalidState` when the Machine can't do that now; nothing has changed then.
    package mutating func handle(
        _ event: Event,
        restart: MachineConfig.Restart,
        now: Timestamp
    ) throws(Fault) -> [Effect] {
        switch event {
        case .start: return try start(now)
        case .stop(let then): return try stop(then, now)
        case .suspend: return try suspend(now)
        case .launched(let process): return launched(process, now)
        case .launchFailed(let reason): return launchFailed(reason, restart, now)
        case .frozen: return frozen(now)
        case .freezeFailed(let reason): return freezeFailed(reason, now)
        case .exited(let pid, let code, let outOfMemory):
            guard state.process?.pid == pid else { return [] }
            return exited(code: code, outOfMemory: outOfMemory, restart, now)
        case .monitorLost(let pid):
            guard state.process?.pid == pid else { return [] }
            // Without its monitor nobody reads the process's output: the next write would end or block it.
            return [.record(Machine.Event(kind: .failure, at: now, detail: "monitor lost")), .kill]
        case .retryDue(let due): return retryDue(due)
        case .destroyed:
            state = .destroyed
            return []
        }
    }

    /// How long to wait before restart number `attempt` (from 1): 0.25 s doubled each time, 30 s at most.
    package static func backoff(attempt: Int) -> Duration {
        .milliseconds(min(30_000, 250 << min(max(attempt, 1) - 1, 10)))
    }

    // MARK: - Private

    private mutating func start(_ now: Timestamp) throws(Fault) -> [Effect] {
        switch state {
        case .created, .stopped, .failed, .restarting:
            restarts = []
            state = .starting(attempt: 0)
            return [.launch]
        case .suspended(let process):
            state = .starting(attempt: 0)
            return [.thaw(process)]
        case .starting, .started: return []
        case .stopping(let process, .stopped):
            state = .stopping(process, then: .started)
            return []
        case .stopping(_, .started): return []
        case .stopping, .suspending, .destroying, .destroyed, .unknown: throw refused("started")
        }
    }

    private mutating func stop(_ then: Machine.AfterStop, _ now: Timestamp) throws(Fault) -> [Effect] {
        switch state {
        case .started(let process):
            state = .stopping(process, then: then)
            return [.record(Machine.Event(kind: .stop, at: now)), .terminate]
        case .suspended(let process), .suspending(let process):
            // A frozen process can't answer a signal.
            state = .stopping(process, then: then)
            return [.record(Machine.Event(kind: .stop, at: now)), .kill]
        case .stopping(let process, let before):
            state = .stopping(process, then: before == .destroyed ? before : then)
            return []
        case .created, .stopped, .failed, .restarting: return afterStop(then, exit: nil, now)
        case .starting: throw refused("stopped")
        case .destroying where then == .destroyed: return [.remove]
        case .destroyed where then == .destroyed: return []
        case .destroying, .destroyed, .unknown: throw refused("stopped")
        }
    }

    private mutating func afterStop(_ then: Machine.AfterStop, exit: Machine.Exit?, _ now: Timestamp) -> [Effect] {
        switch then {
        case .stopped:
            if exit == nil, case .created = state { return [] }
            state = .stopped(exit)
            return []
        case .started:
            restarts = []
            state = .starting(attempt: 0)
            return [.launch]
        case .destroyed:
            state = .destroying
            return [.record(Machine.Event(kind: .destroy, at: now)), .remove]
        }
    }

    private mutating func suspend(_ now: Timestamp) throws(Fault) -> [Effect] {
        switch state {
        case .started(let process):
            state = .suspending(process)
            return [.freeze]
        case .suspended, .suspending: return []
        default: throw refused("suspended")
        }
    }

    private mutating func launched(_ process: Machine.Process, _ now: Timestamp) -> [Effect] {
        guard case .starting(let attempt) = state else { return [] }
        state = .started(process)
        let kind: Machine.Event.Kind = attempt > 0 ? .restart : .start
        return [.record(Machine.Event(kind: kind, at: now))]
    }

    private mutating func launchFailed(
        _ reason: String,
        _ policy: MachineConfig.Restart,
        _ now: Timestamp
    ) -> [Effect] {
        guard case .starting(let attempt) = state else { return [] }
        let effects: [Effect] = [.record(Machine.Event(kind: .failure, at: now, detail: reason)), .clear]
        let exit = Machine.Exit(code: 1, outOfMemory: false, requested: false, at: now)
        // What ran before runs again once the host can: a start that somebody asked for fails at once, to be told.
        guard attempt > 0, shouldRestart(exit, policy, now) else {
            state = .failed(reason: reason)
            return effects
        }
        return effects + [retryLater(now)]
    }

    private mutating func frozen(_ now: Timestamp) -> [Effect] {
        guard case .suspending(let process) = state else { return [] }
        state = .suspended(process)
        return [.record(Machine.Event(kind: .suspend, at: now))]
    }

    private mutating func freezeFailed(_ reason: String, _ now: Timestamp) -> [Effect] {
        guard case .suspending(let process) = state else { return [] }
        state = .started(process)
        return [.record(Machine.Event(kind: .failure, at: now, detail: reason))]
    }

    private mutating func exited(
        code: Int32?,
        outOfMemory: Bool,
        _ policy: MachineConfig.Restart,
        _ now: Timestamp
    ) -> [Effect] {
        var then: Machine.AfterStop?
        if case .stopping(_, let wanted) = state { then = wanted }
        let exit = Machine.Exit(code: code ?? 137, outOfMemory: outOfMemory, requested: then != nil, at: now)
        let effects: [Effect] = [.record(Machine.Event(kind: .exit, at: now, exit: exit)), .clear]
        if let then { return effects + afterStop(then, exit: exit, now) }
        guard shouldRestart(exit, policy, now) else {
            state = .stopped(exit)
            return effects
        }
        return effects + [retryLater(now)]
    }

    private mutating func retryLater(_ now: Timestamp) -> Effect {
        restarts.append(now)
        let due = now.advanced(by: Self.backoff(attempt: restarts.count))
        state = .restarting(at: due, attempt: restarts.count)
        return .retry(at: due)
    }

    private mutating func shouldRestart(
        _ exit: Machine.Exit,
        _ policy: MachineConfig.Restart,
        _ now: Timestamp
    ) -> Bool {
        // One in the future is from before the clock was set back.
        restarts.removeAll { now.since($0) > Self.window || $0 > now }
        switch policy.policy {
        case .no: return false
        case .always: return true
        // A policy that only a newer version knows is no reason to run for ever.
        case .onFailure, .unknown: return exit.code != 0 && restarts.count < policy.maxRetries
        }
    }

    private mutating func retryDue(_ due: Timestamp) -> [Effect] {
        guard case .restarting(due, let attempt) = state else { return [] }
        // Also after the host's own start, which is the first try: what ran before is tried again when it fails.
        state = .starting(attempt: max(attempt, 1))
        return [.launch]
    }

    private func refused(_ verb: String) -> Fault {
        Fault(
            .invalidState,
            "the Machine is \(state.name) and can't be \(verb) now",
            hint: "`roost machine list` shows when that has changed; then try again"
        )
    }
}
