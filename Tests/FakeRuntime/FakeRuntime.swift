package import Model
package import Runtime
import Synchronization

/// A runtime whose processes exist in memory only; tests end them as they like.
///
/// It keeps what `RuntimeDriver` promises, which `RuntimeConformance` asks of it as it does of the real one.
package final class FakeRuntime: RuntimeDriver {
    /// What a process of a sandbox does by itself.
    package enum Habit: Sendable {
        case stays
        /// Ends right after its start.
        case ends(Int32)
    }

    package struct State: Sendable {
        package var running: [Machine.ID: Machine.Process] = [:]
        package var frozen: Set<Machine.ID> = []
        package var provisioned: Set<Machine.ID> = []
        /// Ended, and not cleared yet.
        package var ended: [Machine.ID: SandboxExit] = [:]
        package var signals: [MachineConfig.Signal] = []
        /// By number, for a person.
        package var sent: [Int32] = []
        package var starts: [Sandbox] = []
        package var startFault: Fault?
        /// A stop signal ends the process.
        package var obedient = true
        /// What was said last of who may talk to whom, and how often.
        package var reach = Reach([])
        package var reachSet = 0
        /// What starts noted down.
        package var owners: [Machine.ID: Machine] = [:]
        package var habits: [Machine.ID: Habit] = [:]
        /// What those that run use.
        package var usages: [Machine.ID: MachineUsage] = [:]
        fileprivate var nextPID: Int32 = 1000
        /// Who watches which process.
        fileprivate var watches: [Machine.ID: [AsyncStream<SandboxExit>.Continuation]] = [:]
    }

    /// What there is on the host; a daemon that comes next finds it as it is.
    package final class Host: Sendable {
        private let state = Mutex(State())

        package init() {}

        package func withLock<Result: Sendable>(_ body: (inout State) throws -> Result) rethrows -> Result {
            try state.withLock { state in try body(&state) }
        }
    }

    package let state: Host
    package let exits: AsyncStream<SandboxExit>
    private let post: AsyncStream<SandboxExit>.Continuation

    /// A runtime on a host of its own, or on one where another has worked before.
    package init(_ host: Host = Host()) {
        state = host
        (exits, post) = AsyncStream.makeStream(of: SandboxExit.self)
    }

    /// Ends a process by itself.
    package func end(_ id: Machine.ID, code: Int32, outOfMemory: Bool = false) {
        state.withLock { state in Self.end(id, code, outOfMemory, &state) }
    }

    // MARK: - RuntimeDriver

    package func prepareHost() async throws {}

    package func limit(to reach: Reach) async throws {
        state.withLock { state in
            state.reach = reach
            state.reachSet += 1
        }
    }

    package func provision(_ id: Machine.ID, address: Machine.Address) async throws {
        state.withLock { _ = $0.provisioned.insert(id) }
    }

    package func start(_ sandbox: Sandbox) async throws -> Machine.Process {
        try state.withLock { state in
            if let fault = state.startFault { throw fault }
            guard state.provisioned.contains(sandbox.id) else {
                throw Fault(.invalidState, "Machine \(sandbox.id) has no network namespace")
            }
            if let process = state.running[sandbox.id] {
                Self.watch(sandbox.id, post, &state)
                return process
            }
            state.nextPID += 1
            let process = Machine.Process(
                pid: state.nextPID,
                startTicks: 1,
                monitorPID: 1,
                startedAt: Timestamp(milliseconds: 0)
            )
            state.ended[sandbox.id] = nil
            state.running[sandbox.id] = process
            state.starts.append(sandbox)
            state.owners[sandbox.id] = sandbox.owner
            Self.watch(sandbox.id, post, &state)
            if case .ends(let code)? = state.habits[sandbox.id] { Self.end(sandbox.id, code, false, &state) }
            return process
        }
    }

    package func signal(_ id: Machine.ID, _ signal: MachineConfig.Signal) async throws {
        state.withLock { state in
            state.signals.append(signal)
            if signal == .kill || state.obedient { Self.end(id, signal == .kill ? 137 : 0, false, &state) }
        }
    }

    package func usage(of machines: [Machine]) async -> [Machine.ID: MachineUsage] {
        state.withLock { state in
            let running = machines.filter { state.running[$0.id] != nil }
            return Dictionary(uniqueKeysWithValues: running.map { ($0.id, state.usages[$0.id] ?? MachineUsage()) })
        }
    }

    package func activeThreads(of machines: [Machine]) async -> [Machine.ID: Int] {
        state.withLock { state in
            let running = machines.filter { state.running[$0.id] != nil }
            return Dictionary(uniqueKeysWithValues: running.map { ($0.id, 1) })
        }
    }

    package func vet(_ sandbox: Sandbox) async throws {}

    package func askToEnd(
        _ id: Machine.ID,
        _ signal: MachineConfig.Signal,
        told: Set<SandboxProcess>
    ) async throws -> Set<SandboxProcess> {
        guard let process = state.withLock({ $0.running[id] }) else { return told }
        let first = SandboxProcess(pid: process.pid, startTicks: process.startTicks)
        if !told.contains(first) { try await self.signal(id, signal) }
        return told.union([first])
    }

    package func suspend(_ id: Machine.ID) async throws {
        try state.withLock { state in
            try Self.requireLive(id, state)
            state.frozen.insert(id)
        }
    }

    package func resume(_ id: Machine.ID) async throws {
        try state.withLock { state in
            try Self.requireLive(id, state)
            state.frozen.remove(id)
        }
    }

    package func clear(_ id: Machine.ID) async throws {
        state.withLock { Self.clear(id, &$0) }
    }

    package func destroy(_ id: Machine.ID) async throws {
        state.withLock { state in
            Self.clear(id, &state)
            state.provisioned.remove(id)
            state.owners[id] = nil
        }
    }

    package func list() async throws -> [Machine.ID: SandboxStatus] {
        state.withLock { state in
            var all = Dictionary(uniqueKeysWithValues: state.provisioned.map { ($0, SandboxStatus.provisioned) })
            for (id, exit) in state.ended { all[id] = .ended(code: exit.code, outOfMemory: exit.outOfMemory) }
            for (id, process) in state.running {
                all[id] = state.frozen.contains(id) ? .suspended(process) : .running(process)
            }
            return all
        }
    }

    package func watch(_ id: Machine.ID, _ process: Machine.Process) async throws {
        state.withLock { state in
            if state.running[id] == process { return Self.watch(id, post, &state) }
            // It ended before anybody watched.
            if let exit = state.ended[id], exit.pid == process.pid { post.yield(exit) }
        }
    }

    package func listeners(_ id: Machine.ID) async throws -> [ListenAddress] { [] }

    package func peakMemory(_ id: Machine.ID) async throws -> Int64? { nil }

    package func send(_ id: Machine.ID, signal number: Int32) async throws {
        state.withLock { state in
            guard state.running[id] != nil else { return }
            state.sent.append(number)
            if number == 9 { Self.end(id, 137, false, &state) }
        }
    }

    package func exec(_ id: Machine.ID, _ command: MachineCommand) async throws -> MachineCommand.Outcome {
        try state.withLock { try Self.requireLive(id, $0) }
        return MachineCommand.Outcome(code: 0, output: command.words.joined(separator: " "), error: command.input)
    }

    package func processes(_ id: Machine.ID) async throws -> [MachineProcess] {
        state.withLock { $0.running[id] == nil ? [] : [MachineProcess(pid: 1)] }
    }

    package func trace(of id: Machine.ID) async -> SandboxTrace {
        state.withLock { SandboxTrace(owner: $0.owners[id], address: $0.owners[id]?.status.address) }
    }

    // MARK: - Private

    private static func requireLive(_ id: Machine.ID, _ state: State) throws {
        guard state.running[id] != nil else { throw Fault(.invalidState, "Machine \(id) has no running process") }
    }

    /// Undoes a start; what is killed here shows in no `exits`.
    private static func clear(_ id: Machine.ID, _ state: inout State) {
        state.running[id] = nil
        state.ended[id] = nil
        state.frozen.remove(id)
        state.watches[id] = nil
    }

    private static func watch(_ id: Machine.ID, _ post: AsyncStream<SandboxExit>.Continuation, _ state: inout State) {
        // Each daemon tells once, and only the last one is there.
        state.watches[id] = [post]
    }

    private static func end(_ id: Machine.ID, _ code: Int32, _ outOfMemory: Bool, _ state: inout State) {
        guard let process = state.running.removeValue(forKey: id) else { return }
        state.frozen.remove(id)
        let exit = SandboxExit(id: id, pid: process.pid, code: code, outOfMemory: outOfMemory, monitorLost: false)
        state.ended[id] = exit
        for post in state.watches.removeValue(forKey: id) ?? [] { post.yield(exit) }
    }
}
