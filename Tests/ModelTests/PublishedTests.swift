import Testing

@testable import Model

@Suite("Published services")
struct PublishedTests {
    private func service(_ internalPort: Int, _ ports: [MachineConfig.Port]) -> MachineConfig.Service {
        MachineConfig.Service(internalPort: internalPort, ports: ports)
    }

    private func published(_ services: [MachineConfig.Service]) -> [String] {
        var config = MachineConfig(image: "x")
        config.services = services
        return config.published.map { "\($0.port.map(String.init) ?? "usual") to \($0.service.internalPort)" }
    }

    @Test("nothing is public that its configuration does not publish")
    func nothing() {
        #expect(published([]) == [])
        #expect(published([service(8080, [])]) == [])
    }

    @Test("a port without HTTP is opened for its service, with what the edge does there")
    func streams() {
        let postgres = service(5432, [.init(port: 5432, handlers: ["pg_tls"])])
        let web = service(8080, [.init(port: 80, handlers: ["http"])])
        let raw = service(9000, [.init(port: 9000, endPort: 9004, handlers: ["proxy_proto"])])
        #expect(published([web, postgres, raw]) == ["usual to 8080", "5432 to 5432", "9000 to 9000"])
        var config = MachineConfig(image: "x")
        config.services = [web, postgres, raw]
        let all = config.published
        #expect(all.map(\.isStream) == [false, true, true])
        #expect(all[0].entrances.isEmpty)
        #expect(all[1].entrances.map(\.isPostgres) == [true])
        #expect(all[2].entrances.first?.ports == 9000...9004)
        #expect(all[2].entrances.first?.header == .v1)
    }

    @Test("the service on 80 answers on the edge's own ports, whichever place it has in the list")
    func usual() {
        let web = service(8080, [.init(port: 80, handlers: ["http"]), .init(port: 443, handlers: ["tls", "http"])])
        #expect(published([web]) == ["usual to 8080"])
        #expect(published([service(9000, []), web]) == ["usual to 8080"])
        #expect(published([service(8443, [.init(port: 443, handlers: ["tls", "http"])])]) == ["usual to 8443"])
    }

    @Test("another port leads to its service, and only there")
    func others() {
        let web = service(8080, [.init(port: 80, handlers: ["http"])])
        let admin = service(9090, [.init(port: 8081, handlers: ["http"]), .init(port: 80, handlers: ["http"])])
        #expect(published([web, admin]) == ["usual to 8080", "8081 to 9090"])
        #expect(published([service(9090, [.init(port: 8081, handlers: ["http"])])]) == ["8081 to 9090"])
    }

    @Test("of several services the least aggressive word about sleep counts")
    func sleep() throws {
        var config = MachineConfig(image: "x")
        #expect(config.sleep == nil)
        var first = service(1, [])
        first.autostop = .suspend
        first.minMachinesRunning = 1
        var second = service(2, [])
        second.autostop = .stop
        second.minMachinesRunning = 2
        config.services = [first, second]
        #expect(config.sleep?.autostop == .stop)
        #expect(config.sleep?.minMachinesRunning == 2)
        config.services.append(service(3, []))
        #expect(config.sleep?.autostop == .off)
    }

    @Test("the idle time-out of a port's options reaches the Machine")
    func idleTimeout() throws {
        var config = AppConfig()
        config.httpService = AppConfig.Service()
        config.httpService?.httpOptions = AppConfig.HTTPOptions(idleTimeout: 7)
        let machine = config.machineConfig(group: "app", image: "x", region: "local")
        #expect(machine.published.first?.service.idleTimeout == 7)
        config.httpService?.httpOptions = nil
        #expect(config.machineConfig(group: "app", image: "x", region: "local").services.first?.idleTimeout == nil)
    }

    @Test("a Machine is awake since its start or its last thaw, whichever came later")
    func awake() {
        var machine = Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "r",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: MachineConfig(image: "x"))
        )
        #expect(machine.awakeSince == nil)
        let started = Timestamp(milliseconds: 1000)
        machine.status.state = .started(.init(pid: 1, startTicks: 1, monitorPID: 1, startedAt: started))
        #expect(machine.awakeSince == started)
        machine.status.events = [
            .init(kind: .start, at: started), .init(kind: .suspend, at: Timestamp(milliseconds: 2000)),
            .init(kind: .start, at: Timestamp(milliseconds: 9000)),
        ]
        #expect(machine.awakeSince == Timestamp(milliseconds: 9000))
    }
}
