extension AppConfigWriter {
    func mount(_ mount: AppConfig.Mount) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("source", mount.source)
        table.add("destination", mount.destination)
        table.add("initial_size", .string("\(mount.initialSizeGB)gb"), unless: .string("1gb"))
        table.add("snapshot_retention", mount.snapshotRetention)
        table.add("scheduled_snapshots", mount.scheduledSnapshots)
        table.add("auto_extend_size_threshold", mount.autoExtend?.threshold)
        table.add("auto_extend_size_increment", mount.autoExtend.map { "\($0.incrementGB)GB" })
        table.add("auto_extend_size_limit", mount.autoExtend?.limitGB.map { "\($0)GB" })
        table.addAny("processes", mount.processes)
        return table.value
    }

    func vm(_ vm: AppConfig.VM) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        let memory = vm.guest.memoryMiB
        table.add("memory", memory.isMultiple(of: 1024) ? "\(memory / 1024)gb" : "\(memory)mb")
        table.add("cpu_kind", vm.guest.cpuKind.rawValue)
        table.add("cpus", vm.guest.cpus)
        table.add("max_memory_mb", vm.options?.maxMemoryMiB)
        table.add("gpus", vm.options?.gpus)
        table.add("gpu_kind", vm.options?.gpuKind)
        table.add("kernel_args", vm.options?.kernelArgs)
        table.add("host_dedication_id", vm.options?.hostDedicationID)
        table.add("persist_rootfs", vm.options?.persistRootFS?.rawValue)
        table.addAny("processes", vm.processes)
        return table.value
    }

    func restart(_ restart: AppConfig.Restart) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        let policy = restart.settings.policy
        table.add("policy", policy == .no ? "never" : policy.rawValue)
        let usual = MachineConfig.Restart().maxRetries
        table.add("retries", .integer(restart.settings.maxRetries), unless: .integer(usual))
        table.addAny("processes", restart.processes)
        return table.value
    }

    func file(_ file: AppConfig.File) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("guest_path", file.guestPath)
        table.add("local_path", file.localPath)
        table.add("secret_name", file.secretName)
        table.add("raw_value", file.rawValue)
        table.addAny("processes", file.processes)
        return table.value
    }

    func staticFiles(_ files: AppConfig.Static) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("guest_path", files.guestPath)
        table.add("url_prefix", files.urlPrefix)
        table.add("tigris_bucket", files.tigrisBucket)
        table.add("index_document", files.indexDocument)
        return table.value
    }

    func metrics(_ metrics: AppConfig.Metrics) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("port", metrics.port)
        table.add("path", metrics.path)
        table.add("https", metrics.https)
        table.addAny("processes", metrics.processes)
        return table.value
    }

    func machineChecks(_ checks: [AppConfig.MachineCheck]) -> ConfigNode.Value? {
        .tables(
            checks.map { check in
                var table = ConfigEntries(style)
                table.add("command", check.command)
                table.add("image", check.image)
                table.add("entrypoint", check.entrypoint)
                table.add("kill_signal", check.killSignal?.rawValue)
                table.add("kill_timeout", check.killTimeout)
                return table.value
            }
        )
    }
}
