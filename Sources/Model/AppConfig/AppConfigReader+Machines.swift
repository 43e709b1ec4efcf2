extension AppConfigReader {
    mutating func readVMs() {
        // In this order one list, whatever the names: it decides which of them wins.
        config.vms = root.tables("compute", "computes", "vm").map { table in
            var vm = AppConfig.VM(guest: readGuest(table, memory: .stringOrNumber))
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
    func readGuest(_ table: ConfigTable, memory form: MemoryForm) -> MachineConfig.Guest {
        let errors = report.errorCount
        var guest = readPreset(table)
        let memory = readMemory(table, form)
        if let memory { guest.memoryMiB = memory }
        if let cpus = table.integer("cpus", in: 0...128), cpus > 0 { guest.cpus = cpus }
        if let kind = table.choice("cpu_kind", of: MachineConfig.CPUKind.allCases) { guest.cpuKind = kind }
        if let memory = table.integer("memory_mb", in: 0...1_048_576), memory > 0 { guest.memoryMiB = memory }
        readPersistence(table)
        table.unhandled("gpu_kind", "gpus", "host_dedication_id", "kernel_args", "max_memory_mb")
        if report.errorCount == errors, let objection = GuestSize.objection(to: guest) {
            let position = ["memory_mb", "memory", "cpus", "cpu_kind", "size"].compactMap(table.keyPositionIfAny).first
            report.error(position ?? table.position, "\(table.path): \(objection)")
        }
        return guest
    }

    /// A word or its number; both `none` and `never` are what Roost does.
    private func readPersistence(_ table: ConfigTable) {
        let words = ["none", "never", "restart", "always"]
        let place =
            table.isInteger("persist_rootfs")
            ? table.integer("persist_rootfs", in: 0...3)
            : table.word("persist_rootfs", of: words).flatMap { words.firstIndex(of: $0) }
        if let place, place > 1 { unhandled("persist_rootfs", in: table) }
    }

    private func readPreset(_ table: ConfigTable) -> MachineConfig.Guest {
        guard let field = table.take("size"), let name = table.string(field, expected: "the name of a size") else {
            return MachineConfig.Guest()
        }
        guard let guest = GuestSize.preset(name) else {
            let names = Nearest.sorted(GuestSize.presets.map(\.name), to: name)
            let gone = GuestSize.withdrawn.contains(name) ? " (sizes with a GPU are not offered any more)" : ""
            report.mismatch(field, expected: ConfigReport.oneOf(names) + gone)
            return MachineConfig.Guest()
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
