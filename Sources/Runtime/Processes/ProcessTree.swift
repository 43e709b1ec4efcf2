import Glibc

/// The processes of a sandbox, and which of them a stop has to ask.
///
/// A stop signal to the first process reaches the app only when nothing stands between the two. `sh -c "a && b"` and an
/// entry script without `exec` do: on SIGTERM the shell ends and takes the app along in the middle of its work, and
/// SIGINT it keeps until the app has ended. So those that only wait for what they have started are passed over.
struct ProcessTree {
    /// One process as `/proc` shows it.
    struct Entry: Equatable {
        var process: SandboxProcess
        var parent: Int32
        /// The last part of its program's path.
        var program: String
        /// Signals that it handles: bit `n - 1` is signal `n`.
        var caught: UInt64
    }

    private let entries: [Int32: Entry]
    private let children: [Int32: [Entry]]
    private let root: Int32

    init(_ entries: [Entry], root: Int32) {
        self.entries = Dictionary(entries.map { ($0.process.pid, $0) }, uniquingKeysWith: { first, _ in first })
        // The oldest first: of an init's children that is the one it was started for.
        children = Dictionary(grouping: entries, by: \.parent).mapValues {
            $0.sorted { ($0.process.startTicks, $0.process.pid) < ($1.process.startTicks, $1.process.pid) }
        }
        self.root = root
    }

    /// Whom to send the signal to now; `told` have had it, and are left to their work.
    func targets(of signal: Int32, told: Set<SandboxProcess>) -> Set<SandboxProcess> {
        guard let first = entries[root] else { return [] }
        var found: Set<SandboxProcess> = []
        var left = [first]
        var seen: Set<Int32> = []
        while let entry = left.popLast() {
            guard seen.insert(entry.process.pid).inserted else { continue }
            let below = children[entry.process.pid] ?? []
            if Self.inits.contains(entry.program) {
                left += below.prefix(1)
                if below.isEmpty, !told.contains(entry.process) { found.insert(entry.process) }
            } else if Self.shells.contains(entry.program), !below.isEmpty {
                // A shell with a trap of its own is asked itself; what it has not passed on a moment later is asked too.
                if Self.hasTrap(entry, signal), !told.contains(entry.process) {
                    found.insert(entry.process)
                } else {
                    left += below
                }
            } else if !told.contains(entry.process) {
                found.insert(entry.process)
            }
        }
        return found
    }

    // MARK: - Private

    private static let shells: Set<String> = ["sh", "dash", "bash", "ash", "busybox", "zsh", "ksh", "mksh"]
    private static let inits: Set<String> = ["init", "tini", "tini-static", "dumb-init", "catatonit", "docker-init"]

    /// Shells catch SIGINT by themselves while they wait, so a trap for it shows only in what else they catch.
    private static func hasTrap(_ entry: Entry, _ signal: Int32) -> Bool {
        let term = entry.caught & (1 << UInt64(SIGTERM - 1)) != 0
        return signal == SIGINT ? term : entry.caught & (1 << UInt64(max(signal, 1) - 1)) != 0
    }
}

extension ProcessTree.Entry {
    /// Nil for one that has ended.
    static func read(_ pid: Int32) -> Self? {
        guard let stat = ProcessStat.live(pid), let text = KernelFile.read("/proc/\(pid)/status") else { return nil }
        var path = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/\(pid)/exe", &path, path.count - 1)
        let program = length > 0 ? String(decoding: path[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
        let fields = Self.fields(text)
        return Self(
            process: SandboxProcess(pid: pid, startTicks: stat.startTicks),
            parent: fields.parent,
            program: program.split(separator: "/").last.map(String.init) ?? "",
            caught: fields.caught
        )
    }

    /// `PPid` and `SigCgt` of `/proc/<pid>/status`.
    static func fields(_ status: String) -> (parent: Int32, caught: UInt64) {
        var fields: (parent: Int32, caught: UInt64) = (0, 0)
        for line in status.split(separator: "\n") {
            let words = line.split { $0 == "\t" || $0 == " " }
            guard words.count == 2 else { continue }
            if words[0] == "PPid:" { fields.parent = Int32(words[1]) ?? 0 }
            if words[0] == "SigCgt:" { fields.caught = UInt64(words[1], radix: 16) ?? 0 }
        }
        return fields
    }
}
