import CLinux
import Glibc
import Model
import Toolkit

/// A folder whose files are in memory alone: what is secret passes through such a one.
enum MemoryFolder {
    /// A configuration and the few files beside it; the kernel takes only what is used.
    private static let bytes: UInt = 16 << 20

    /// Mounts memory at an empty folder, unless it lies in memory already.
    static func ensure(_ path: String) throws(Fault) {
        switch roost_is_memory(path) {
        case 1: return
        case 0:
            guard roost_mount_memory(path, bytes) == 0 else { throw Durable.fault(errno, "mount memory at", path) }
        default: throw Durable.fault(errno, "look at", path)
        }
    }

    /// Unmounts what `ensure` has mounted; a folder that lies in memory anyway stays as it is.
    static func remove(_ path: String) throws(Fault) {
        for _ in 0..<16 {
            if roost_unmount_lazily(path) == 0 { continue }
            // Not a mount point, or not there at all.
            guard errno == EINVAL || errno == ENOENT else { throw Durable.fault(errno, "unmount", path) }
            return
        }
    }
}
