/// Numbers of the kernel that all Machines of a host share; nil where the kernel tells none.
package struct KernelLimits: Codable, Equatable, Sendable {
    /// Processes and threads, `kernel.pid_max`.
    package var processes: Int?
    /// Files that one process may have open at most, `fs.nr_open`.
    package var filesOfAProcess: Int?
    /// Files that all processes may have open, and have: `fs.file-max`, `fs.file-nr`.
    package var files: Share?
    /// Queues of file watchers for each user, `fs.inotify.max_user_instances`.
    package var watchers: Int?
    /// Watched files for each user, `fs.inotify.max_user_watches`.
    package var watches: Int?
    /// Connections that the firewall follows, `nf_conntrack`.
    package var connections: Share?

    package init() {}

    /// How much of something is used.
    package struct Share: Codable, Equatable, Sendable {
        package var used: Int
        package var most: Int

        package init(used: Int, most: Int) {
            self.used = used
            self.most = most
        }

        /// More than four fifths.
        var isShort: Bool { most > 0 && used > most / 5 * 4 }
    }

    /// Those of this host.
    static func read() -> KernelLimits {
        var limits = KernelLimits()
        limits.processes = number("/proc/sys/kernel/pid_max")
        limits.filesOfAProcess = number("/proc/sys/fs/nr_open")
        limits.watchers = number("/proc/sys/fs/inotify/max_user_instances")
        limits.watches = number("/proc/sys/fs/inotify/max_user_watches")
        let files = (KernelFile.read("/proc/sys/fs/file-nr") ?? "").split(whereSeparator: \.isWhitespace)
        if files.count == 3, let used = Int(files[0]) {
            // The kernel's "as many as you like" is the largest number that it has.
            limits.files = Share(used: used, most: Int(files[2]) ?? Int.max)
        }
        if let most = number("/proc/sys/net/netfilter/nf_conntrack_max") {
            limits.connections = Share(used: number("/proc/sys/net/netfilter/nf_conntrack_count") ?? 0, most: most)
        }
        return limits
    }

    private static func number(_ path: String) -> Int? {
        KernelFile.read(path).flatMap { Int($0.filter(\.isNumber)) }
    }
}
