import Glibc
package import Model

extension Cgroups {
    static let builds = "builds"

    /// Makes the group in which Dockerfile builds run, all of them together.
    ///
    /// - Returns: the `cgroup.procs` files to which a build's first process writes itself.
    /// - Throws: ``Fault`` `io` when the kernel refuses a limit.
    func makeBuildGroup(_ guest: MachineConfig.Guest) throws(Fault) -> [String] {
        let bytes = "\(guest.memoryMiB << 20)"
        let quota = "\(guest.cpus * 100_000)"
        if mode == .unified {
            // Both levels above have to hand the controllers down; where systemd has done so, this changes nothing.
            for level in [root, "\(root)/\(slice)"] {
                try KernelFile.makeFolder(level, mode: 0o755)
                for controller in ["+memory", "+cpu", "+pids"] {
                    try? KernelFile.write(controller, to: "\(level)/cgroup.subtree_control")
                }
            }
            let limits = [("memory.max", bytes), ("cpu.max", "\(quota) 100000"), ("pids.max", "4096")]
            _ = try group(root, limits)
            // runc makes a container's group beside the caller's own: both lie inside the limits this way, and no group
            // that hands controllers down has processes itself.
            let own = "\(root)/\(slice)/\(Self.builds)/\(Self.builds)"
            try KernelFile.makeFolder(own, mode: 0o755)
            return ["\(own)/cgroup.procs"]
        }
        return [
            try group("\(root)/memory", [("memory.limit_in_bytes", bytes)]),
            try group("\(root)/cpu", [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", quota)]),
            try group("\(root)/pids", [("pids.max", "4096")]),
        ]
    }

    private func group(_ hierarchy: String, _ limits: [(file: String, value: String)]) throws(Fault) -> String {
        let folder = "\(hierarchy)/\(slice)/\(Self.builds)"
        try KernelFile.makeFolder("\(hierarchy)/\(slice)", mode: 0o755)
        try KernelFile.makeFolder(folder, mode: 0o755)
        for (file, value) in limits { try KernelFile.write(value, to: "\(folder)/\(file)") }
        return "\(folder)/cgroup.procs"
    }
}

extension OCIRuntime {
    /// Limits what all Dockerfile builds of this host use together.
    ///
    /// - Parameter guest: CPUs and memory.
    /// - Returns: the `cgroup.procs` files to which a build's first process writes itself.
    /// - Throws: ``Fault`` `io` when the kernel refuses a limit.
    package func makeBuildGroup(_ guest: MachineConfig.Guest) throws(Fault) -> [String] {
        try cgroups.makeBuildGroup(guest)
    }
}
