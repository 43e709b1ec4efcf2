import Glibc

/// What this daemon may hand on to its children, where it lacks CAP_SYS_RESOURCE: some hosts withhold it from root.
struct OwnLimits {
    /// The most open files of one process.
    var openFiles: UInt64
    /// The least that the OOM killer's preference may be set to.
    var oomScore: Int
    /// Whether limits may be raised at all.
    var raises: Bool

    static func current() -> OwnLimits {
        var limit = rlimit()
        let known = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        let status = KernelFile.read("/proc/self/status") ?? ""
        return OwnLimits(
            openFiles: known ? UInt64(limit.rlim_max) : 1024,
            oomScore: KernelFile.read("/proc/self/oom_score_adj").flatMap {
                Int($0.filter { $0.isNumber || $0 == "-" })
            } ?? 0,
            raises: Self.effective(status) & (1 << 24) != 0
        )
    }

    func openFiles(wanted: UInt64) -> UInt64 { raises ? wanted : min(wanted, openFiles) }

    func oomScore(wanted: Int) -> Int { raises ? wanted : max(wanted, oomScore) }

    /// The effective capabilities in the text of `/proc/<pid>/status`.
    private static func effective(_ status: String) -> UInt64 {
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return line.flatMap { UInt64($0.dropFirst(7).filter { !$0.isWhitespace }, radix: 16) } ?? 0
    }
}
