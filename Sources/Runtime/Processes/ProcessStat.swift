import Model

/// What `/proc/<pid>/stat` says of a process.
struct ProcessStat: Equatable {
    /// One letter; `Z` has ended and waits for its parent.
    var state: Character
    /// Field 22, clock ticks since boot: with the pid it names a process for good.
    var startTicks: UInt64

    /// The process of that number, or nil when there is none that still runs.
    static func live(_ pid: Int32) -> ProcessStat? {
        guard pid > 0, let text = KernelFile.read("/proc/\(pid)/stat"), let stat = ProcessStat(text) else { return nil }
        return stat.state == "Z" || stat.state == "X" ? nil : stat
    }

    /// Whether this very process still runs.
    static func isLive(_ pid: Int32, startTicks: UInt64) -> Bool {
        live(pid)?.startTicks == startTicks
    }

    /// The name between the parentheses may hold spaces and parentheses: what counts is the last one.
    init?(_ text: String) {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let ticks = UInt64(fields[19]) else { return nil }
        self.state = state
        startTicks = ticks
    }
}
