import Model
import Testing

@testable import ControlPlane

@Suite("What a wait for a Machine makes of its record")
struct WaitOrderTests {
    private static let zero = Timestamp(milliseconds: 0)
    private static let process = Machine.Process(pid: 1, startTicks: 1, monitorPID: 1, startedAt: zero)

    private func machine(_ state: Machine.State, _ events: [Machine.Event.Kind] = []) -> Machine {
        var machine = Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "local",
            host: "h",
            createdAt: Self.zero,
            spec: .init(instance: "i2", config: MachineConfig(image: "x"))
        )
        machine.status.state = state
        machine.status.events = events.enumerated().map { number, kind in
            Machine.Event(kind: kind, at: Timestamp(milliseconds: Int64(1000 + number)))
        }
        return machine
    }

    private func verdict(
        _ machine: Machine,
        _ states: Set<String>,
        after: String? = nil,
        version: String? = nil
    )
        -> WaitOrder.Verdict
    {
        WaitOrder(states: states, limit: .seconds(1), version: version, after: after).verdict(machine)
    }

    @Test(
        "the state itself, and what counts as it",
        arguments: [
            (Machine.State.started(process), "started", WaitOrder.Verdict.reached),
            (.starting(attempt: 0), "started", .pending),
            (.stopping(process, then: .stopped), "stopped", .pending),
            (.stopped(nil), "stopped", .reached),
            (.suspending(process), "suspended", .pending),
            (.suspended(process), "suspended", .reached),
            // Made and never started counts as stopped.
            (.created, "stopped", .reached),
            (.created, "started", .pending),
            (.restarting(at: zero, attempt: 1), "started", .pending),
            // What no waiting brings.
            (.failed(reason: "x"), "started", .hopeless),
            (.failed(reason: "x"), "failed", .reached),
            (.destroyed, "stopped", .hopeless),
            (.destroyed, "destroyed", .reached),
            (.destroying, "destroyed", .pending),
        ]
    )
    func states(state: Machine.State, wanted: String, verdict expected: WaitOrder.Verdict) {
        #expect(verdict(machine(state), [wanted]) == expected)
    }

    @Test("settled is any state that stays by itself")
    func settled() {
        let staying: [Machine.State] = [
            .created, .started(Self.process), .stopped(nil), .suspended(Self.process), .failed(reason: "x"), .destroyed,
        ]
        for state in staying { #expect(verdict(machine(state), ["settled"]) == .reached) }
        let passing: [Machine.State] = [
            .starting(attempt: 0), .stopping(Self.process, then: .stopped), .suspending(Self.process), .destroying,
            .restarting(at: Self.zero, attempt: 1),
        ]
        for state in passing { #expect(verdict(machine(state), ["settled"]) == .pending) }
    }

    @Test("one of several is enough; another instance is never it")
    func several() {
        let running = machine(.started(Self.process))
        #expect(verdict(running, ["stopped", "started"]) == .reached)
        #expect(verdict(running, ["started"], version: "i2") == .reached)
        #expect(verdict(running, ["started"], version: "i1") == .hopeless)
    }

    @Test("what passed while nobody looked counts; what was before does not")
    func after() {
        let machine = machine(.started(Self.process), [.launch, .start, .exit, .restart])
        let ids = MachineWire.eventIDs(machine)
        #expect(Set(ids).count == 4)
        #expect(verdict(machine, ["stopped"], after: ids[1]) == .reached)
        #expect(verdict(machine, ["stopped"], after: ids[2]) == .pending)
        #expect(verdict(machine, ["started"], after: ids[2]) == .reached)
        // Nothing has happened since: not even the state that it is in.
        #expect(verdict(machine, ["started"], after: ids[3]) == .pending)
        // One that has fallen off the list is older than all there are.
        #expect(verdict(machine, ["stopped"], after: "gone") == .reached)
    }

    @Test("one that ran and is gone, faster than anybody could ask, has started")
    func gone() {
        #expect(verdict(machine(.destroyed, [.launch, .start, .exit, .destroy]), ["started"]) == .reached)
        #expect(verdict(machine(.destroyed, [.launch, .destroy]), ["started"]) == .hopeless)
    }
}
