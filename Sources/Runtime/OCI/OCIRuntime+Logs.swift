import Glibc
package import Model
import Toolkit

extension OCIRuntime {
    /// Lines that a Machine has written, oldest first: the last `tail` ones, then what comes while `follow`.
    ///
    /// Ends by itself only without `follow`, or when the Machine is destroyed. Lines are cut after 64 KiB.
    package func logs(_ id: Machine.ID, tail: Int, follow: Bool) -> AsyncStream<LogLine> {
        let folders = MachineFolders(paths, id)
        let reader = LogReader(
            path: folders.log,
            oldPath: folders.oldLog,
            machine: id,
            tail: tail,
            follow: follow
        )
        return AsyncStream { await reader.next() }
    }

    /// The same as past and rest, without a gap between the two.
    package func openLog(_ id: Machine.ID, tail: Int, follow: Bool) async -> LogFeed {
        let folders = MachineFolders(paths, id)
        let reader = LogReader(
            path: folders.log,
            oldPath: folders.oldLog,
            machine: id,
            tail: tail,
            follow: follow
        )
        return LogFeed(past: await reader.past(), rest: AsyncStream { await reader.next() })
    }

    /// The same for one who comes back for more, and knows where he was.
    package func tapLog(_ id: Machine.ID, from start: LogStart) -> LogTap {
        let folders = MachineFolders(paths, id)
        let reader = LogTapReader(path: folders.log, oldPath: folders.oldLog, machine: id, from: start)
        return LogTap { await reader.read() }
    }

    /// Adds a line of the platform's own; a Machine that never ran has no log to add to.
    package func note(_ id: Machine.ID, _ text: String) async throws {
        try await lanes.run(id) { () throws(Fault) in
            let path = MachineFolders(paths, id).log
            // The monitor appends too, whole records at a time, so the two don't mix.
            let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            let line = text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(2000)
            let record = "\(Timestamp.now().rfc3339) \(LogLine.Stream.platform.rawValue) F \(line)\n"
            guard write(descriptor, record, record.utf8.count) == record.utf8.count else {
                throw Durable.fault(errno, "write to", path)
            }
        }
    }

    /// Makes each log that is longer than the limit the old log, and begins a new one.
    ///
    /// To be called every few seconds. What was the old log before is gone: a Machine has at most two files.
    package func rotateLogs() async throws {
        for id in storedMachines() {
            try await lanes.run(id) { () throws(Fault) in
                let folders = MachineFolders(paths, id)
                var status = stat()
                guard stat(folders.log, &status) == 0, Int(status.st_size) > options.logLimit else { return }
                try Self.rotate(folders)
            }
        }
    }

    // MARK: - Private

    private static func enter(_ folders: MachineFolders) throws(Fault) {
        let descriptor = open(folders.log, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        var ledger = LogLedger(KernelFile.read(folders.logLedger) ?? "")
        ledger.add(UInt64(status.st_ino), records: LogLedger.records(descriptor))
        // Whole or not at all: a follower may read it now.
        try KernelFile.create("\(folders.logLedger).new", Array(ledger.text.utf8), mode: 0o600)
        guard rename("\(folders.logLedger).new", folders.logLedger) == 0 else {
            throw Durable.fault(errno, "rename", folders.logLedger)
        }
    }

    private static func rotate(_ folders: MachineFolders) throws(Fault) {
        // Before the log gets its new name: from then on followers ask where it stands.
        try enter(folders)
        guard rename(folders.log, folders.oldLog) == 0 else { throw Durable.fault(errno, "rename", folders.log) }
        // Without a reader there is no monitor, and the next one opens the new file anyway.
        let control = open(folders.control, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard control >= 0 else { return }
        defer { close(control) }
        // conmon 2.1, `ctrl.c`: message type 2 has it open its log again; the numbers are not looked at.
        let message = "2 0 0\n"
        guard write(control, message, message.utf8.count) == message.utf8.count else {
            throw Durable.fault(errno, "write to", folders.control)
        }
    }
}
