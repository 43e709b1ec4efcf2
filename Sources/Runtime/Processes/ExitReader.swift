import Foundation
import Model

/// Reads how a sandbox ended, from what its monitor and the kernel have left.
enum ExitReader {
    static func read(_ folders: MachineFolders, _ id: Machine.ID, _ cgroups: Cgroups) -> SandboxEnd {
        let code = KernelFile.read(folders.exitFile).flatMap {
            Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        let killed = KernelFile.exists(folders.outOfMemoryFile) || cgroups.memoryKills(id) > 0
        // A worker that was killed and replaced hours ago does not make a clean end an end by want of memory.
        return SandboxEnd(code: code, outOfMemory: killed && code != 0)
    }
}

/// How a sandbox ended.
struct SandboxEnd: Equatable, Sendable {
    /// Nil when the monitor took it along.
    var code: Int32?
    var outOfMemory: Bool
}
