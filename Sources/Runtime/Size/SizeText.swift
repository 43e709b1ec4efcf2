import Model

/// The kernel's files about memory and CPUs, as a Machine of some size would find them on a machine of its own.
///
/// Those that change have the same length at all times, so that they can be written over where they are: a reader finds
/// each number at its place.
enum SizeText {
    /// What the host has, in bytes: nothing that a Machine is told may be more.
    struct HostMemory: Equatable, Sendable {
        var total: Int64
        var available: Int64
    }

    /// `/proc/meminfo`.
    ///
    /// > Source: Linux, Documentation/filesystems/proc.rst, "meminfo".
    static func memory(_ use: MachineUsage.Memory, _ host: HostMemory) -> String {
        let total = use.limit > 0 ? min(use.limit, host.total) : host.total
        let free = min(max(0, total - use.used), host.available)
        let droppable = max(0, use.cached - use.shared)
        let available = min(use.limit > 0 ? use.available : total, host.available, total)
        let swap = use.swapLimit ?? 0
        let rows: [(String, Int64)] = [
            ("MemTotal", total), ("MemFree", free), ("MemAvailable", available), ("Buffers", 0),
            ("Cached", use.cached), ("SwapCached", use.swapCached ?? 0), ("Active", use.active),
            ("Inactive", use.inactive), ("Active(anon)", max(0, use.active - activeFiles(use))),
            ("Inactive(anon)", max(0, use.inactive - use.inactiveFiles)), ("Active(file)", activeFiles(use)),
            ("Inactive(file)", use.inactiveFiles), ("Unevictable", 0), ("Mlocked", 0), ("SwapTotal", swap),
            ("SwapFree", max(0, swap - use.swapUsed)), ("Dirty", use.dirty), ("Writeback", use.writeback),
            ("AnonPages", max(0, use.active + use.inactive - droppable)), ("Mapped", 0), ("Shmem", use.shared),
            ("KReclaimable", 0), ("Slab", use.kernel ?? 0), ("SReclaimable", 0), ("SUnreclaim", use.kernel ?? 0),
        ]
        return rows.map { name, bytes in
            "\(name):".padded(16) + String(bytes >> 10).leading(10) + " kB\n"
        }.joined()
    }

    /// `/proc/stat`: the time of CPUs that nobody else uses.
    ///
    /// - Parameters:
    ///   - cpus: how many.
    ///   - use: what the Machine has used.
    ///   - uptime: hundredths of a second since the host's boot, from which process times count.
    ///   - boot: the host's boot, in seconds since 1970.
    /// - Returns: the whole file; what nobody counts for a Machine alone is 0 there.
    static func processor(cpus: Int, _ use: MachineUsage.Processor, uptime: Int64, boot: Int64) -> String {
        func row(_ name: String, _ user: Int64, _ system: Int64, _ idle: Int64) -> String {
            let numbers = [user, 0, system, max(0, idle), 0, 0, 0, 0, 0, 0]
            return name + numbers.map { " " + String($0).leading(12) }.joined() + "\n"
        }
        let count = Int64(max(1, cpus))
        var text = row("cpu ", use.user, use.system, uptime * count - use.user - use.system)
        for cpu in 0..<count {
            let (user, system) = (use.user / count, use.system / count)
            text += row("cpu\(cpu)", user, system, uptime - user - system)
        }
        return text + "intr 0\nctxt 0\nbtime \(boot)\nprocesses 0\nprocs_running 1\nprocs_blocked 0\nsoftirq 0\n"
    }

    /// `/proc/cpuinfo` of the first CPUs of the host's, counted from 0.
    static func processors(_ host: String, cpus: Int) -> String {
        let blocks = host.replacing("\n\n", with: "\u{0}").split(separator: "\u{0}")
            .filter { $0.hasPrefix("processor") }
        return blocks.prefix(cpus).enumerated().map { index, block in
            block.split(separator: "\n").map { line in
                let name = line.prefix { $0 != ":" }
                switch name.filter({ $0 != "\t" }) {
                case "processor", "core id": return "\(name): \(index)\n"
                case "siblings", "cpu cores": return "\(name): \(cpus)\n"
                default: return "\(line)\n"
                }
            }.joined() + "\n"
        }.joined()
    }

    /// `/sys/devices/system/cpu/online`.
    static func online(cpus: Int) -> String { CPUList.text(Array(0..<max(1, cpus))) + "\n" }

    // MARK: - Private

    private static func activeFiles(_ use: MachineUsage.Memory) -> Int64 {
        min(use.active, max(0, use.cached - use.shared - use.inactiveFiles))
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// Blanks before it.
    fileprivate func leading(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
