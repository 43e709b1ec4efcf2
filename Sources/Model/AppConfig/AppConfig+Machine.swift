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
        config.env["PRIMARY_REGION"] = self.region(onHostIn: region)
        config.`init` = overrides
        if let command = processes[group], !command.isEmpty { config.`init`.cmd = command }
        config.guest = guest(for: group) ?? MachineConfig.Guest()
        config.services = services(for: group).map(\.machineSettings)
        config.checks = machineChecks(for: group)
        if let mount = mounts(for: group) {
            var wanted = MachineConfig.Mount(
                name: mount.source,
                path: mount.destination,
                sizeGB: mount.initialSizeGB
            )
            wanted.growth = mount.autoExtend.map {
                MachineConfig.Growth(threshold: $0.threshold, stepGB: $0.incrementGB, limitGB: $0.limitGB)
            }
            wanted.snapshotRetention = mount.snapshotRetention
            wanted.scheduledSnapshots = mount.scheduledSnapshots
            config.mounts = [wanted]
        }
        config.restart = restarts.last { matches($0.processes, group) }?.settings ?? MachineConfig.Restart()
        config.stopConfig = stopConfig
        config.swapMiB = swapSizeMB.flatMap { $0 > 0 ? $0 : nil }
        let files = machineFiles(for: group)
        if !files.isEmpty { config.files = files }
        let statics = statics.filter { $0.tigrisBucket == nil }.compactMap { one in
            StaticFiles(guestPath: one.guestPath, urlPrefix: one.urlPrefix)
        }
        if !statics.isEmpty, config.services.contains(where: { !$0.httpPorts.isEmpty }) { config.statics = statics }
        // Over TLS nobody asks yet; the reader of the file has said so.
        config.metrics = metrics(for: group).flatMap { $0.https == true ? nil : .init(port: $0.port, path: $0.path) }
        config.metadata = [MachineConfig.platformKey: "v2", MachineConfig.groupKey: group]
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

    /// What a file of the project holds is in it by now: whoever read the project has put it there.
    private func machineFiles(for group: String) -> [MachineConfig.File] {
        var found: [String: MachineConfig.File] = [:]
        for file in files(for: group) {
            // Without a source it takes away an earlier one.
            let isEmpty = file.rawValue == nil && file.secretName == nil
            found[file.guestPath] =
                isEmpty
                ? nil
                : MachineConfig.File(
                    guestPath: file.guestPath,
                    rawValue: file.rawValue,
                    secretName: file.rawValue == nil ? file.secretName : nil
                )
        }
        return found.values.sorted { $0.guestPath < $1.guestPath }
    }

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
