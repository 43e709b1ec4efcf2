extension AppConfigReader {
    mutating func readVMs() {
        // In this order one list, whatever the names: it decides which of them wins.
        config.vms = root.tables("compute", "computes", "vm").map { table in
            var vm = readVM(table, memory: .stringOrNumber)
            vm.processes = filter(table, undefined: .warning)
            table.close()
            return vm
        }
    }

    /// Whether a bare number is taken for `memory`.
    enum MemoryForm {
        case stringOrNumber
        case stringOnly
    }

    /// Inline keys beat `memory`, which beats `size`.
    func readVM(_ table: ConfigTable, memory form: MemoryForm) -> AppConfig.VM {
        let errors = report.errorCount
        let options = readVMOptions(table)
        // Fly's own default for a Machine with a GPU; there are none here, but its other values should fit.
        let plain = options?.gpuKind == nil ? MachineConfig.Guest() : GuestSize.preset("performance-8x")
        var guest = readPreset(table) ?? plain ?? MachineConfig.Guest()
        let memory = readMemory(table, form)
        if let memory { guest.memoryMiB = memory }
        if let cpus = table.integer("cpus", in: 0...128), cpus > 0 { guest.cpus = cpus }
        if let kind = table.choice("cpu_kind", of: MachineConfig.CPUKind.allCases) { guest.cpuKind = kind }
        if let memory = table.integer("memory_mb", in: 0...1_048_576), memory > 0 { guest.memoryMiB = memory }
        if report.errorCount == errors, let objection = GuestSize.objection(to: guest) {
            let position = ["memory_mb", "memory", "cpus", "cpu_kind", "size"].compactMap(table.keyPositionIfAny).first
            report.error(position ?? table.position, "\(table.path): \(objection)")
        }
        var vm = AppConfig.VM(guest: guest)
        vm.options = options
        return vm
    }

    private func readVMOptions(_ table: ConfigTable) -> AppConfig.VMOptions? {
        var options = AppConfig.VMOptions()
        options.gpuKind = table.string("gpu_kind")
        if options.gpuKind != nil { table.hasNoEffect("gpu_kind") }
        if let gpus = table.integer("gpus", in: 0...64), gpus > 0 {
            options.gpus = gpus
            table.hasNoEffect("gpus")
        }
        if let memory = table.integer("max_memory_mb", in: 0...1_048_576), memory > 0 {
            options.maxMemoryMiB = memory
            table.hasNoEffect("max_memory_mb")
        }
        options.hostDedicationID = table.string("host_dedication_id")
        if options.hostDedicationID != nil { table.hasNoEffect("host_dedication_id") }
        options.kernelArgs = readOverride("kernel_args", in: table)
        if options.kernelArgs != nil { table.hasNoEffect("kernel_args") }
        options.persistRootFS = readPersistence(table)
        if options.persistRootFS != nil { table.hasNoEffect("persist_rootfs") }
        return options == AppConfig.VMOptions() ? nil : options
    }

    /// A word or its number; `none` and `never` are what Roost does in any case.
    private func readPersistence(_ table: ConfigTable) -> AppConfig.VMOptions.Persistence? {
        let words = ["none", "never", "restart", "always"]
        let word =
            table.isInteger("persist_rootfs")
            ? table.integer("persist_rootfs", in: 0...3).map { words[$0] }
            : table.word("persist_rootfs", of: words)
        return word.flatMap { AppConfig.VMOptions.Persistence(rawValue: $0) }
    }

    private func readPreset(_ table: ConfigTable) -> MachineConfig.Guest? {
        guard let field = table.take("size"), let name = table.string(field, expected: "the name of a size") else {
            return nil
        }
        guard let guest = GuestSize.preset(name) else {
            let names = Nearest.sorted(GuestSize.presets.map(\.name), to: name)
            let gone = GuestSize.withdrawn.contains(name) ? " (sizes with a GPU are not offered any more)" : ""
            report.mismatch(field, expected: ConfigReport.oneOf(names) + gone)
            return nil
        }
        return guest
    }

    private func readMemory(_ table: ConfigTable, _ form: MemoryForm) -> Int? {
        guard let field = table.take("memory") else { return nil }
        let number = form == .stringOrNumber ? ", or a number of MiB" : ""
        let expected = "memory such as \"512mb\" or \"1gb\"\(number), at least 1 MiB"
        let text = form == .stringOnly ? table.string(field, expected: expected) : sizeText(field)
        if text == "" || (text == nil && form == .stringOnly) { return nil }
        guard let text, let memory = Size.memoryMiB(text), (1...1_048_576).contains(memory) else {
            report.mismatch(field, expected: expected)
            return nil
        }
        return memory
    }

    /// `[[restart]]`; there is no `[restart]`.
    mutating func readRestarts() {
        config.restarts = root.tableArray("restart").map { table in
            var settings = MachineConfig.Restart()
            let words = ["on-failure", "always", "never"]
            let policy = table.required("policy", expected: ConfigReport.oneOf(words.map { "\"\($0)\"" })) { key in
                table.word(key, of: words)
            }
            switch policy {
            case "always": settings.policy = .always
            case "never": settings.policy = .no
            default: settings.policy = .onFailure
            }
            if let retries = table.integer("retries", in: 0...1_000_000) { settings.maxRetries = retries }
            var restart = AppConfig.Restart(settings: settings)
            restart.processes = filter(table, undefined: .error)
            table.close()
            return restart
        }
    }
}
