import Model
import Toolkit

extension ExportPlan {
    /// The section of the configuration that carries the web process's requests.
    var webService: AppConfig.Service? {
        config?.httpService
            ?? config?.services.first { service in service.settings.ports.contains { $0.handlers.contains("http") } }
    }

    mutating func readUnits() {
        // Names of services that targets put beside those of the project.
        var labels = Labels(reserved: ["proxy", "migrate", "release", "db", "socket-proxy"])
        for service in facts.services { _ = labels.unique(service.kind.label, else: "service") }
        if let config { readUnits(of: config, &labels) } else { readScannedUnits(&labels) }
        for unit in units where unit.name != unit.group {
            notes.append("the process \(ConfigNode.quoted(unit.group)) is written as \(unit.name)")
        }
    }

    // MARK: - Private

    private mutating func readUnits(of config: AppConfig, _ labels: inout Labels) {
        let groups = config.groups
        let service = webService
        let serving = groups.filter { group in service.map { config.matches($0.processes, group) } ?? false }
        let webGroup = serving.contains(config.defaultGroup) ? config.defaultGroup : serving.first
        // Heroku calls what serves requests so, whatever its group is called.
        if webGroup != "web" { _ = labels.unique("web", else: "web") }
        for group in groups {
            var unit = Unit(group: group, name: labels.unique(group, else: "process"))
            setCommand(&unit, config)
            unit.guest = config.guest(for: group) ?? defaultGuest
            unit.restart = config.restarts.last { config.matches($0.processes, group) }?.settings
            unit.ports = config.services(for: group).filter { $0 != service }.flatMap(Self.ports)
            if group == webGroup, let service {
                unit.port = service.settings.internalPort
                let least = service.settings.minMachinesRunning
                unit.replicas = service.settings.autostop == .off ? max(2, least) : max(1, least)
                web = unit
            } else {
                if serving.contains(group) { unit.port = service?.settings.internalPort }
                unit.isSingleton = isSingleton(unit)
                workers.append(unit)
            }
        }
    }

    /// > Source: flyctl `ToMachineConfig`: a group's command beats `cmd`; `exec` replaces the entrypoint too.
    private func setCommand(_ unit: inout Unit, _ config: AppConfig) {
        let command = config.processes[unit.group] ?? []
        unit.entrypoint = config.overrides.entrypoint
        unit.command = command.isEmpty ? config.overrides.cmd : command
        if let exec = config.overrides.exec {
            unit.entrypoint = exec
            unit.command = nil
        }
    }

    private static func ports(_ service: AppConfig.Service) -> [Port] {
        service.settings.ports.map { port in
            Port(external: port.port, internal: service.settings.internalPort, handlers: port.handlers)
        }
    }

    private func isSingleton(_ unit: Unit) -> Bool {
        if facts.processes.contains(where: { $0.isSingleton && ($0.name == unit.group || $0.command == unit.command) })
        {
            return true
        }
        let words = unit.command ?? []
        return words.contains("beat") || ["beat", "clock", "cron", "scheduler"].contains(unit.group)
    }

    private mutating func readScannedUnits(_ labels: inout Labels) {
        let hasWeb = facts.entry != nil || facts.recipe != nil || facts.existing.dockerfile != nil
        if hasWeb {
            var unit = Unit(group: "web", name: labels.unique("web", else: "web"))
            unit.port = facts.recipe == nil ? ServerStart.port(facts) : facts.port?.number ?? 8080
            unit.guest = defaultGuest
            unit.replicas = 2
            web = unit
        }
        for process in facts.processes where !process.command.isEmpty {
            var unit = Unit(group: process.name, name: labels.unique(process.name, else: "worker"))
            unit.command = process.command
            unit.port = process.port
            unit.isSingleton = process.isSingleton
            unit.isOptional = process.isOptional
            unit.guest = defaultGuest
            workers.append(unit)
        }
    }

    /// One process and its overhead, in steps of 256 MiB from 512 on.
    private var defaultGuest: MachineConfig.Guest {
        let steps = (facts.traits.workerMiB + 96 + 255) / 256
        return MachineConfig.Guest(memoryMiB: min(max(steps, 2), 64) * 256)
    }
}

extension Facts.BackingService.Kind {
    /// Its name as a service beside the app.
    var label: String {
        switch self {
        case .redis: "redis"
        case .rabbitmq: "rabbitmq"
        case .memcached: "memcached"
        case .elasticsearch: "elasticsearch"
        case .kafka: "kafka"
        case .nats: "nats"
        case .objectStorage: "storage"
        }
    }
}
