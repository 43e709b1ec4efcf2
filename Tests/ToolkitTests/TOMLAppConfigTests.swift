import Foundation
import Model
import Testing
import Toolkit

@Suite("fly.toml as values")
struct TOMLAppConfigTests {
    @Test("expands the worked example of the specification")
    func workedExample() throws {
        let config = try TestConfig.clean(Self.worked)
        #expect(config.groups == ["api", "jobs"])
        #expect(config.defaultGroup == "api")
        let api = config.machineConfig(group: "api", image: "roost/demo@sha256:0", region: "local")
        let jobs = config.machineConfig(group: "jobs", image: "roost/demo@sha256:0", region: "local")
        #expect(api.`init`.cmd == ["serve", "--port", "3000"])
        #expect(jobs.`init`.cmd == ["work"])
        #expect(api.services.map(\.internalPort) == [3000])
        #expect(api.services.first?.ports.map(\.port) == [80, 443])
        #expect(api.services.first?.ports.map(\.handlers) == [["http"], ["http", "tls"]])
        #expect(api.services.first?.autostop == .suspend)
        #expect(api.services.first?.concurrency == MachineConfig.Concurrency(type: .requests, softLimit: 50))
        #expect(jobs.services.isEmpty)
        #expect(api.guest == MachineConfig.Guest(cpuKind: .shared, cpus: 2, memoryMiB: 512))
        #expect(jobs.guest == MachineConfig.Guest(cpuKind: .performance, cpus: 1, memoryMiB: 2048))
        #expect(api.checks.mapValues(\.port) == ["live": 9000])
        #expect(jobs.checks.isEmpty)
        #expect(api.env == ["FLY_PROCESS_GROUP": "api", "PRIMARY_REGION": "ams"])
        #expect(jobs.env == ["FLY_PROCESS_GROUP": "jobs", "PRIMARY_REGION": "ams"])
        #expect(jobs.metadata == ["fly_platform_version": "v2", "fly_process_group": "jobs"])
    }

    @Test("reads the old forms as the new ones")
    func oldAndNew() throws {
        let (old, warnings) = try TestConfig.read(Self.oldForms)
        #expect(warnings.isEmpty)
        #expect(old == (try TestConfig.clean(Self.newForms)))
        #expect(old.killTimeout == "20s")
        #expect(old.env == ["A": "2", "B": "true", "C": "1e+06", "D": "1"])
        let service = try #require(old.services.first?.settings)
        #expect(service.concurrency == MachineConfig.Concurrency(type: .requests, softLimit: 20, hardLimit: 25))
        #expect(service.checks.map(\.type) == [.tcp, .http])
        #expect(service.checks.first?.interval == "10s")
        #expect(service.checks.last?.headers == ["X-Forwarded-Proto": "https", "X-N": "1"])
    }

    @Test("takes every handled key, and gives each its value")
    func everyKey() throws {
        let config = try TestConfig.clean(Self.everything)
        #expect(config.app == "notes")
        #expect(config.primaryRegion == "den9")
        #expect(config.build.dockerfile == "deploy/Dockerfile")
        #expect(config.build.ignorefile == "deploy/.dockerignore")
        #expect(config.build.target == "run")
        #expect(config.build.args == ["VERSION": "1"])
        #expect(config.deploy.strategy == .rolling)
        #expect(config.deploy.releaseCommand == ["python", "manage.py", "migrate it", "&&", "$HOME"])
        #expect(config.deploy.releaseCommandTimeout == "0s")
        #expect(config.deploy.waitTimeout == "2m")
        #expect(config.deploy.maxUnavailable == 1)
        #expect(config.deploy.releaseCommandVM == MachineConfig.Guest(cpus: 2, memoryMiB: 1024))
        #expect(config.httpService?.hostnames == ["notes.example.com", "www.example.com"])
        let web = config.machineConfig(group: "web", image: "i", region: "ams")
        #expect(web.restart == MachineConfig.Restart(policy: .no, maxRetries: 3))
        #expect(web.stopConfig == MachineConfig.Stop(signal: .term, timeout: "1m30s"))
        #expect(web.mounts == [MachineConfig.Mount(name: "data", path: "/data", sizeGB: 20)])
        #expect(config.mounts(for: "jobs") == nil)
        #expect(web.guest == MachineConfig.Guest(cpus: 1, memoryMiB: 768))
        #expect(web.env["PRIMARY_REGION"] == "den9")
        #expect(web.services.map(\.forceHTTPS) == [true, false])
        #expect(web.services.map(\.minMachinesRunning) == [1, 0])
        #expect(web.services.last?.ports == [MachineConfig.Port(port: 5432, handlers: [])])
        #expect(web.services.first?.checks.map(\.path) == ["/health"])
        let live = try #require(web.checks["live"])
        #expect(live.method == "HEAD")
        #expect(live.port == 8000, "the port of http_service")
        #expect(live.timeout == "60s")
    }

    @Test("fills in the platform's defaults")
    func defaults() throws {
        let config = try TestConfig.clean("[http_service]\n[[http_service.checks]]")
        #expect(config.groups == ["app"])
        let machine = config.machineConfig(group: "app", image: "i", region: "fra")
        var service = MachineConfig.Service(internalPort: 8080, checks: [MachineConfig.Check(type: .http)])
        service.concurrency = MachineConfig.Concurrency(type: .connections, softLimit: 20)
        #expect(machine.services == [service])
        #expect(machine.services.first?.autostop == .off)
        #expect(machine.services.first?.autostart == true)
        #expect(machine.restart == MachineConfig.Restart(policy: .onFailure, maxRetries: 10))
        #expect(machine.stopConfig == MachineConfig.Stop(signal: .int, timeout: "5s"))
        #expect(machine.guest == MachineConfig.Guest(cpuKind: .shared, cpus: 1, memoryMiB: 256))
        #expect(machine.env == ["FLY_PROCESS_GROUP": "app", "PRIMARY_REGION": "fra"])
        #expect(config.deploy.releaseCommandTimeout == "5m")
        #expect(config.deploy.waitTimeout == "5m")
        #expect(config.deploy.maxUnavailable == 0.33)
    }

    @Test("takes keys in any case, as flyctl's decoder does")
    func anyCase() throws {
        let config = try TestConfig.clean("App = \"a\"\nPrimary_Region = \"ams\"\n[HTTP_Service]\nInternal_Port = 3000")
        #expect(config.app == "a")
        #expect(config.primaryRegion == "ams")
        #expect(config.httpService?.settings.internalPort == 3000)
    }

    @Test("survives the way into a release record and back", arguments: [worked, oldForms, everything, complete])
    func codable(text: String) throws {
        let config = try TestConfig.read(text).config
        #expect(try JSONDecoder().decode(AppConfig.self, from: JSONEncoder().encode(config)) == config)
    }

    @Test("says the warnings along with the errors, since a misspelt key is often why one is missing")
    func warningsAsHint() {
        let fault = Fault(
            .invalidConfig,
            "fly.toml:1:1: restart[0].policy: missing, expected one of \"on-failure\", \"always\" or \"never\"",
            hint: "warning: fly.toml:2:1: unknown key \"restart[0].plicy\"; did you mean \"restart[0].policy\"?"
        )
        #expect(throws: fault) { try TestConfig.read("[[restart]]\nplicy = \"always\"") }
    }

    @Test("stops listing after a hundred, and refuses more sections than anyone writes")
    func bounded() throws {
        let unknown = try TestConfig.read((0..<1000).map { "zzzz\($0) = 1\n" }.joined()).warnings
        #expect(unknown.count == 101)
        #expect(unknown.last?.description == "fly.toml:100:1: … and 900 more warnings")
        let fault = #expect(throws: Fault.self) { try TestConfig.read(String(repeating: "[[vm]]\n", count: 101)) }
        #expect(fault?.message == "fly.toml:1:3: vm: found 101, expected at most 100")
    }
}
