import Glibc

/// How this host's kernel groups processes to count and limit what they use.
package enum CgroupMode: String, Codable, Sendable {
    /// Version 2 alone.
    case unified
    /// Version 1, with an empty version 2 tree beside it. crun 1.8 refuses this.
    case hybrid
    /// Version 1 alone.
    case legacy
    /// Nothing is mounted.
    case missing

    /// Looks at the folder where the host mounts them.
    package static func detect(root: String = "/sys/fs/cgroup") -> CgroupMode {
        if KernelFile.exists("\(root)/cgroup.controllers") { return .unified }
        let hasOldControllers = ["memory", "pids", "freezer"].contains { KernelFile.exists("\(root)/\($0)") }
        if KernelFile.exists("\(root)/unified/cgroup.controllers") { return hasOldControllers ? .hybrid : .missing }
        return hasOldControllers ? .legacy : .missing
    }
}
