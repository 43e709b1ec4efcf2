import Model
import Testing

@testable import ControlPlane

@Suite("Route builder")
struct RouteBuilderTests {
    private let process = Machine.Process(pid: 1, startTicks: 1, monitorPID: 1, startedAt: Timestamp(milliseconds: 0))

    private func machine(
        _ state: Machine.State,
        ready: Bool = false,
        proven: Bool = false,
        cordoned: Bool = false
    )
        -> Machine
    {
        var config = MachineConfig(image: "x")
        config.services = [MachineConfig.Service(internalPort: 9000)]
        var machine = Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config)
        )
        machine.status.state = state
        machine.status.ready = ready
        machine.status.proven = proven
        machine.spec.cordoned = cordoned
        machine.status.address = Machine.Address(ipv4: "10.0.0.2", ipv6: "fdaa::2")
        return machine
    }

    private func state(of machine: Machine) -> Route.State? {
        let app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        let table = RouteBuilder.table(revision: 1, apps: [app], machines: [machine], domain: "localhost")
        return table.apps.first?.machines.first?.state
    }

    @Test("a Machine gets requests only when it is started, ready and not cordoned")
    func states() {
        #expect(state(of: machine(.started(process), ready: true)) == .ready)
        #expect(state(of: machine(.started(process), ready: true, cordoned: true)) == .draining)
        #expect(state(of: machine(.started(process))) == .coming)
        // Was healthy with this very configuration and is not now: nothing new goes there.
        #expect(state(of: machine(.started(process), proven: true)) == .draining)
        #expect(state(of: machine(.stopped(nil))) == .asleep)
        #expect(state(of: machine(.suspended(process))) == .asleep)
        #expect(state(of: machine(.stopped(nil), cordoned: true)) == .draining)
        #expect(state(of: machine(.stopping(process, then: .started))) == .draining)
        #expect(state(of: machine(.created)) == nil)
        #expect(state(of: machine(.failed(reason: "x"))) == nil)
    }

    @Test("an app answers to its name under the domain and to its own host names")
    func hostnames() {
        var app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        app.hostnames = ["a.example.com"]
        let machines = [machine(.started(process), ready: true)]
        let table = RouteBuilder.table(revision: 1, apps: [app], machines: machines, domain: "roost.test")
        #expect(table.apps.first?.hostnames == ["a.roost.test", "a.example.com"])
        app.destroying = true
        #expect(RouteBuilder.table(revision: 1, apps: [app], machines: machines, domain: "x").apps.isEmpty)
    }
}
