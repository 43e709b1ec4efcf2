import Model
import Testing

@Suite("Small rules about records")
struct RecordRuleTests {
    private static let zero = Timestamp(milliseconds: 0)
    private static let process = Machine.Process(pid: 1, startTicks: 1, monitorPID: 1, startedAt: zero)

    private func machine(_ state: Machine.State = .created) -> Machine {
        var machine = Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "local",
            host: "h",
            createdAt: Self.zero,
            spec: .init(instance: "i", config: MachineConfig(image: "x"))
        )
        machine.status.state = state
        return machine
    }

    @Test("events have IDs that come in their order, also those of one moment")
    func eventIDs() {
        var machine = machine()
        let events: [(Int64, Machine.Event.Kind)] = [
            (1, .start), (2, .exit), (2, .exit), (2, .restart), (90_000, .exit),
        ]
        machine.status.events = events.map { Machine.Event(kind: $0.1, at: Timestamp(milliseconds: $0.0)) }
        let ids = MachineWire.eventIDs(machine)
        #expect(Set(ids).count == 5)
        #expect(ids[0] < ids[1] && ids[1] < ids[2] && ids[3] < ids[4])
        // The same again, when the oldest has fallen off the list.
        machine.status.events.removeFirst()
        #expect(MachineWire.eventIDs(machine) == Array(ids.dropFirst()))
    }

    @Test("versions come in their order as names", arguments: [(1, 2), (9, 10), (99, 100), (9_999_999, 10_000_000)])
    func versionKeys(lower: Int, higher: Int) {
        #expect(Release.versionKey("a", lower) < Release.versionKey("a", higher))
        #expect(Release.versionKey("a", lower).hasPrefix("a/"))
    }

    @Test("a Machine ends when nothing can keep it")
    func ending() {
        for state in [Machine.State.destroying, .destroyed, .stopping(Self.process, then: .destroyed)] {
            #expect(machine(state).isEnding)
        }
        let others: [Machine.State] = [
            .created, .starting(attempt: 0), .started(Self.process), .stopping(Self.process, then: .stopped),
            .stopping(Self.process, then: .started), .stopped(nil), .suspended(Self.process), .failed(reason: "x"),
        ]
        for state in others { #expect(!machine(state).isEnding) }
    }

    @Test("the pause before a restart doubles up to half a minute, and never grows out of its number")
    func backoff() {
        let pauses = (1...9).map { Lifecycle.backoff(attempt: $0) }
        #expect(pauses.map { $0 / .milliseconds(250) } == [1, 2, 4, 8, 16, 32, 64, 120, 120])
        #expect(Lifecycle.backoff(attempt: 0) == .milliseconds(250))
        #expect(Lifecycle.backoff(attempt: .max) == .seconds(30))
    }

    @Test("an edge of the older kind is not told of routes for one port alone")
    func oldEdges() {
        var port = Route(app: "a", hostnames: ["a.x"], autostart: true, machines: [])
        port.port = 8443
        let usual = Route(app: "a", hostnames: ["a.x"], autostart: true, machines: [])
        #expect(RouteTable(revision: 3, apps: [usual, port]).forOldEdges == RouteTable(revision: 3, apps: [usual]))
    }

    @Test("names that were added beside the configuration come after its own, once each")
    func hostnames() {
        var app = App(name: "a", createdAt: Self.zero, owner: "o")
        #expect(app.allHostnames.isEmpty)
        app.hostnames = ["one.example.com", "two.example.com"]
        app.addedHostnames = ["two.example.com", "three.example.com"]
        #expect(app.allHostnames == ["one.example.com", "two.example.com", "three.example.com"])
    }

    @Test("which release's secrets a Machine has stands in its metadata, or nowhere", arguments: ["5", "x", nil])
    func secrets(text: String?) {
        var machine = machine()
        machine.spec.config.metadata[MachineConfig.secretsKey] = text
        #expect(machine.secretsVersion == text.flatMap { Int($0) })
    }

    @Test("a step names every Machine that it may touch")
    func steps() {
        let (one, two, three) = (Machine.ID.random(), Machine.ID.random(), Machine.ID.random())
        #expect(Rollout.Step.replace(old: one, new: two, spare: three, group: "app").machines == [one, two, three])
        #expect(Rollout.Step.putBack(old: one, new: two, spare: three, group: "app").machines == [one, two, three])
        #expect(Rollout.Step.turn(to: [one, two], from: [three]).machines == [one, two, three])
        #expect(Rollout.Step.updateAtOnce(machines: [one, two]).machines == [one, two])
        for step in [
            Rollout.Step.releaseCommand(machine: one), .create(machine: one, group: "app"),
            .update(machine: one, group: "app"), .prepare(machine: one, group: "app"), .destroy(machine: one),
        ] {
            #expect(step.machines == [one])
        }
        #expect(Rollout.Step.destroy(machine: one).isRemoval)
        #expect(!Rollout.Step.create(machine: one, group: "app").isRemoval)
        var rollout = Rollout(id: "1", app: "a", holder: "ada", startedAt: Self.zero)
        rollout.steps = [.update(machine: one, group: "app"), .destroy(machine: two)]
        rollout.phase = .rolling
        #expect(rollout.worksOn(one) && rollout.worksOn(two) && !rollout.worksOn(three))
        rollout.phase = .complete
        #expect(!rollout.worksOn(one))
    }
}
