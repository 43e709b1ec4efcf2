import CLinux
import Glibc

/// Files of a root file system that somebody else has filled: no link leads out of it.
enum RootedFile {
    /// The text of an ordinary file, or nil when there is none; absolute or not, the path is taken from `root`.
    static func read(root: String, _ path: String, limit: Int = 1 << 20) -> String? {
        open(root: root, path) { descriptor, _ in KernelFile.read(descriptor: descriptor, limit: limit) }
    }

    /// Whether an ordinary file is there that somebody may execute.
    static func isExecutable(root: String, _ path: String) -> Bool {
        open(root: root, path) { _, mode in mode & 0o111 != 0 } ?? false
    }

    /// The same of a stack of layers that is not mounted, bottom first: the topmost layer that has the file decides.
    static func read(layers: [String], _ path: String) -> String? {
        for layer in layers.reversed() {
            if let text = read(root: layer, path) { return text }
            var status = stat()
            // A character device 0:0 is an overlay's sign for "removed here".
            if lstat("\(layer)/\(path)", &status) == 0, status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == 0 {
                return nil
            }
        }
        return nil
    }

    // MARK: - Private

    private static func open<Result>(root: String, _ path: String, _ body: (Int32, mode_t) -> Result?) -> Result? {
        let folder = roost_open_folder(root)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        let descriptor = roost_open_in_root(folder, path)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return body(descriptor, status.st_mode)
    }
}
