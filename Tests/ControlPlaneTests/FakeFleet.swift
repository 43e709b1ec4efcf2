import Model
import Synchronization

/// Machines that exist in a test only: it says what they do, and what they write.
final class FakeFleet: Fleet {
    struct State {
        var machine: Machine
        var listeners: [String] = []
        var lines: [String] = []
        var followers: [AsyncStream<Machine>.Continuation] = []
        var readers: [AsyncStream<LogLine>.Continuation] = []
        var calls: [String] = []
    }

    let state: Mutex<State>

    init(_ config: MachineConfig = MachineConfig(image: "x")) {
        let machine = Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: Machine.Spec(instance: "i", config: config)
        )
        state = Mutex(State(machine: machine))
    }

    var id: Machine.ID { state.withLock { $0.machine.id } }

    /// Changes the Machine's record and tells those who follow it.
    func change(_ body: (inout Machine) -> Void) {
        state.withLock { state in
            body(&state.machine)
            for follower in state.followers { follower.yield(state.machine) }
        }
    }

    /// Its process runs, ready or not.
    func run(ready: Bool) {
        change {
            let zero = Timestamp(milliseconds: 0)
            $0.status.state = .started(.init(pid: 1, startTicks: 1, monitorPID: 1, startedAt: zero))
            $0.status.runningInstance = "i"
            $0.status.ready = ready
            $0.status.proven = ready
        }
    }

    func end(code: Int32, attempt: Int? = nil) {
        change {
            let zero = Timestamp(milliseconds: 0)
            let exit = Machine.Exit(code: code, outOfMemory: false, requested: false, at: zero)
            $0.status.events.append(Machine.Event(kind: .exit, at: zero, exit: exit))
            $0.status.state = attempt.map { .restarting(at: zero, attempt: $0) } ?? .stopped(exit)
        }
    }

    func write(_ text: String) {
        state.withLock { state in
            state.lines.append(text)
            for reader in state.readers { reader.yield(Self.line(text)) }
        }
    }

    private static func line(_ text: String) -> LogLine { LogLine(timestamp: "", stream: .stdout, text: text) }

    private func note(_ call: String) { state.withLock { $0.calls.append(call) } }

    // MARK: - Fleet

    func create(_ order: MachineOrder) async throws -> Machine {
        note("create")
        return state.withLock { state in
            state.machine.id = order.id
            state.machine.spec.config = order.config
            return state.machine
        }
    }

    func update(
        _ id: Machine.ID,
        config: MachineConfig,
        release: Int,
        launch: Bool,
        expected: String?
    ) async throws { note("update") }

    func launch(_ id: Machine.ID) async throws { try await start(id) }

    func setMetadata(_ id: Machine.ID, _ change: MetadataChange) async throws {}

    func record(_ id: Machine.ID, _ event: Machine.Event) async throws { note("record \(event.detail ?? "")") }

    func signal(_ id: Machine.ID, _ number: Int32) async throws {}

    func exec(_ id: Machine.ID, _ command: MachineCommand) async throws -> MachineCommand.Outcome {
        MachineCommand.Outcome(code: 0, output: "", error: "")
    }

    func processes(_ id: Machine.ID) async throws -> [MachineProcess] { [] }

    func start(_ id: Machine.ID) async throws {
        note("start")
        run(ready: false)
    }

    func stop(_ id: Machine.ID, then: Machine.AfterStop, order: StopOrder) async throws { note("stop") }

    func suspend(_ id: Machine.ID) async throws { note("suspend") }

    func cordon(_ id: Machine.ID, _ cordoned: Bool) async throws {}

    func hold(_ id: Machine.ID, _ hold: Hold) async throws {
        note("hold")
        change { $0.status.holds.set(hold) }
    }

    func release(_ id: Machine.ID, owner: String) async throws {
        note("release")
        change { $0.status.holds.end(owner: owner) }
    }

    func changes(of id: Machine.ID) async throws -> AsyncStream<Machine> {
        let (stream, continuation) = AsyncStream.makeStream(of: Machine.self)
        state.withLock { state in
            continuation.yield(state.machine)
            state.followers.append(continuation)
        }
        return stream
    }

    func listeners(_ id: Machine.ID) async throws -> [String] { state.withLock { $0.listeners } }

    func look(_ id: Machine.ID, port: Int, paths: [String]) async throws -> MachineLook {
        MachineLook(listeners: [], peakMemoryBytes: nil, answers: [])
    }

    func tapLog(_ id: Machine.ID, from start: LogStart) async throws -> LogTap { LogTap { LogBatch() } }

    func logs(_ id: Machine.ID, tail: Int, follow: Bool) async throws -> LogFeed {
        let (stream, continuation) = AsyncStream.makeStream(of: LogLine.self)
        return state.withLock { state in
            if follow { state.readers.append(continuation) } else { continuation.finish() }
            return LogFeed(past: state.lines.suffix(tail).map(Self.line), rest: stream)
        }
    }

    func note(_ id: Machine.ID, _ text: String) async throws {}

    func vet(_ config: MachineConfig) async throws {}

    func destroyVolume(_ id: String) async throws {}
}
