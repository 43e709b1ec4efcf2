import CLinux
import Foundation
import Glibc
package import Model
import Toolkit

extension OCIRuntime {
    /// It has the environment that the Machine was started with, secrets too.
    package func exec(_ id: Machine.ID, _ command: MachineCommand) async throws -> MachineCommand.Outcome {
        guard case .running(let process) = try await list()[id] else {
            throw Fault(.invalidState, "Machine \(id) does not run", hint: "start it first: roost machine start \(id)")
        }
        let runtime = try tools().runtime
        let folders = MachineFolders(paths, id)
        guard let config = KernelFile.read(folders.config, limit: 4 << 20) else {
            throw Fault(.invalidState, "Machine \(id) has just ended")
        }
        let told = try ConsoleProcess.make(
            config: config,
            environment: try await Self.ownEnvironment(of: process.pid),
            order: SessionOrder(command: command.words),
            session: nil,
            user: nil
        )
        let file = told.withUnsafeBytes { roost_memory_file($0.baseAddress, $0.count) }
        guard file >= 0 else { throw Durable.fault(errno, "make", "a file in memory") }
        defer { close(file) }
        let pidFile = "\(folders.run)/exec-\(ULID.make())"
        defer { unlink(pidFile) }
        // The runtime reads it where we have it: it stands in no file of a disk.
        let order = "/proc/\(getpid())/fd/\(file)"
        let arguments = ["--root", runtimeRoot, "exec", "--process", order, "--pid-file", pidFile, id.text]
        let program = Command(
            runtime,
            arguments,
            input: command.input,
            outputLimit: MachineCommand.outputLimit
        )
        do {
            let outcome = try await withTimeout(command.timeout, "the command in Machine \(id)") {
                try await program.run()
            }
            return MachineCommand.Outcome(code: outcome.code, output: outcome.output, error: outcome.error)
        } catch {
            Self.killCommand(pidFile)
            throw error
        }
    }

    package func send(_ id: Machine.ID, signal number: Int32) async throws {
        try await lanes.run(id) { () throws(Fault) in
            guard let record = RunRecord.read(MachineFolders(paths, id).record),
                let handle = ProcessHandle(record.process.pid, startTicks: record.process.startTicks)
            else { return }
            try handle.signal(number)
        }
    }

    package func processes(_ id: Machine.ID) async throws -> [MachineProcess] {
        let pids = cgroups.processes(id)
        guard let first = pids.first else { return [] }
        let listeners = ["tcp", "tcp6"].flatMap { name in
            ListenTable.sockets(KernelFile.read("/proc/\(first)/net/\(name)", limit: 8 << 20) ?? "", transport: name)
        }
        return pids.compactMap { ProcessDetails.read($0, listeners) }.sorted { $0.pid < $1.pid }
    }

    // MARK: - Private

    /// The runtime's own process is gone by now; the command inside may have taken no notice of it.
    private static func killCommand(_ pidFile: String) {
        guard let pid = Int32((KernelFile.read(pidFile) ?? "").filter(\.isNumber)), let stat = ProcessStat.live(pid),
            let handle = ProcessHandle(pid, startTicks: stat.startTicks)
        else { return }
        try? handle.signal(SIGKILL)
    }
}
