/// How many worker processes a container of a size holds.
///
/// An event loop fills one core, so more processes than cores only cost memory; `2n + 1` is for blocking workers.
package enum WorkerCount {
    /// For the supervisor and the resource tracker, which were measured at 27 and 13 MiB, and some room.
    package static let overheadMiB = 96

    /// The most that are ever asked for.
    package static let maximum = 8

    /// Processes for a size.
    ///
    /// - Parameters:
    ///   - cpus: the container's limit, not the host's; a shared CPU of a Machine is one.
    ///   - memoryMiB: the container's limit.
    ///   - perWorkerMiB: what one process needs.
    /// - Returns: at least one, at most ``maximum``.
    package static func fitting(cpus: Double, memoryMiB: Int, perWorkerMiB: Int) -> Int {
        guard cpus.isFinite, cpus >= 1 else { return 1 }
        let byMemory = (memoryMiB - overheadMiB) / max(1, perWorkerMiB)
        return max(1, min(Int(min(cpus, Double(maximum))), byMemory, maximum))
    }

    /// Processes for a project; one when what a process keeps in memory would differ between two.
    package static func fitting(_ facts: Facts, cpus: Double, memoryMiB: Int) -> Int {
        guard facts.onlyOne.isEmpty else { return 1 }
        return fitting(cpus: cpus, memoryMiB: memoryMiB, perWorkerMiB: facts.traits.workerMiB)
    }

    /// What a container needs for a number of workers.
    package static func memoryMiB(workers: Int, perWorkerMiB: Int) -> Int { overheadMiB + workers * perWorkerMiB }
}

extension Facts {
    /// Why there may be only one web process: state in its memory, a scheduler within, a SQLite file.
    package var onlyOne: [String] {
        var reasons = traits.stateInProcess
        for process in processes where process.kind == .inProcess { reasons.append("\(process.name) runs inside it") }
        if database?.engine == .sqlite { reasons.append("its database is a SQLite file") }
        return reasons
    }
}
