import Glibc
package import Model
import Toolkit

/// Looks at what Machines use: some twenty files of the kernel for each, and no program started.
struct UsageReader {
    let cgroups: Cgroups
    let paths: HostPaths
    private var numbers = KernelNumbers()

    init(cgroups: Cgroups, paths: HostPaths) {
        self.cgroups = cgroups
        self.paths = paths
    }

    /// What a Machine uses now; nil when it has no process.
    mutating func read(_ machine: Machine) -> MachineUsage? {
        guard let process = machine.status.state.process else { return nil }
        var usage = MachineUsage()
        usage.memory = memory(machine.id)
        usage.processor = processor(machine.id)
        guard usage.memory != nil || usage.processor != nil else { return nil }
        usage.disks = disks(machine)
        if numbers.load("/proc/\(process.pid)/net/dev"), let place = numbers.find("eth0:") {
            usage.network = numbers.row(after: place)
        }
        usage.openFiles = openFiles(machine.id)
        if numbers.load("/proc/\(process.pid)/limits"), let place = numbers.find("Max open files") {
            usage.openFilesLimit = numbers.row(after: place).first.map { Int($0) }
        }
        return usage
    }

    /// What its control group holds now.
    mutating func memory(_ id: Machine.ID) -> MachineUsage.Memory? {
        cgroups.mode == .unified ? newMemory(id) : oldMemory(id)
    }

    /// What its control group has used so far.
    mutating func processor(_ id: Machine.ID) -> MachineUsage.Processor? {
        cgroups.mode == .unified ? newProcessor(id) : oldProcessor(id)
    }

    /// Its threads that run or wait for a disk now.
    mutating func activeThreads(_ id: Machine.ID) -> Int {
        let file = cgroups.mode == .unified ? "cgroup.threads" : "tasks"
        let text = KernelFile.read("\(cgroups.folder(id, "freezer"))/\(file)") ?? ""
        let threads = text.split(separator: "\n").prefix(Self.maximumThreads)
        return threads.count { thread in
            let state = KernelFile.read("/proc/\(thread)/stat").flatMap { ProcessStat($0) }?.state
            return state == "R" || state == "D"
        }
    }

    // MARK: - Private

    /// As many as a Machine may have.
    private static let maximumThreads = 1024
    /// Whose open files are counted.
    private static let maximumProcesses = 64

    /// > Source: Linux, Documentation/admin-guide/cgroup-v1/memory.rst, section 5.2.
    private mutating func oldMemory(_ id: Machine.ID) -> MachineUsage.Memory? {
        let folder = cgroups.folder(id, "memory")
        guard let used = numbers.one("\(folder)/memory.usage_in_bytes"), numbers.load("\(folder)/memory.stat") else {
            return nil
        }
        var memory = MachineUsage.Memory()
        memory.used = used
        var both: Int64?
        numbers.eachPair { name, value in
            switch true {
            case numbers.matches(name, "hierarchical_memory_limit"): memory.limit = value
            case numbers.matches(name, "hierarchical_memsw_limit"): both = value
            case numbers.matches(name, "total_cache"): memory.cached = value
            case numbers.matches(name, "total_shmem"): memory.shared = value
            case numbers.matches(name, "total_dirty"): memory.dirty = value
            case numbers.matches(name, "total_writeback"): memory.writeback = value
            case numbers.matches(name, "total_swap"): memory.swapUsed = value
            case numbers.matches(name, "total_swapcached"): memory.swapCached = value
            case numbers.matches(name, "total_inactive_file"):
                memory.inactiveFiles = value
                memory.inactive += value
            case numbers.matches(name, "total_inactive_anon"): memory.inactive += value
            case numbers.matches(name, "total_active_file"), numbers.matches(name, "total_active_anon"):
                memory.active += value
            default: break
            }
        }
        if let both { memory.swapLimit = max(0, both - memory.limit) }
        return memory
    }

    /// > Source: Linux, Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files".
    private mutating func newMemory(_ id: Machine.ID) -> MachineUsage.Memory? {
        let folder = cgroups.folder(id, "memory")
        guard let used = numbers.one("\(folder)/memory.current") else { return nil }
        var memory = MachineUsage.Memory()
        memory.used = used
        memory.limit = numbers.one("\(folder)/memory.max") ?? 0
        memory.swapLimit = numbers.one("\(folder)/memory.swap.max")
        memory.swapUsed = numbers.one("\(folder)/memory.swap.current") ?? 0
        guard numbers.load("\(folder)/memory.stat") else { return memory }
        numbers.eachPair { name, value in
            switch true {
            case numbers.matches(name, "file"): memory.cached = value
            case numbers.matches(name, "shmem"): memory.shared = value
            case numbers.matches(name, "file_dirty"): memory.dirty = value
            case numbers.matches(name, "file_writeback"): memory.writeback = value
            case numbers.matches(name, "swapcached"): memory.swapCached = value
            case numbers.matches(name, "slab"): memory.kernel = value
            case numbers.matches(name, "inactive_file"):
                memory.inactiveFiles = value
                memory.inactive += value
            case numbers.matches(name, "inactive_anon"): memory.inactive += value
            case numbers.matches(name, "active_file"), numbers.matches(name, "active_anon"): memory.active += value
            default: break
            }
        }
        return memory
    }

    /// In hundredths of a second by themselves: the kernel's `USER_HZ`.
    private mutating func oldProcessor(_ id: Machine.ID) -> MachineUsage.Processor? {
        guard numbers.load("\(cgroups.folder(id, "cpuacct"))/cpuacct.stat") else { return nil }
        var processor = MachineUsage.Processor()
        numbers.eachPair { name, value in
            if numbers.matches(name, "user") { processor.user = value }
            if numbers.matches(name, "system") { processor.system = value }
        }
        guard numbers.load("\(cgroups.folder(id, "cpu"))/cpu.stat") else { return processor }
        numbers.eachPair { name, value in
            if numbers.matches(name, "throttled_time") { processor.throttled = value / 10_000_000 }
        }
        return processor
    }

    private mutating func newProcessor(_ id: Machine.ID) -> MachineUsage.Processor? {
        guard numbers.load("\(cgroups.folder(id, "cpu"))/cpu.stat") else { return nil }
        var processor = MachineUsage.Processor()
        numbers.eachPair { name, value in
            if numbers.matches(name, "user_usec") { processor.user = value / 10_000 }
            if numbers.matches(name, "system_usec") { processor.system = value / 10_000 }
            if numbers.matches(name, "throttled_usec") { processor.throttled = value / 10_000 }
        }
        return processor
    }

    private mutating func disks(_ machine: Machine) -> [MachineUsage.Disk] {
        var disks: [MachineUsage.Disk] = []
        let root = MachineUsage.Disk(device: "vdb", mount: "/")
        if let disk = disk(root, at: MachineFolders(paths, machine.id).disk) { disks.append(disk) }
        for (place, mount) in machine.spec.config.mounts.enumerated() {
            guard let volume = mount.volume else { continue }
            let letter = Character(UnicodeScalar(UInt8(ascii: "c") + UInt8(place % 24)))
            let wanted = MachineUsage.Disk(device: "vd\(letter)", mount: mount.path, volume: volume)
            if let disk = disk(wanted, at: "\(paths.volumes)/\(volume)/data") { disks.append(disk) }
        }
        return disks
    }

    /// Nil where there is no file system of its own: the host's numbers are not the Machine's.
    private mutating func disk(_ wanted: MachineUsage.Disk, at folder: String) -> MachineUsage.Disk? {
        var (own, above, size) = (stat(), stat(), statvfs())
        guard stat(folder, &own) == 0, stat("\(folder)/..", &above) == 0, own.st_dev != above.st_dev,
            statvfs(folder, &size) == 0
        else { return nil }
        var disk = wanted
        disk.blocks = Int64(size.f_blocks)
        disk.blockSize = Int64(size.f_frsize)
        disk.free = Int64(size.f_bfree)
        disk.available = Int64(size.f_bavail)
        let (major, minor) = Self.numbers(of: own.st_dev)
        if numbers.load("/sys/dev/block/\(major):\(minor)/stat") {
            // Later kernels add numbers behind these.
            disk.transfers = Array(numbers.row(after: 0).prefix(Metric.disk.count))
        }
        return disk
    }

    /// > Source: makedev(3), as glibc packs them.
    private static func numbers(of device: dev_t) -> (major: UInt64, minor: UInt64) {
        let device = UInt64(device)
        return ((device >> 8) & 0xFFF | (device >> 32) & ~0xFFF, device & 0xFF | (device >> 12) & 0xFFFF_FF00)
    }

    private func openFiles(_ id: Machine.ID) -> Int {
        cgroups.processes(id).prefix(Self.maximumProcesses).reduce(0) { sum, pid in
            var status = stat()
            // Linux 6.2 and later tell how many there are without a list of them.
            if stat("/proc/\(pid)/fd", &status) == 0, status.st_size > 0 { return sum + Int(status.st_size) }
            return sum + KernelFile.names(in: "/proc/\(pid)/fd").count
        }
    }
}

extension OCIRuntime {
    package func usage(of machines: [Machine]) async -> [Machine.ID: MachineUsage] {
        var reader = UsageReader(cgroups: cgroups, paths: paths)
        var all: [Machine.ID: MachineUsage] = [:]
        for machine in machines { all[machine.id] = reader.read(machine) }
        return all
    }

    package func activeThreads(of machines: [Machine]) async -> [Machine.ID: Int] {
        var reader = UsageReader(cgroups: cgroups, paths: paths)
        var all: [Machine.ID: Int] = [:]
        for machine in machines where machine.status.state.process != nil {
            all[machine.id] = reader.activeThreads(machine.id)
        }
        return all
    }
}
