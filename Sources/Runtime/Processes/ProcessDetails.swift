import Glibc
import Model
import Toolkit

/// What `/proc` says of one process of a Machine.
enum ProcessDetails {
    /// One process as it is now.
    ///
    /// - Parameters:
    ///   - pid: as the host counts.
    ///   - listeners: the listening sockets of the Machine's network namespace by inode.
    /// - Returns: nil when it has ended.
    ///
    /// > Source: proc(5), `/proc/[pid]/stat`, `statm` and `status`.
    static func read(_ pid: Int32, _ listeners: [(inode: UInt64, socket: MachineProcess.Socket)]) -> MachineProcess? {
        guard let stat = KernelFile.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21, fields[0] != "Z", let user = Int64(fields[11]), let system = Int64(fields[12]),
            let started = Int64(fields[19]), let pages = Int64(fields[21])
        else { return nil }
        let ticks = Int64(sysconf(Int32(_SC_CLK_TCK)))
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        var process = MachineProcess(pid: innerPID(pid))
        process.seconds = max(0, Int64(now.tv_sec) - started / ticks)
        process.startedAt = Timestamp.now().milliseconds / 1000 - process.seconds
        process.cpuMilliseconds = (user + system) * 1000 / ticks
        process.memoryBytes = pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
        process.command = command(pid, stat)
        process.directory = link("/proc/\(pid)/cwd") ?? ""
        let own = socketInodes(pid)
        process.sockets = listeners.filter { own.contains($0.inode) }.map(\.socket)
        return process
    }

    // MARK: - Private

    private static func innerPID(_ pid: Int32) -> Int {
        let status = KernelFile.read("/proc/\(pid)/status") ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
        return line?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? Int(pid)
    }

    /// Its arguments, or its name in brackets where it has none.
    private static func command(_ pid: Int32, _ stat: String) -> String {
        let words = (KernelFile.read("/proc/\(pid)/cmdline", limit: 4096) ?? "").split(separator: "\0")
        guard words.isEmpty else { return words.joined(separator: " ") }
        let name = stat.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
        return "[\(name)]"
    }

    private static func socketInodes(_ pid: Int32) -> Set<UInt64> {
        let folder = "/proc/\(pid)/fd"
        return Set(
            KernelFile.names(in: folder).compactMap { name in
                guard let target = link("\(folder)/\(name)"), target.hasPrefix("socket:[") else { return nil }
                return UInt64(target.dropFirst(8).dropLast())
            }
        )
    }

    private static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
            }
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
