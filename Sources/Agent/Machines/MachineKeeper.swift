import Logging
import Model
import Runtime
import Store
import Toolkit

/// Drives one Machine: takes its mail in order, asks ``Lifecycle`` what to do, does it, writes the record.
///
/// Only `run()` changes anything, one letter after the other, so that no two changes are ever under way at once.
actor MachineKeeper {
    /// A new configuration, as somebody wants it.
    struct MachineUpdate: Sendable {
        var config: MachineConfig
        var release: Int
        var launch: Bool
        /// The instance that it must replace; nil: any.
        var expected: String?
    }

    enum Mail: Sendable {
        case event(Lifecycle.Event, Reply?)
        case update(MachineUpdate, Reply)
        case stop(then: Machine.AfterStop, StopOrder, Reply)
        case metadata(MetadataChange, Reply)
        case cordon(Bool, Reply)
        case record(Machine.Event, Reply)
        case holds(@Sendable (inout [Hold]) -> Void, Reply)
        /// The stop timeout of launch number `generation` is over.
        case overdue(generation: Int)
        case portsOpen(generation: Int)
        /// The app has not answered well yet.
        case gate(generation: Int, Machine.Gate)
        /// Time to look for processes that a stop has not reached yet.
        case askAgain(generation: Int, told: Set<SandboxProcess>)
        /// The store did not take the record a moment ago.
        case unsaved
        case probed(generation: Int, name: String, Prober.Result)
    }

    typealias Reply = CheckedContinuation<Void, any Error>

    nonisolated let id: Machine.ID
    var machine: Machine
    var readiness: Readiness
    let host: HostServices
    /// Counts launches, so that what belongs to an ended process is known as such.
    var generation = 0
    /// How the running process wants to be stopped, which its successor's configuration may change.
    var stopConfig: MachineConfig.Stop
    /// Work that goes on beside the mail until the Machine is gone; `run()` starts it.
    var jobs: [@Sendable () async -> Void] = []
    /// A letter is on its way that writes the record again.
    private var owesSave = false
    /// When the record was last written.
    private(set) var savedAt = ContinuousClock.now
    private let mailbox = Mailbox()
    private var followers: [Int: AsyncStream<Machine>.Continuation] = [:]
    private var nextFollower = 0

    init(_ machine: Machine, host: HostServices) {
        id = machine.id
        self.machine = machine
        self.host = host
        stopConfig = machine.spec.config.stopConfig
        readiness = Readiness(checks: machine.status.checks, proven: machine.status.proven)
    }

    /// Works until the Machine is destroyed or the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            startJobs(in: &group)
            reading: for await _ in mailbox.bell {
                while !Task.isCancelled, let letter = mailbox.take() {
                    await handle(letter)
                    startJobs(in: &group)
                    if case .destroyed = machine.status.state { break reading }
                }
            }
            group.cancelAll()
        }
        await close()
    }

    /// Sends an event and waits until what it asks for has been begun.
    nonisolated func request(_ event: Lifecycle.Event) async throws {
        try await deliver { .event(event, $0) }
    }

    nonisolated func update(_ config: MachineConfig, release: Int, launch: Bool, expected: String?) async throws {
        let update = MachineUpdate(config: config, release: release, launch: launch, expected: expected)
        try await deliver { .update(update, $0) }
    }

    nonisolated func stop(then: Machine.AfterStop, _ order: StopOrder) async throws {
        try await deliver { .stop(then: then, order, $0) }
    }

    nonisolated func setMetadata(_ change: MetadataChange) async throws {
        try await deliver { .metadata(change, $0) }
    }

    nonisolated func cordon(_ cordoned: Bool) async throws {
        try await deliver { .cordon(cordoned, $0) }
    }

    nonisolated func record(_ event: Machine.Event) async throws {
        try await deliver { .record(event, $0) }
    }

    nonisolated func changeHolds(_ change: @escaping @Sendable (inout [Hold]) -> Void) async throws {
        try await deliver { .holds(change, $0) }
    }

    nonisolated func tell(_ event: Lifecycle.Event) {
        mailbox.post(.event(event, nil))
    }

    nonisolated func tell(_ letter: Mail) {
        mailbox.post(letter)
    }

    /// Sends a letter in a while; never when the daemon ends before: what was to wait must not happen at once then.
    func tell(_ letter: Mail, after wait: Duration) {
        jobs.append { [weak self] in
            do {
                try await Task.sleep(for: wait)
            } catch {
                return
            }
            self?.tell(letter)
        }
    }

    /// The record now, then after each change; ends with the Machine.
    func follow() -> AsyncStream<Machine> {
        let (stream, continuation) = AsyncStream.makeStream(of: Machine.self, bufferingPolicy: .bufferingNewest(16))
        continuation.yield(machine)
        if case .destroyed = machine.status.state {
            continuation.finish()
        } else {
            followers[nextFollower] = continuation
            nextFollower += 1
        }
        return stream
    }

    var tags: Logger.Metadata { ["machine.id": "\(id)", "machine.app": "\(machine.app)"] }

    /// Writes the record and tells those who follow it.
    func save() async throws {
        machine.status.checks = readiness.checks
        machine.status.proven = readiness.proven
        var running = false
        if case .started = machine.status.state { running = true }
        machine.status.ready = running && readiness.ready
        machine.status.updatedAt = .now()
        try await host.store.machines.put("\(machine.app)/\(id)", machine)
        savedAt = .now
        for (number, follower) in followers {
            if case .terminated = follower.yield(machine) { followers.removeValue(forKey: number) }
        }
    }

    /// As `save`, for what has happened whether it can be written or not: a full disk costs no event, only time.
    func saveSoon() async {
        do {
            try await save()
        } catch {
            host.logger.error("machine record not written, will be tried again", error: error, metadata: tags)
            saveLater(after: .seconds(2))
        }
    }

    /// Writes the record in a while, once for all that asks for it meanwhile.
    func saveLater(after wait: Duration) {
        guard !owesSave else { return }
        owesSave = true
        tell(.unsaved, after: wait)
    }

    /// Changes the record for somebody who is told when that fails; nothing has changed then.
    func change(_ body: () -> Void) async throws {
        let (before, gates) = (machine, readiness)
        body()
        do {
            try await save()
        } catch {
            (machine, readiness) = (before, gates)
            throw error
        }
    }

    // MARK: - Private

    private nonisolated func deliver(_ letter: (Reply) -> Mail) async throws {
        try await withCheckedThrowingContinuation { reply in
            if !mailbox.post(letter(reply)) { reply.resume(throwing: gone) }
        }
    }

    private nonisolated var gone: Fault { Fault(.machineNotFound, "Machine \(id) is gone") }

    private func startJobs(in group: inout DiscardingTaskGroup) {
        for job in jobs { group.addTask { await job() } }
        jobs = []
    }

    private func close() async {
        mailbox.close()
        // A daemon that shuts down must not pass for a Machine that is gone: a roll-out would take it for destroyed.
        var reason: any Error = CancellationError()
        if case .destroyed = machine.status.state { reason = gone }
        while let letter = mailbox.take() {
            switch letter {
            case .event(_, let reply): reply?.resume(throwing: reason)
            case .update(_, let reply), .cordon(_, let reply), .holds(_, let reply), .stop(_, _, let reply),
                .metadata(_, let reply), .record(_, let reply):
                reply.resume(throwing: reason)
            case .overdue, .portsOpen, .gate, .askAgain, .probed, .unsaved: break
            }
        }
        for follower in followers.values { follower.finish() }
        followers = [:]
    }

    private func handle(_ letter: Mail) async {
        do {
            switch letter {
            case .event(let event, let reply):
                await answer(reply) { try await self.apply(event, refusable: reply != nil) }
            case .update(let update, let reply): await answer(reply) { try await self.replace(update) }
            case .stop(let then, let order, let reply): await answer(reply) { try await self.stop(then, order) }
            case .metadata(let change, let reply):
                await answer(reply) {
                    let metadata = try change.apply(to: self.machine)
                    guard metadata != self.machine.spec.config.metadata else { return }
                    try await self.change { self.machine.spec.config.metadata = metadata }
                }
            case .cordon(let cordoned, let reply):
                await answer(reply) { try await self.change { self.machine.spec.cordoned = cordoned } }
            case .record(let event, let reply):
                await answer(reply) { try await self.change { self.note(event) } }
            case .holds(let change, let reply):
                await answer(reply) {
                    var holds = self.machine.status.holds
                    change(&holds)
                    guard holds != self.machine.status.holds else { return }
                    try await self.change { self.machine.status.holds = holds }
                }
            case .overdue(let number):
                guard number == generation, case .stopping = machine.status.state else { return }
                host.logger.notice("process has not ended in time, killed", metadata: tags)
                try await killProcess()
            case .portsOpen(let number): if number == generation { await portsOpened() }
            case .gate(let number, let gate): if number == generation { await gateAnswered(gate) }
            case .askAgain(let number, let told):
                guard number == generation, case .stopping = machine.status.state else { return }
                try await askToEnd(told)
            case .probed(let number, let name, let result):
                if number == generation { await record(name, result) }
            case .unsaved:
                owesSave = false
                await saveSoon()
            }
        } catch {
            host.logger.error("machine work failed", error: error, metadata: tags)
        }
    }

    private func answer(_ reply: Reply?, _ body: () async throws -> Void) async {
        do {
            try await body()
            reply?.resume()
        } catch {
            if reply == nil { host.logger.error("machine event failed", error: error, metadata: tags) }
            reply?.resume(throwing: error)
        }
    }
}
