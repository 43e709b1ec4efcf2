import Testing

@testable import Model

@Suite("A configuration that came in a request")
struct AppConfigCheckTests {
    @Test("is taken when a fly.toml could say it")
    func fine() throws {
        var config = AppConfig()
        config.httpService = AppConfig.Service()
        config.httpService?.settings.checks = [MachineConfig.Check(type: .http)]
        config.mounts = [AppConfig.Mount(source: "data", destination: "/data")]
        config.vms = [AppConfig.VM(guest: MachineConfig.Guest())]
        try config.check()
    }

    @Test("is refused when no fly.toml could say it")
    func refused() {
        let changes: [(inout AppConfig) -> Void] = [
            { $0.vms = [AppConfig.VM(guest: MachineConfig.Guest(cpus: -1))] },
            { $0.vms = [AppConfig.VM(guest: MachineConfig.Guest(memoryMiB: .max))] },
            { $0.httpService?.settings.internalPort = 70_000 },
            { $0.httpService?.settings.concurrency.softLimit = -1 },
            { $0.httpService?.hostnames = ["OTHER.localhost"] },
            { $0.deploy.waitTimeout = GoDuration(.nanoseconds(Int64.min)) },
            { $0.deploy.maxUnavailable = .infinity },
            { $0.mounts = [AppConfig.Mount(source: "data", destination: "/proc")] },
            { $0.env = ["A=B": ""] },
            { $0.primaryRegion = "fra\r\nFLY_APP_NAME=other" },
            { $0.primaryRegion = "" },
            { $0.files = [AppConfig.File(guestPath: "etc")] },
            { $0.metrics = [AppConfig.Metrics(port: 0)] },
            { $0.httpService?.ports = [AppConfig.Port(start: -1)] },
            { $0.httpService?.settings.checks = Array(repeating: .init(type: .http), count: 101) },
            { config in
                for number in 0..<101 { config.checks["\(number)"] = AppConfig.Check(settings: .init(type: .tcp)) }
            },
        ]
        for (number, change) in changes.enumerated() {
            var config = AppConfig()
            config.httpService = AppConfig.Service()
            change(&config)
            #expect(throws: Fault.self, "change \(number)") { try config.check() }
        }
    }
}
