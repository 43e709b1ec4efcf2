extension AppConfig {
    /// What a Machine of a group should be.
    ///
    /// - Parameters:
    ///   - group: one of ``groups``.
    ///   - image: as the host's store names it.
    ///   - region: told to the app as its primary one when the file names none.
    /// - Returns: the configuration, its mount without a volume yet.
    ///
    /// > Source: flyctl `internal/appconfig/machines.go`, `ToMachineConfig`; what is absent gets the platform's default.
    package func machineConfig(group: String, image: String, region: String) -> MachineConfig {
        var config = MachineConfig(image: image)
        config.env = environment(for: group)
        config.env["PRIMARY_REGION"] = primaryRegion ?? region
        config.`init` = overrides
        if let command = processes[group], !command.isEmpty { config.`init`.cmd = command }
        config.guest = guest(for: group) ?? MachineConfig.Guest()
        config.services = services(for: group).map(\.settings)
        config.checks = machineChecks(for: group)
        if let mount = mounts(for: group) {
            config.mounts = [
                MachineConfig.Mount(name: mount.source, path: mount.destination, sizeGB: mount.initialSizeGB)
            ]
        }
        config.restart = restarts.last { matches($0.processes, group) }?.settings ?? MachineConfig.Restart()
        config.stopConfig = stopConfig
        config.metadata = ["fly_platform_version": "v2", "fly_process_group": group]
        return config
    }

    /// The environment of a group's Machines as far as the file decides it; the host adds its own, and secrets.
    package func environment(for group: String) -> [String: String] {
        var result = env
        result["FLY_PROCESS_GROUP"] = group
        if let primaryRegion { result["PRIMARY_REGION"] = primaryRegion }
        return result
    }

    /// How a stop of any Machine of the app goes, the release command's too.
    package var stopConfig: MachineConfig.Stop {
        let platform = MachineConfig.Stop()
        return MachineConfig.Stop(signal: killSignal ?? platform.signal, timeout: killTimeout ?? platform.timeout)
    }

    // MARK: - Private

    private func machineChecks(for group: String) -> [String: MachineConfig.Check] {
        checks.filter { matches($0.value.processes, group) }.mapValues { check in
            var settings = check.settings
            settings.port = settings.port ?? httpPort(for: group)
            return settings
        }
    }

    /// The port of `[http_service]`, when that is for the group.
    func httpPort(for group: String) -> Int? {
        guard let httpService, matches(httpService.processes, group) else { return nil }
        return httpService.settings.internalPort
    }
}
