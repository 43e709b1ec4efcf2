extension AppConfig {
    /// The configuration as a file has it, in Fly's order; reading it gives the same values.
    package func tree(_ style: ConfigStyle) -> ConfigNode {
        ConfigNode(made: AppConfigWriter(config: self, style: style).root())
    }
}

/// Writes the sections of a `fly.toml`, the way back of ``AppConfigReader``.
struct AppConfigWriter {
    let config: AppConfig
    let style: ConfigStyle

    func root() -> ConfigNode.Value {
        var root = ConfigEntries(style)
        root.add("app", config.app)
        root.add("primary_region", config.primaryRegion)
        root.add("console_command", config.consoleCommand)
        root.add("kill_signal", config.killSignal?.rawValue)
        root.add("kill_timeout", config.killTimeout)
        root.add("swap_size_mb", config.swapSizeMB)
        root.add("host_dedication_id", config.hostDedicationID)
        root.add("machine_config", config.machineConfig)
        root.add("container", config.container)
        root.add("experimental", experimental())
        root.add("build", build())
        root.add("deploy", deploy())
        root.addAny("env", config.env)
        if !config.processes.isEmpty {
            root.add("processes", .map(config.processes) { .string(Words.join($0)) })
        }
        root.add("mounts", .tables(config.mounts.map(mount)))
        root.add("http_service", config.httpService.map { httpService($0) })
        root.add("services", .tables(config.services.map(service)))
        if !config.checks.isEmpty { root.add("checks", .map(config.checks, check)) }
        root.add("machine_checks", machineChecks(config.machineChecks))
        root.add("files", .tables(config.files.map(file)))
        root.add("vm", .tables(config.vms.map(vm)))
        root.add("statics", .tables(config.statics.map(staticFiles)))
        root.add("metrics", .tables(config.metrics.map(metrics)))
        root.add("restart", .tables(config.restarts.map(restart)))
        return root.value
    }

    // MARK: - Private

    private func experimental() -> ConfigNode.Value? {
        var table = ConfigEntries(style)
        table.add("cmd", config.overrides.cmd)
        table.add("entrypoint", config.overrides.entrypoint)
        table.add("exec", config.overrides.exec)
        if let rest = config.experimental {
            table.add("auto_rollback", rest.autoRollback)
            table.add("enable_consul", rest.enableConsul)
            table.add("enable_etcd", rest.enableEtcd)
            table.add("lazy_load_images", rest.lazyLoadImages)
            table.add("machine_config", rest.machineConfig)
            if let names = rest.exportedSecrets {
                table.add("attached", .map(["secrets": names]) { .map(["export": $0]) { .map($0) } })
            }
        }
        return table.valueIfAny
    }

    private func build() -> ConfigNode.Value? {
        let build = config.build
        var table = ConfigEntries(style)
        table.add("image", build.image)
        table.add("dockerfile", build.dockerfile)
        table.add("ignorefile", build.ignorefile)
        table.add("build-target", build.target)
        table.add("builder", build.builder)
        table.addAny("buildpacks", build.buildpacks)
        table.add("builtin", build.builtin)
        table.add("compression", build.compression?.rawValue)
        table.add("compression_level", build.compressionLevel)
        table.addAny("args", build.args)
        table.add("settings", build.settings.map { .map($0) { $0.made } })
        if let compose = build.compose {
            var file = ConfigEntries(style)
            file.add("file", compose.file)
            table.add("compose", file.value)
        }
        return table.valueIfAny
    }

    private func deploy() -> ConfigNode.Value? {
        let deploy = config.deploy
        let usual = AppConfig.Deploy()
        var table = ConfigEntries(style)
        table.add("strategy", .string(deploy.strategy.rawValue), unless: .string(usual.strategy.rawValue))
        let most = Int64(exactly: deploy.maxUnavailable).map { ConfigNode.Value.integer($0) }
        table.add("max_unavailable", most ?? .float(deploy.maxUnavailable), unless: .float(usual.maxUnavailable))
        table.add("max_machines", deploy.maxMachines)
        if !deploy.rollback { table.add("rollback", false) }
        table.add("canary_weight", deploy.canaryWeight.map { "\($0)%" })
        table.add("canary_duration", deploy.canaryDuration?.text)
        table.add("wait_timeout", .string(deploy.waitTimeout.text), unless: .string(usual.waitTimeout.text))
        table.add("stay_up", deploy.stayUp?.text)
        table.add("release_command", deploy.releaseCommand.map { Words.join($0) })
        table.add(
            "release_command_timeout",
            .string(deploy.releaseCommandTimeout.text),
            unless: .string(usual.releaseCommandTimeout.text)
        )
        table.add("seed_command", deploy.seedCommand)
        if let guest = deploy.releaseCommandVM {
            var vm = AppConfig.VM(guest: guest)
            vm.options = deploy.releaseCommandVMOptions
            table.add("release_command_vm", self.vm(vm))
        }
        return table.valueIfAny
    }
}
