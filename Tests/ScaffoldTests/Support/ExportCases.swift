import Model
import Scaffold

/// Inputs for exporters: each sample in several forms, and hostile texts everywhere.
enum ExportCases {
    struct Case: Sendable {
        var name: String
        var input: ExportInput
    }

    static var all: [Case] { plain + varied + configured + hostile }

    /// For slow validators: each sample once, and some of all the rest.
    static var few: [Case] {
        plain + varied.prefix(4) + configured.prefix(4) + hostile.filter { $0.name.hasSuffix("-configured") }
    }

    /// As a user with a domain has it.
    static var plain: [Case] {
        FactsSamples.all.map { sample in
            var input = ExportInput(facts: sample.facts)
            input.options.domain = "api.example.com"
            return Case(name: sample.name, input: input)
        }
    }

    /// Without a domain, and with every other option turned.
    private static var varied: [Case] {
        FactsSamples.all.map { sample in
            var input = ExportInput(facts: sample.facts)
            input.options.proxy = .traefik
            input.options.image = "registry.example.com/shop:1.0.0"
            input.options.migrationJob = true
            input.options.nginxVersion = "1.22"
            input.options.ingressClass = "traefik"
            return Case(name: "\(sample.name)-varied", input: input)
        }
    }

    /// With a `fly.toml` that says all that one can say.
    private static var configured: [Case] {
        FactsSamples.all.map { sample in
            Case(name: "\(sample.name)-configured", input: ExportInput(facts: sample.facts, config: ConfigSamples.full))
        }
    }

    static var hostile: [Case] {
        HostileFacts.texts.enumerated().flatMap { index, text -> [Case] in
            var bare = ExportInput(facts: HostileFacts.facts(text))
            bare.options.stamp = text
            var full = ExportInput(facts: HostileFacts.facts(text), config: HostileFacts.config(text))
            full.options.domain = "api.example.com"
            full.options.proxy = .traefik
            return [
                Case(name: "hostile-\(index)", input: bare), Case(name: "hostile-\(index)-configured", input: full),
            ]
        }
    }
}

/// Configurations for exporters.
enum ConfigSamples {
    /// Every section that ``AppConfig`` has, with values that are not the defaults.
    static let full: AppConfig = {
        var config = AppConfig()
        config.app = "shop"
        config.primaryRegion = "fra"
        config.build.dockerfile = "deploy/Dockerfile"
        config.build.target = "production"
        config.build.args = ["EDITION": "full"]
        config.build.ignorefile = "deploy/ignored"
        config.env = ["LOG_LEVEL": "debug", "GREETING": "a $b ${c} 'd'"]
        config.deploy.strategy = .canary
        config.deploy.releaseCommand = ["python", "migrate.py"]
        config.deploy.releaseCommandTimeout = "7m"
        config.deploy.releaseCommandVM = .init(cpuKind: .shared, cpus: 2, memoryMiB: 1024)
        config.deploy.waitTimeout = "9m"
        config.deploy.maxUnavailable = 0.5
        config.processes = [
            "app": [], "worker": ["celery", "-A", "shop", "worker"], "beat": ["celery", "-A", "shop", "beat"],
        ]
        config.httpService = service()
        config.services = [tcpService()]
        var check = AppConfig.Check(settings: .init(type: .tcp, port: 9191))
        check.processes = ["app"]
        config.checks = ["metrics-port": check]
        config.vms = [
            vm(["app"], .init(cpuKind: .performance, cpus: 2, memoryMiB: 4096)), vm([], .init(memoryMiB: 1024)),
        ]
        var mount = AppConfig.Mount(source: "uploads", destination: "/srv/uploads")
        mount.processes = ["worker"]
        mount.initialSizeGB = 7
        var second = AppConfig.Mount(source: "spare", destination: "/srv/spare")
        second.processes = ["worker"]
        config.mounts = [mount, second]
        var restart = AppConfig.Restart(settings: .init(policy: .onFailure, maxRetries: 4))
        restart.processes = ["worker"]
        config.restarts = [restart]
        config.killSignal = .quit
        config.killTimeout = "2m30s"
        config.swapSizeMB = 384
        config.overrides.entrypoint = ["/bin/wrapper", "--"]
        config.overrides.cmd = ["serve", "--all"]
        return config
    }()

    private static func service() -> AppConfig.Service {
        var service = AppConfig.Service()
        service.processes = ["app"]
        service.hostnames = ["shop.example.com"]
        service.settings.internalPort = 9000
        service.settings.autostop = .suspend
        service.settings.autostart = false
        service.settings.minMachinesRunning = 3
        service.settings.concurrency = .init(type: .requests, softLimit: 33, hardLimit: 44)
        var check = MachineConfig.Check(type: .http)
        check.path = "/healthz/ready"
        check.method = "POST"
        check.headers = ["X-Probe": "yes"]
        check.interval = "11s"
        check.timeout = "4s"
        check.gracePeriod = "37s"
        service.settings.checks = [check, MachineConfig.Check(type: .tcp)]
        return service
    }

    private static func tcpService() -> AppConfig.Service {
        var service = AppConfig.Service()
        service.processes = ["worker"]
        service.settings.internalPort = 7001
        service.settings.ports = [.init(port: 7101, handlers: [])]
        return service
    }

    private static func vm(_ processes: [String], _ guest: MachineConfig.Guest) -> AppConfig.VM {
        var vm = AppConfig.VM(guest: guest)
        vm.processes = processes
        return vm
    }
}
