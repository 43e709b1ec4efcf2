import Glibc
import Model
import Toolkit

/// Small files of `/proc`, `/sys` and `/run`, without Foundation's detours.
enum KernelFile {
    /// The whole text, or nil when it can't be read.
    static func read(_ path: String, limit: Int = 1 << 20) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor: descriptor, limit: limit)
    }

    /// What is left to read from a descriptor, at most `limit` bytes.
    static func read(descriptor: Int32, limit: Int) -> String? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            bytes.append(contentsOf: piece[..<count])
        }
        return String(decoding: bytes.prefix(limit), as: UTF8.self)
    }

    /// Writes in one call, as kernel files want it.
    static func write(_ text: String, to path: String) throws(Fault) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
        defer { close(descriptor) }
        var text = text
        let count = text.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw Durable.fault(errno, "write '\(text)' to", path) }
    }

    /// Makes or replaces an ordinary file that need not outlive a crash of the host.
    static func create(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws(Fault) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw Durable.fault(errno, "create", path) }
        defer { close(descriptor) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Durable.fault(errno, "write", path) }
            offset += count
        }
    }

    /// Makes one folder; one that is there already is left as it is.
    static func makeFolder(_ path: String, mode: mode_t) throws(Fault) {
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw Durable.fault(errno, "make folder", path) }
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Names in a folder, sorted; empty when there is no such folder.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = Glibc.readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
