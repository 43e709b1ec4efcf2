import Foundation
import Model
import Toolkit

/// What a start notes down for a daemon that comes after: lost at reboot, like the process itself.
struct RunRecord: Codable, Equatable {
    var process: Machine.Process
    /// Tells the monitor from another process that got its number.
    var monitorTicks: UInt64
    var address: Machine.Address

    /// The one in that file, or nil: a start that did not come to its end has none.
    static func read(_ path: String) -> RunRecord? {
        guard let text = KernelFile.read(path) else { return nil }
        return try? JSONDecoder().decode(RunRecord.self, from: Data(text.utf8))
    }

    func write(_ path: String) throws(Fault) {
        try KernelFile.create("\(path).new", Array(try JSON.encode(self)), mode: 0o600)
        guard rename("\(path).new", path) == 0 else { throw Durable.fault(errno, "rename", path) }
    }

    var processLives: Bool { ProcessStat.isLive(process.pid, startTicks: process.startTicks) }

    var monitorLives: Bool { ProcessStat.isLive(process.monitorPID, startTicks: monitorTicks) }
}
