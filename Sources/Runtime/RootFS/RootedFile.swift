import CLinux
import Glibc

/// Files of a root file system that somebody else has filled: no link leads out of it.
enum RootedFile {
    /// The text of an ordinary file, or nil when there is none.
    ///
    /// - Parameter path: relative to `root`.
    static func read(root: String, _ path: String, limit: Int = 1 << 20) -> String? {
        let folder = roost_open_folder(root)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        let descriptor = roost_open_in_root(folder, path)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return KernelFile.read(descriptor: descriptor, limit: limit)
    }
}
