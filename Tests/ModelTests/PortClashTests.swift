import Model
import Testing

@Suite("Services that clash")
struct PortClashTests {
    private func service(_ port: Int, on edge: [Int] = [80, 443], of groups: [String] = []) -> AppConfig.Service {
        var service = AppConfig.Service()
        service.processes = groups
        service.settings.internalPort = port
        service.settings.ports = edge.map { .init(port: $0, handlers: ["http"]) }
        return service
    }

    @Test("one port of the edge leads to one service of a Machine")
    func clash() {
        var config = AppConfig()
        config.httpService = service(8080)
        config.services = [service(9000, on: [9000])]
        #expect(config.portClash == nil)
        config.services = [service(9000, on: [443])]
        #expect(config.portClash == .init(group: "app", port: 443, internalPorts: [8080, 9000]))
        let fault = #expect(throws: Fault.self) { try config.check() }
        #expect(fault?.message.hasPrefix("two services of group app answer on port 443 of the edge") == true)
    }

    @Test("groups may share a port, as on Fly")
    func groups() {
        var config = AppConfig()
        config.processes = ["web": ["a"], "admin": ["b"]]
        config.services = [service(8080, of: ["web"]), service(9000, of: ["admin"])]
        #expect(config.portClash == nil)
        config.services[1].processes = ["admin", "web"]
        #expect(config.portClash?.group == "web")
        config.services[1].transport = .udp
        #expect(config.portClash == nil)
    }
}
