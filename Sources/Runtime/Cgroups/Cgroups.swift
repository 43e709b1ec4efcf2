import Glibc
import Model
import Toolkit

/// The control groups of one instance's Machines: `/<slice>/<id>` in each hierarchy.
///
/// The OCI runtime makes them; we freeze, read and remove them with plain file calls, which takes 0.1 ms where a
/// start of `runc` takes 6.
struct Cgroups: Sendable {
    let mode: CgroupMode
    /// `roost`, or `roost-<instance>`, so that an administrator knows whose they are.
    let slice: String
    let root: String

    init(root: String, instance: String) {
        self.root = root
        mode = CgroupMode.detect(root: root)
        slice = instance == "roost" ? "roost" : "roost-\(instance)"
    }

    /// What goes into `linux.cgroupsPath`; absolute, so that it does not depend on the daemon's own group.
    func path(_ id: Machine.ID) -> String { "/\(slice)/\(id)" }

    /// Whether the kernel counts swap, without which runc refuses a swap limit on version 1.
    var limitsSwap: Bool {
        mode == .unified || KernelFile.exists("\(root)/memory/memory.memsw.limit_in_bytes")
    }

    // MARK: - Freezing

    /// Freezes all processes of the group; returns when they stand still.
    ///
    /// - Throws: ``Fault`` `timedOut` when one of them can't be frozen within a second; all run on then.
    func freeze(_ id: Machine.ID) throws(Fault) {
        do {
            try setFrozen(id, true)
        } catch {
            try? setFrozen(id, false)
            throw error
        }
    }

    func thaw(_ id: Machine.ID) throws(Fault) {
        try setFrozen(id, false)
    }

    func isFrozen(_ id: Machine.ID) -> Bool {
        guard mode != .unified else {
            return KernelFile.read("\(folder(id, "freezer"))/cgroup.events")?.contains("frozen 1") == true
        }
        return KernelFile.read("\(folder(id, "freezer"))/freezer.state")?.hasPrefix("FROZEN") == true
    }

    // MARK: - Reading

    /// How many processes of the group the kernel has killed for want of memory.
    ///
    /// > Source: Linux, Documentation/admin-guide/cgroup-v1/memory.rst section 10, cgroup-v2.rst `memory.events`.
    func memoryKills(_ id: Machine.ID) -> Int {
        let file = mode == .unified ? "memory.events" : "memory.oom_control"
        guard let text = KernelFile.read("\(folder(id, "memory"))/\(file)") else { return 0 }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) ?? 0 }
        }
        return 0
    }

    /// The most bytes that the group held at once; nil on kernels before 5.19 with version 2.
    ///
    /// > Source: Linux, Documentation/admin-guide/cgroup-v1/memory.rst section 5.2, cgroup-v2.rst `memory.peak`.
    func peakMemory(_ id: Machine.ID) -> Int64? {
        let file = mode == .unified ? "memory.peak" : "memory.max_usage_in_bytes"
        return KernelFile.read("\(folder(id, "memory"))/\(file)").flatMap {
            $0.split(separator: "\n").first.flatMap { Int64($0) }
        }
    }

    func processes(_ id: Machine.ID) -> [Int32] {
        let text = KernelFile.read("\(folder(id, "freezer"))/cgroup.procs") ?? ""
        // The kernel writes 0 for a process outside our own pid namespace; to `kill` that would mean ourselves.
        return text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
    }

    // MARK: - Ending

    /// Kills what is in the group and waits until it is empty, at most two seconds.
    ///
    /// - Throws: ``Fault`` `timedOut` naming a process that does not end.
    func killAll(_ id: Machine.ID) throws(Fault) {
        for attempt in 0..<400 {
            let pids = processes(id)
            guard !pids.isEmpty else { return }
            if attempt % 20 == 0 {
                if mode == .unified { try? KernelFile.write("1", to: "\(folder(id, "freezer"))/cgroup.kill") }
                for pid in pids { kill(pid, SIGKILL) }
                // On version 1 a frozen process takes the signal only when it is thawed.
                try? setFrozen(id, false)
            }
            usleep(attempt < 20 ? 500 : 5000)
        }
        throw Fault(.timedOut, "processes \(processes(id)) of Machine \(id) do not end, though killed")
    }

    /// Removes the group from each hierarchy; the kernel allows that a moment after its last process has ended.
    func remove(_ id: Machine.ID) throws(Fault) {
        let groups = hierarchies.map { "\($0)/\(slice)/\(id)" } + ["\(root)/\(slice)/\(Self.monitors)/\(id)"]
        for folder in groups where KernelFile.exists(folder) {
            var result: Int32 = -1
            for attempt in 0..<200 {
                result = Self.removeTree(folder)
                if result == 0 { break }
                usleep(attempt < 20 ? 500 : 5000)
            }
            guard result == 0 else { throw Durable.fault(result, "remove", folder) }
        }
    }

    /// Removes the instance's own group where it is empty.
    func removeSlice() {
        for folder in hierarchies.map({ "\($0)/\(slice)" }) {
            rmdir("\(folder)/\(Self.monitors)")
            _ = Self.removeTree("\(folder)/\(Self.builds)")
            rmdir(folder)
        }
    }

    // MARK: - Monitors

    /// Moves a Machine's monitor out of the daemon's group: systemd kills what it finds there when it stops the daemon.
    ///
    /// What it takes to copy a Machine's output counts to the Machine's own CPU. With version 2, where that would freeze it
    /// with the Machine, the monitor has a tenth of a core.
    func adoptMonitor(_ pid: Int32, of id: Machine.ID) throws(Fault) {
        if mode == .unified {
            let group = "\(root)/\(slice)/\(Self.monitors)"
            try KernelFile.makeFolder("\(root)/\(slice)", mode: 0o755)
            try KernelFile.makeFolder(group, mode: 0o755)
            try? KernelFile.write("+cpu", to: "\(group)/cgroup.subtree_control")
            try KernelFile.makeFolder("\(group)/\(id)", mode: 0o755)
            try? KernelFile.write("10000 100000", to: "\(group)/\(id)/cpu.max")
            return try KernelFile.write("\(pid)", to: "\(group)/\(id)/cgroup.procs")
        }
        for controller in ["cpu", "cpuacct"] {
            let procs = "\(folder(id, controller))/cgroup.procs"
            if KernelFile.exists(procs) { try KernelFile.write("\(pid)", to: procs) }
        }
        for home in ["\(root)/systemd", "\(root)/unified"] where KernelFile.exists("\(home)/cgroup.procs") {
            try KernelFile.makeFolder("\(home)/\(slice)", mode: 0o755)
            try KernelFile.makeFolder("\(home)/\(slice)/\(Self.monitors)", mode: 0o755)
            try KernelFile.write("\(pid)", to: "\(home)/\(slice)/\(Self.monitors)/cgroup.procs")
        }
    }

    // MARK: - Private

    private static let monitors = "monitors"

    func folder(_ id: Machine.ID, _ controller: String) -> String {
        mode == .unified ? "\(root)/\(slice)/\(id)" : "\(root)/\(controller)/\(slice)/\(id)"
    }

    /// Where hierarchies are mounted.
    ///
    /// systemd adds links such as `cpu` to `cpu,cpuacct`, which count only once.
    var hierarchies: [String] {
        guard mode != .unified else { return [root] }
        return KernelFile.names(in: root).map { "\(root)/\($0)" }.filter { folder in
            var status = stat()
            return lstat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }

    private func setFrozen(_ id: Machine.ID, _ frozen: Bool) throws(Fault) {
        let folder = folder(id, "freezer")
        let file = mode == .unified ? "cgroup.freeze" : "freezer.state"
        let words = mode == .unified ? ["0", "1"] : ["THAWED", "FROZEN"]
        for attempt in 0..<400 {
            if attempt % 40 == 0 {
                // On version 1 a fork at the wrong moment leaves the group at FREEZING for good; a thaw between two
                // tries gets over it, as in runc's `libcontainer/cgroups/fs/freezer.go`.
                if attempt > 0, frozen {
                    try KernelFile.write(words[0], to: "\(folder)/\(file)")
                    usleep(5000)
                }
                try KernelFile.write(words[frozen ? 1 : 0], to: "\(folder)/\(file)")
            }
            if isFrozen(id) == frozen { return }
            usleep(attempt < 40 ? 100 : 1000)
        }
        throw Fault(.timedOut, "Machine \(id) does not become \(frozen ? "frozen" : "thawed") within a second")
    }

    /// Zero, or the number of the error.
    static func removeTree(_ folder: String) -> Int32 {
        if rmdir(folder) == 0 || errno == ENOENT { return 0 }
        let first = errno
        for name in KernelFile.names(in: folder) {
            var status = stat()
            let child = "\(folder)/\(name)"
            if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { _ = removeTree(child) }
        }
        return rmdir(folder) == 0 || errno == ENOENT ? 0 : first
    }
}
