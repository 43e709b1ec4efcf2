extension AppConfig {
    /// The process groups, in the order of their bytes; `app` alone when the file names none.
    package var groups: [String] {
        guard !processes.isEmpty else { return ["app"] }
        return processes.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The group that sections without `processes` are for: `app` when there is one, else the first.
    package var defaultGroup: String {
        let groups = groups
        return groups.contains("app") ? "app" : groups.first ?? "app"
    }

    /// The volume that a group's Machines carry; the first section that matches wins.
    package func mounts(for group: String) -> Mount? {
        mounts.first { matches($0.processes, group) }
    }

    /// The services of a group that a host can serve, `[http_service]` first.
    package func services(for group: String) -> [Service] {
        ([httpService].compactMap { $0 } + services).filter { service in
            service.transport != .udp && matches(service.processes, group)
        }
    }

    /// The tests that each new Machine of a group has to pass, those of the app first.
    package func machineTests(for group: String) -> [MachineCheck] {
        machineChecks + services(for: group).flatMap(\.machineChecks)
    }

    /// The files of a group's Machines, in the order of the file.
    package func files(for group: String) -> [File] {
        files.filter { matches($0.processes, group) }
    }

    /// Where a group's metrics are; the first section that matches wins.
    package func metrics(for group: String) -> Metrics? {
        metrics.first { matches($0.processes, group) }
    }

    /// The size that the file asks for; nil when it says nothing and the Machine keeps what it has.
    package func guest(for group: String) -> MachineConfig.Guest? {
        vms.last { !$0.processes.isEmpty && matches($0.processes, group) }?.guest
            ?? vms.first { $0.processes.isEmpty }?.guest
    }

    /// Whether a section with this filter is for a group.
    ///
    /// No filter means the default group, and so does an empty name in it.
    package func matches(_ filter: [String], _ group: String) -> Bool {
        guard !filter.isEmpty else { return group == defaultGroup }
        return filter.contains(group) || (filter.contains("") && group == defaultGroup)
    }
}

extension AppConfig {
    /// Nothing in it says how some group starts, so the image has to.
    package var needsImageCommand: Bool { processes.isEmpty || processes.values.contains(where: \.isEmpty) }

    /// The port that the first public service expects its processes on.
    package var internalPort: Int? { (httpService ?? services.first)?.settings.internalPort }
}
