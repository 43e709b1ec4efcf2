import Foundation
package import Model
import Toolkit

extension OCIRuntime {
    package func list() async throws -> [Machine.ID: SandboxStatus] {
        var all: [Machine.ID: SandboxStatus] = [:]
        for id in network.provisioned() { all[id] = .provisioned }
        for name in KernelFile.names(in: "\(paths.run)/machines") {
            guard let id = Machine.ID(name), let status = status(of: id) else { continue }
            all[id] = status
        }
        return all
    }

    package func signal(_ id: Machine.ID, _ signal: MachineConfig.Signal) async throws {
        try await lanes.run(id) { () throws(Fault) in
            guard let record = RunRecord.read(MachineFolders(paths, id).record),
                let handle = ProcessHandle(record.process.pid, startTicks: record.process.startTicks)
            else { return }
            try handle.signal(signal.number)
            // On cgroup version 1 even SIGKILL waits for the thaw.
            if signal == .kill, cgroups.isFrozen(id) { try cgroups.thaw(id) }
        }
    }

    package func askToEnd(
        _ id: Machine.ID,
        _ signal: MachineConfig.Signal,
        told: Set<SandboxProcess>
    ) async throws -> Set<SandboxProcess> {
        try await lanes.run(id) { () throws(Fault) in
            guard let record = RunRecord.read(MachineFolders(paths, id).record) else { return told }
            let tree = cgroups.processes(id).compactMap { ProcessTree.Entry.read($0) }
            var targets = ProcessTree(tree, root: record.process.pid).targets(of: signal.number, told: told)
            if targets.isEmpty, told.isEmpty {
                targets = [SandboxProcess(pid: record.process.pid, startTicks: record.process.startTicks)]
            }
            for target in targets {
                guard let handle = ProcessHandle(target.pid, startTicks: target.startTicks) else { continue }
                try handle.signal(signal.number)
            }
            return told.union(targets)
        }
    }

    package func suspend(_ id: Machine.ID) async throws {
        try await lanes.run(id) { () throws(Fault) in
            try requireLive(id)
            try cgroups.freeze(id)
        }
    }

    package func resume(_ id: Machine.ID) async throws {
        try await lanes.run(id) { () throws(Fault) in
            try requireLive(id)
            try cgroups.thaw(id)
        }
    }

    package func watch(_ id: Machine.ID, _ process: Machine.Process) async throws {
        try await lanes.run(id) { () throws(Fault) in
            let record = RunRecord.read(MachineFolders(paths, id).record)
            let known = record?.process.pid == process.pid ? record?.monitorTicks : nil
            let ticks = known ?? ProcessStat.live(process.monitorPID)?.startTicks
            watcher.watch(id, process, monitorTicks: ticks ?? 0)
        }
    }

    package func listeners(_ id: Machine.ID) async throws -> [ListenAddress] {
        guard let record = RunRecord.read(MachineFolders(paths, id).record), record.processLives else { return [] }
        let tables = ["tcp", "tcp6"].compactMap {
            KernelFile.read("/proc/\(record.process.pid)/net/\($0)", limit: 8 << 20)
        }
        return tables.flatMap { ListenTable.parse($0) }
    }

    package func peakMemory(_ id: Machine.ID) async throws -> Int64? {
        cgroups.peakMemory(id)
    }

    package func trace(of id: Machine.ID) async -> SandboxTrace {
        let folders = MachineFolders(paths, id)
        var trace = SandboxTrace(address: RunRecord.read(folders.record)?.address)
        if let text = KernelFile.read(folders.owner, limit: 8 << 20) {
            trace.owner = try? JSON.decode(Machine.self, from: Data(text.utf8), what: folders.owner)
        }
        if trace.address?.ipv4.isEmpty ?? true { trace.address = trace.owner?.status.address }
        return trace
    }

    // MARK: - Private

    /// Nil when nothing was started.
    private func status(of id: Machine.ID) -> SandboxStatus? {
        let folders = MachineFolders(paths, id)
        guard let record = RunRecord.read(folders.record) else {
            // A start that a crash cut off: nothing of it is of use.
            return KernelFile.exists(folders.config) ? .ended(code: nil, outOfMemory: false) : nil
        }
        guard record.processLives else {
            let end = ExitReader.read(folders, id, cgroups)
            return .ended(code: end.code, outOfMemory: end.outOfMemory)
        }
        guard record.monitorLives else { return .unmonitored(record.process) }
        return cgroups.isFrozen(id) ? .suspended(record.process) : .running(record.process)
    }

    private func requireLive(_ id: Machine.ID) throws(Fault) {
        guard let record = RunRecord.read(MachineFolders(paths, id).record), record.processLives else {
            throw Fault(.invalidState, "Machine \(id) has no running process")
        }
    }
}
