import Agent
import FakeRuntime
import Model
import Runtime
import Store
import Testing
import Toolkit

/// Every state that a record may have, beside everything that the host may have of its Machine.
@Suite("What an agent makes of a record and of what runs", .timeLimit(.minutes(2)))
struct AdoptionTests {
    private static let process = Machine.Process(
        pid: 500,
        startTicks: 7,
        monitorPID: 499,
        startedAt: Timestamp(milliseconds: 1_000_000)
    )

    /// What the host has.
    enum Seen: Sendable {
        case nothing, provisioned, running, suspended
        case ended(Int32)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var recorded: Machine.State
        var seen: Seen
        /// Nil: the record goes as well.
        var end: String?
        /// Whether the process that was found runs at the end, another one, or none.
        var runs: Runs

        enum Runs { case found, another, none }

        init(_ recorded: Machine.State, _ seen: Seen, _ end: String?, _ runs: Runs) {
            (self.recorded, self.seen, self.end, self.runs) = (recorded, seen, end, runs)
        }

        var testDescription: String { "\(recorded.name), \(seen)" }
    }

    static let rows: [Row] = [
        // Nobody has asked for a process.
        Row(.created, .nothing, "created", .none),
        Row(.created, .provisioned, "created", .none),
        Row(.stopped(nil), .nothing, "stopped", .none),
        Row(.stopped(nil), .ended(0), "stopped", .none),
        Row(.failed(reason: "x"), .provisioned, "failed", .none),
        // The daemon ended between a start and its record.
        Row(.created, .running, "stopped", .none),
        Row(.stopped(nil), .running, "stopped", .none),
        Row(.failed(reason: "x"), .running, "stopped", .none),
        // Under way, or running.
        Row(.starting(attempt: 0), .running, "started", .found),
        Row(.starting(attempt: 2), .provisioned, "started", .another),
        Row(.starting(attempt: 0), .ended(3), "started", .another),
        Row(.started(process), .running, "started", .found),
        Row(.restarting(at: Timestamp(milliseconds: 5), attempt: 3), .provisioned, "started", .another),
        Row(.restarting(at: Timestamp(milliseconds: 5), attempt: 3), .running, "started", .found),
        Row(.awaitingBoot(Timestamp(milliseconds: 5)), .nothing, "started", .another),
        // It ended while nobody watched: the restart policy says what comes of it.
        Row(.started(process), .ended(0), "stopped", .none),
        Row(.started(process), .ended(3), "started", .another),
        // The host itself went down.
        Row(.started(process), .nothing, "started", .another),
        Row(.started(process), .provisioned, "started", .another),
        // Asleep, or on the way there.
        Row(.suspending(process), .suspended, "suspended", .found),
        Row(.suspending(process), .running, "started", .found),
        Row(.suspended(process), .suspended, "suspended", .found),
        Row(.suspended(process), .running, "started", .found),
        Row(.suspended(process), .nothing, "stopped", .none),
        Row(.started(process), .suspended, "suspended", .found),
        // A stop goes on to where it was to lead.
        Row(.stopping(process, then: .stopped), .running, "stopped", .none),
        Row(.stopping(process, then: .stopped), .suspended, "stopped", .none),
        Row(.stopping(process, then: .stopped), .ended(137), "stopped", .none),
        Row(.stopping(process, then: .stopped), .nothing, "stopped", .none),
        Row(.stopping(process, then: .started), .running, "started", .another),
        Row(.stopping(process, then: .started), .ended(0), "started", .another),
        Row(.stopping(process, then: .destroyed), .running, nil, .none),
        Row(.stopping(process, then: .destroyed), .ended(0), nil, .none),
        Row(.destroying, .running, nil, .none),
        Row(.destroying, .nothing, nil, .none),
        Row(.destroyed, .provisioned, nil, .none),
    ]

    /// As the daemon before has left both.
    private func leave(_ row: Row, _ bench: AgentBench) async throws -> MachineOrder {
        var wanted = bench.order()
        wanted.config.restart = MachineConfig.Restart(policy: .onFailure, maxRetries: 3)
        let order = wanted
        try await bench.run { agent in _ = try await agent.create(order) }
        let key = "\(order.app)/\(order.id)"
        try await bench.store.machines.update(key, missing: Fault(.machineNotFound, "gone")) {
            $0.status.state = row.recorded
        }
        let id = order.id
        bench.runtime.state.withLock { state in
            state.provisioned = [id]
            switch row.seen {
            case .nothing: state.provisioned = []
            case .provisioned: break
            case .running: state.running[id] = Self.process
            case .suspended:
                state.running[id] = Self.process
                state.frozen = [id]
            case .ended(let code):
                let pid = Self.process.pid
                state.ended[id] = SandboxExit(id: id, pid: pid, code: code, outOfMemory: false, monitorLost: false)
            }
        }
        return order
    }

    private func holds(_ row: Row, _ bench: AgentBench, _ order: MachineOrder) async throws -> Bool {
        let record = try await bench.store.machines.get("\(order.app)/\(order.id)")?.value
        guard record?.status.state.name == row.end else { return false }
        let running = bench.runtime.state.withLock { $0.running[order.id] }
        switch row.runs {
        case .found: return running == Self.process && record?.status.state.process == Self.process
        case .another: return running != nil && running != Self.process && record?.status.state.process == running
        case .none: return running == nil
        }
    }

    @Test("what is recorded and what is seen come together, and stay so", arguments: rows)
    func adopts(row: Row) async throws {
        let bench = AgentBench()
        let order = try await leave(row, bench)
        try await bench.run { _ in
            try await bench.eventually { try await holds(row, bench, order) }
            try await Task.sleep(for: .milliseconds(30))
            #expect(try await holds(row, bench, order))
            #expect(bench.starts.count == (row.runs == .another ? 1 : 0))
        }
    }

    @Test("a second daemon changes nothing of what the first has made of it", arguments: rows.filter { $0.end != nil })
    func twice(row: Row) async throws {
        let bench = AgentBench()
        let order = try await leave(row, bench)
        try await bench.run { _ in try await bench.eventually { try await holds(row, bench, order) } }
        let before = bench.runtime.state.withLock { $0.running }
        try await bench.run { _ in
            try await Task.sleep(for: .milliseconds(30))
            #expect(try await holds(row, bench, order))
            #expect(bench.runtime.state.withLock { $0.running } == before)
        }
    }

    @Test("what passes with a daemon ends with it; what is to outlive it stays")
    func holdsEnd() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.run { agent in
            _ = try await agent.create(order)
            try await agent.hold(order.id, Hold(owner: "passing", reason: "a deploy", since: .now()))
            try await agent.hold(order.id, Hold(owner: "lasting", reason: "a turn", since: .now(), isLasting: true))
        }
        try await bench.run { _ in
            try await bench.eventually {
                try await bench.store.machines.get("a/\(order.id)")?.value.status.holds.map(\.owner) == ["lasting"]
            }
        }
    }
}
