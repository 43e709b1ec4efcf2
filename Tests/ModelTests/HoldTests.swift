import Model
import Testing

@Suite("Holds on a Machine")
struct HoldTests {
    private let zero = Timestamp(milliseconds: 0)

    private func machine(_ holds: [Hold]) -> Machine {
        var machine = Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "local",
            host: "h",
            createdAt: zero,
            spec: Machine.Spec(instance: "i", config: MachineConfig(image: "x"))
        )
        machine.status.holds = holds
        return machine
    }

    @Test("one owner's end leaves the others' in force")
    func owned() {
        var holds: [Hold] = []
        holds.set(Hold(owner: "rollout 1", reason: "deploy", since: zero))
        holds.set(Hold(owner: "command 2", reason: "stop", since: zero))
        holds.end(owner: "command 2")
        #expect(machine(holds).isUnrouted)
        holds.end(owner: "command 2")
        holds.end(owner: "rollout 1")
        #expect(!machine(holds).isUnrouted)
    }

    @Test("set again it keeps its beginning")
    func again() {
        var holds = [Hold(owner: "a", reason: "one", since: zero)]
        holds.set(Hold(owner: "a", reason: "two", since: zero.advanced(by: .seconds(5)), isLasting: true))
        #expect(holds == [Hold(owner: "a", reason: "two", since: zero, isLasting: true)])
    }

    @Test("only lasting ones outlive the daemon")
    func lasting() {
        var holds = [
            Hold(owner: "a", reason: "", since: zero), Hold(owner: "b", reason: "", since: zero, isLasting: true),
        ]
        holds.endPassing()
        #expect(holds.map(\.owner) == ["b"])
    }

    @Test("a roll-out works on the Machines of its steps until it is over")
    func rollout() {
        var rollout = Rollout(id: "r", app: "a", holder: "ada", startedAt: zero)
        let (mine, other) = (Machine.ID.random(), Machine.ID.random())
        rollout.phase = .rolling
        rollout.steps = [.update(machine: mine, group: "app")]
        #expect(rollout.worksOn(mine))
        #expect(!rollout.worksOn(other))
        rollout.phase = .complete
        #expect(!rollout.worksOn(mine))
    }
}
