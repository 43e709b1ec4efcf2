import Model
import Store
import Toolkit

/// Machines that are records in a store and nothing else: each comes up at once, unless its release is a broken one.
///
/// What a test wants to happen at a certain call it says with `before`, or with `fail`.
actor StoreFleet: Fleet {
    private let store: any StateStore
    /// Every command so far, `update 1f2e…`.
    private(set) var calls: [String] = []
    /// Digests of images whose program ends at once.
    private var broken: Set<String> = []
    private var faults: [String: Fault] = [:]
    private var hook: @Sendable (Int) async -> Void = { _ in }
    private var blocks: [String: @Sendable () async -> Void] = [:]
    /// What was written to logs by the platform.
    private(set) var notes: [String] = []
    private var followers: [Machine.ID: [AsyncStream<Machine>.Continuation]] = [:]
    private var lines: [Machine.ID: [String]] = [:]
    private var count: Int64 = 0

    init(_ store: any StateStore) {
        self.store = store
    }

    func breakImage(_ digest: String) { broken.insert(digest) }

    /// The next call of that verb fails.
    func fail(_ verb: String, _ fault: Fault) { faults[verb] = fault }

    /// Called before each call is carried out, with the number of those before it.
    func before(_ hook: @escaping @Sendable (Int) async -> Void) { self.hook = hook }

    /// Has a call wait.
    func block(_ call: String, _ wait: @escaping @Sendable () async -> Void) { blocks[call] = wait }

    func write(_ id: Machine.ID, _ line: String) { lines[id, default: []].append(line) }

    /// Those that there are, of an app.
    func machines(_ app: String = "a") async throws -> [Machine] { try await store.machines.list("\(app)/") }

    // MARK: - Fleet

    func create(_ order: MachineOrder) async throws -> Machine {
        try await begin("create", order.id)
        if let machine = try await find(order.id) { return machine }
        count += 1
        var machine = Machine(
            id: order.id,
            name: order.name,
            app: order.app,
            region: order.region,
            host: "h",
            createdAt: Timestamp(milliseconds: count),
            spec: Machine.Spec(instance: "i\(count)", config: order.config, release: order.release)
        )
        machine.status.address = Machine.Address(ipv4: "10.0.0.\(count)", ipv6: "fdaa::\(count)")
        try await store.machines.put("\(order.app)/\(order.id)", machine, expected: 0)
        return machine
    }

    func update(
        _ id: Machine.ID,
        config: MachineConfig,
        release: Int,
        launch: Bool,
        expected: String?
    ) async throws {
        try await begin("update", id)
        count += 1
        let instance = "i\(count)"
        try await change(id) { machine in
            if machine.spec.config == config, machine.spec.release == release { return }
            machine.spec.config = config
            machine.spec.release = release
            machine.spec.instance = instance
            machine.status.proven = false
            machine.status.ready = false
        }
        if launch { try await bringUp(id) }
    }

    func start(_ id: Machine.ID) async throws {
        try await begin("start", id)
        try await bringUp(id)
    }

    func launch(_ id: Machine.ID) async throws { try await start(id) }

    func stop(_ id: Machine.ID, then: Machine.AfterStop, order: StopOrder) async throws {
        try await begin(then == .destroyed ? "destroy" : "stop", id)
        try await change(id) { machine in
            machine.status.ready = false
            machine.status.state = then == .destroyed ? .destroyed : .stopped(nil)
        }
        guard then == .destroyed, let machine = try await find(id) else { return }
        try await store.machines.delete("\(machine.app)/\(id)")
        for follower in followers.removeValue(forKey: id) ?? [] { follower.finish() }
    }

    func suspend(_ id: Machine.ID) async throws { try await begin("suspend", id) }

    func cordon(_ id: Machine.ID, _ cordoned: Bool) async throws {
        try await begin("cordon", id)
        try await change(id) { $0.spec.cordoned = cordoned }
    }

    func hold(_ id: Machine.ID, _ hold: Hold) async throws {
        try await begin("hold", id)
        try await change(id) { $0.status.holds.set(hold) }
    }

    func release(_ id: Machine.ID, owner: String) async throws {
        try await begin("release", id)
        try await change(id) { $0.status.holds.end(owner: owner) }
    }

    func changes(of id: Machine.ID) async throws -> AsyncStream<Machine> {
        guard let machine = try await find(id) else { throw Self.missing(id) }
        let (stream, continuation) = AsyncStream.makeStream(of: Machine.self)
        continuation.yield(machine)
        followers[id, default: []].append(continuation)
        return stream
    }

    func tapLog(_ id: Machine.ID, from start: LogStart) async throws -> LogTap { LogTap { LogBatch() } }

    func logs(_ id: Machine.ID, tail: Int, follow: Bool) async throws -> LogFeed {
        let past = (lines[id] ?? []).suffix(tail).map { LogLine(timestamp: "", stream: .stdout, text: $0) }
        // One that follows waits for more, which never comes.
        let rest = follow ? AsyncStream.makeStream(of: LogLine.self).stream : AsyncStream { nil }
        return LogFeed(past: past, rest: rest)
    }

    func setMetadata(_ id: Machine.ID, _ change: MetadataChange) async throws {}
    func record(_ id: Machine.ID, _ event: Machine.Event) async throws {}
    func signal(_ id: Machine.ID, _ number: Int32) async throws {}
    func exec(_ id: Machine.ID, _ command: MachineCommand) async throws -> MachineCommand.Outcome {
        MachineCommand.Outcome(code: 0, output: "", error: "")
    }
    func processes(_ id: Machine.ID) async throws -> [MachineProcess] { [] }
    func listeners(_ id: Machine.ID) async throws -> [String] { [] }
    func look(_ id: Machine.ID, port: Int, paths: [String]) async throws -> MachineLook {
        MachineLook(listeners: [], peakMemoryBytes: nil, answers: [])
    }
    func note(_ id: Machine.ID, _ text: String) async throws { notes.append("\(id) \(text)") }
    func vet(_ config: MachineConfig) async throws { try await begin("vet", nil) }
    func destroyVolume(_ id: String) async throws {}

    // MARK: - Private

    private func begin(_ verb: String, _ id: Machine.ID?) async throws {
        await hook(calls.count)
        try Task.checkCancellation()
        let call = verb + (id.map { " \($0)" } ?? "")
        calls.append(call)
        await blocks[call]?()
        if let fault = faults.removeValue(forKey: verb) { throw fault }
    }

    private static func missing(_ id: Machine.ID) -> Fault { Fault(.machineNotFound, "machine not found: \(id)") }

    private func find(_ id: Machine.ID) async throws -> Machine? {
        try await store.machines.list().first { $0.id == id }
    }

    private func change(_ id: Machine.ID, _ body: @Sendable (inout Machine) -> Void) async throws {
        guard var machine = try await find(id) else { throw Self.missing(id) }
        body(&machine)
        try await store.machines.put("\(machine.app)/\(id)", machine)
        for follower in followers[id] ?? [] { follower.yield(machine) }
    }

    /// It runs and is good, or has ended and will again.
    private func bringUp(_ id: Machine.ID) async throws {
        count += 1
        let (number, zero, broken) = (count, Timestamp(milliseconds: 0), broken)
        try await change(id) { machine in
            machine.status.runningInstance = machine.spec.instance
            if machine.group == Machine.releaseCommandGroup {
                let code: Int32 = broken.contains(machine.spec.config.imageDigest) ? 3 : 0
                machine.status.state = .stopped(
                    Machine.Exit(code: code, outOfMemory: false, requested: false, at: zero)
                )
                return
            }
            if broken.contains(machine.spec.config.imageDigest) {
                let exit = Machine.Exit(code: 3, outOfMemory: false, requested: false, at: zero)
                machine.status.events.append(Machine.Event(kind: .exit, at: zero, exit: exit))
                machine.status.state = .restarting(at: zero, attempt: 2)
                machine.status.ready = false
                return
            }
            let process = Machine.Process(pid: Int32(number), startTicks: 1, monitorPID: 1, startedAt: zero)
            machine.status.state = .started(process)
            machine.status.ready = true
            machine.status.proven = true
        }
    }
}
