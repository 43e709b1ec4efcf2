/// In which order Machines start that ran before the host went down.
package enum BootOrder {
    /// Sorts the Machines of a host, the most important first.
    ///
    /// One of each process group comes before the second of any. Among those what others need (throw-aways and what only
    /// keeps a volume) is first, then what has to be up to be found, then what serves nobody by itself, and last what a
    /// request starts anyway: a request does not wait for its turn.
    package static func sorted(_ machines: [Machine]) -> [Machine] {
        var copies: [Group: Int] = [:]
        let ranked = machines.sorted { $0.id < $1.id }.map { machine in
            let group = Group(app: machine.app, name: machine.group)
            defer { copies[group, default: 0] += 1 }
            return (copy: copies[group, default: 0], weight: weight(machine.spec.config), machine: machine)
        }
        return ranked.sorted {
            ($0.copy, $0.weight, $0.machine.app, $0.machine.id) < ($1.copy, $1.weight, $1.machine.app, $1.machine.id)
        }.map(\.machine)
    }

    /// Whether a request may start it before its turn has come.
    package static func startsOnRequest(_ service: MachineConfig.Service) -> Bool { service.autostart }

    // MARK: - Private

    private struct Group: Hashable {
        var app: String
        var name: String
    }

    private static func weight(_ config: MachineConfig) -> Int {
        let published = config.published.map(\.service)
        if config.openTo != nil || (published.isEmpty && !config.mounts.isEmpty) { return 0 }
        if published.contains(where: { !startsOnRequest($0) || $0.autostop == .off || $0.minMachinesRunning > 0 }) {
            return 1
        }
        return config.services.isEmpty ? 2 : 3
    }
}
