import Foundation
package import Model
import Toolkit

/// What a start notes down for a daemon that comes after: lost at reboot, like the process itself.
package struct RunRecord: Equatable {
    package var process: Machine.Process
    /// Tells the monitor from another process that got its number.
    package var monitorTicks: UInt64
    package var address: Machine.Address

    /// The one in that file, or nil: a start that did not come to its end has none.
    ///
    /// One that is damaged, or of a newer version, is no reason to take what runs for ended: what conmon noted down and
    /// the kernel knows is enough to go on.
    static func read(_ path: String) -> RunRecord? {
        guard let text = KernelFile.read(path) else { return nil }
        if let record = try? JSONDecoder().decode(RunRecord.self, from: Data(text.utf8)) { return record }
        return recover((path as NSString).deletingLastPathComponent)
    }

    /// Puts together what is left of a record; nil unless the process lives in that Machine's control group.
    private static func recover(_ folder: String) -> RunRecord? {
        func live(_ file: String) -> (pid: Int32, startTicks: UInt64)? {
            guard let pid = Int32((KernelFile.read("\(folder)/\(file)") ?? "").filter(\.isNumber)),
                let stat = ProcessStat.live(pid)
            else { return nil }
            return (pid, stat.startTicks)
        }
        let id = (folder as NSString).lastPathComponent
        guard let process = live("pid"), KernelFile.read("/proc/\(process.pid)/cgroup")?.contains(id) == true else {
            return nil
        }
        let monitor = live("monitor.pid")
        return RunRecord(
            process: Machine.Process(
                pid: process.pid,
                startTicks: process.startTicks,
                monitorPID: monitor?.pid ?? 0,
                startedAt: .now()
            ),
            monitorTicks: monitor?.startTicks ?? 0,
            address: .blank
        )
    }

    func write(_ path: String) throws(Fault) {
        try KernelFile.create("\(path).new", Array(try JSON.encode(self)), mode: 0o600)
        guard rename("\(path).new", path) == 0 else { throw Durable.fault(errno, "rename", path) }
    }

    var processLives: Bool { ProcessStat.isLive(process.pid, startTicks: process.startTicks) }

    var monitorLives: Bool { ProcessStat.isLive(process.monitorPID, startTicks: monitorTicks) }
}

extension RunRecord: KeyedForm {
    package static var schema: Int? { 2 }
    package static var blank: RunRecord { RunRecord(process: .blank, monitorTicks: 0, address: .blank) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("process", &process)
        try form.need("monitorTicks", &monitorTicks)
        try form.field("address", &address)
    }
}
