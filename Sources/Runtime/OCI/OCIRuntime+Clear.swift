import Glibc
package import Model
import Toolkit

extension OCIRuntime {
    package func clear(_ id: Machine.ID) async throws {
        try await lanes.run(id) { () throws(Fault) in try clearBlocking(id) }
    }

    package func destroy(_ id: Machine.ID) async throws {
        try await lanes.run(id) { () throws(Fault) in
            try clearBlocking(id)
            try network.remove(id)
            let folders = MachineFolders(paths, id)
            try Self.removeTrees([folders.state, folders.run, "\(paths.run)/files/\(id)"])
        }
        lanes.forget(id)
    }

    /// Undoes a start, however far it came.
    ///
    /// The watch ends: what is killed here shows in no `exits`.
    func clearBlocking(_ id: Machine.ID) throws(Fault) {
        try clearBlocking(id, MachineFolders(paths, id), upper: nil)
    }

    /// The same of a Machine or a build step; `keptUpper` is a folder for writes that somebody else looks after.
    func clearBlocking(_ id: Machine.ID, _ folders: MachineFolders, upper keptUpper: String?) throws(Fault) {
        watcher.forget(id)
        let container = "\(runtimeRoot)/\(id)"
        if KernelFile.exists(container) || KernelFile.exists(folders.pidFile) {
            try cgroups.killAll(id)
            try endMonitor(folders)
        }
        if KernelFile.exists(container) {
            let runtime = try tools().runtime
            // A state file that a crash cut off makes it fail; the folder and the cgroups go all the same, below.
            _ = try Spawn.run([runtime, "--root", runtimeRoot, "delete", "--force", id.text])
            try Self.removeTrees([container])
        }
        try LogSeal.close(folders.log)
        try cgroups.remove(id)
        sizes.forget(id)
        try Overlay.unmount(folders.rootfs)
        for folder in [folders.mappedLayers, folders.mappedMounts] { try MappedMounts.removeAll(folder) }
        unlink("\(sockets)/\(id)")
        try folders.rootDisk(bytes: LoopDisk.minimumBytes).unmount()
        try Self.removeTrees([folders.disk, folders.diskImage] + folders.formerDisk)
        for name in KernelFile.names(in: folders.run) { unlink("\(folders.run)/\(name)") }
        try MemoryFolder.remove(folders.run)
    }

    // MARK: - Private

    /// conmon ends by itself once its sandbox has; one that does not is stuck.
    private func endMonitor(_ folders: MachineFolders) throws(Fault) {
        let text = KernelFile.read(folders.monitorPIDFile) ?? ""
        guard let pid = Int32(text.filter(\.isNumber)), let stat = ProcessStat.live(pid),
            // From a start that made no record there are no ticks to compare: the name has to do.
            KernelFile.read("/proc/\(pid)/comm") == "conmon\n",
            let handle = ProcessHandle(pid, startTicks: stat.startTicks)
        else { return }
        if handle.waitForEnd(milliseconds: 1000) { return }
        try handle.signal(SIGKILL)
        _ = handle.waitForEnd(milliseconds: 1000)
    }
}
