import Model
import Runtime
import Synchronization

/// A runtime whose processes exist in memory only; tests end them as they like.
final class FakeRuntime: RuntimeDriver {
    struct State {
        var running: [Machine.ID: Machine.Process] = [:]
        var frozen: Set<Machine.ID> = []
        var provisioned: Set<Machine.ID> = []
        var signals: [MachineConfig.Signal] = []
        var starts: [Sandbox] = []
        var startFault: Fault?
        /// A stop signal ends the process.
        var obedient = true
        /// What was said last of who may talk to whom, and how often.
        var reach = Reach([])
        var reachSet = 0
        var nextPID: Int32 = 1000
    }

    let state = Mutex(State())
    let exits: AsyncStream<SandboxExit>
    private let post: AsyncStream<SandboxExit>.Continuation

    init() {
        (exits, post) = AsyncStream.makeStream(of: SandboxExit.self)
    }

    func prepareHost() async throws {}

    func limit(to reach: Reach) async throws {
        state.withLock { state in
            state.reach = reach
            state.reachSet += 1
        }
    }

    func provision(_ id: Machine.ID, address: Machine.Address) async throws {
        state.withLock { _ = $0.provisioned.insert(id) }
    }

    func start(_ sandbox: Sandbox) async throws -> Machine.Process {
        try state.withLock { state in
            if let fault = state.startFault { throw fault }
            if let process = state.running[sandbox.id] { return process }
            state.nextPID += 1
            let process = Machine.Process(
                pid: state.nextPID,
                startTicks: 1,
                monitorPID: 1,
                startedAt: Timestamp(milliseconds: 0)
            )
            state.running[sandbox.id] = process
            state.starts.append(sandbox)
            return process
        }
    }

    func signal(_ id: Machine.ID, _ signal: MachineConfig.Signal) async throws {
        let ends = state.withLock { state in
            state.signals.append(signal)
            return signal == .kill || state.obedient
        }
        if ends { end(id, code: signal == .kill ? 137 : 0) }
    }

    func vet(_ sandbox: Sandbox) async throws {}

    func askToEnd(
        _ id: Machine.ID,
        _ signal: MachineConfig.Signal,
        told: Set<SandboxProcess>
    ) async throws -> Set<SandboxProcess> {
        let first = SandboxProcess(pid: 1, startTicks: 1)
        if told.isEmpty { try await self.signal(id, signal) }
        return told.union([first])
    }

    func suspend(_ id: Machine.ID) async throws {
        state.withLock { _ = $0.frozen.insert(id) }
    }

    func resume(_ id: Machine.ID) async throws {
        state.withLock { _ = $0.frozen.remove(id) }
    }

    func clear(_ id: Machine.ID) async throws {
        state.withLock { _ = $0.running.removeValue(forKey: id) }
    }

    func destroy(_ id: Machine.ID) async throws {
        state.withLock { state in
            state.running.removeValue(forKey: id)
            state.provisioned.remove(id)
        }
    }

    func list() async throws -> [Machine.ID: SandboxStatus] {
        state.withLock { state in
            var all = Dictionary(uniqueKeysWithValues: state.provisioned.map { ($0, SandboxStatus.provisioned) })
            for (id, process) in state.running {
                all[id] = state.frozen.contains(id) ? .suspended(process) : .running(process)
            }
            return all
        }
    }

    func watch(_ id: Machine.ID, _ process: Machine.Process) async throws {}

    func listeners(_ id: Machine.ID) async throws -> [ListenAddress] { [] }

    func peakMemory(_ id: Machine.ID) async throws -> Int64? { nil }

    /// Ends a process by itself.
    func end(_ id: Machine.ID, code: Int32, outOfMemory: Bool = false) {
        let process = state.withLock { $0.running.removeValue(forKey: id) }
        guard let process else { return }
        post.yield(SandboxExit(id: id, pid: process.pid, code: code, outOfMemory: outOfMemory, monitorLost: false))
    }
}
