import Glibc
package import Model

extension DiskRoom {
    /// Of the file system that holds a folder; nil when there is none.
    package static func at(_ folder: String) -> DiskRoom? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        let size = Int64(status.f_frsize)
        return DiskRoom(
            bytes: Int64(status.f_blocks) * size,
            free: Int64(status.f_bavail) * size,
            files: Int64(status.f_files),
            freeFiles: Int64(status.f_favail)
        )
    }
}
