import CLinux
import Glibc
import Model
import Toolkit

/// Files and folders below a place of ours; no link in them is ever followed.
enum FileTree {
    /// The names in a folder, sorted by their bytes, without `.` and `..`.
    static func names(in folder: String) throws(Fault) -> [String] {
        guard let stream = opendir(folder) else { throw Durable.fault(errno, "read the folder", folder) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes != [0x2e], bytes != [0x2e, 0x2e] { names.append(bytes) }
        }
        var texts: [String] = []
        for bytes in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                let shown = ConfigNode.quoted(String(decoding: bytes, as: UTF8.self))
                throw Fault(.unsupported, "\(folder) holds a file whose name is not UTF-8: \(shown)")
            }
            texts.append(text)
        }
        return texts
    }

    /// What `lstat` says; nil when there is no such file.
    static func status(_ path: String) throws(Fault) -> stat? {
        var status = stat()
        if lstat(path, &status) == 0 { return status }
        guard errno == ENOENT || errno == ENOTDIR else { throw Durable.fault(errno, "read", path) }
        return nil
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Makes one folder; its parent is there.
    static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(Fault) {
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw Durable.fault(errno, "make folder", path) }
    }

    static func rename(_ from: String, to: String) throws(Fault) {
        guard Glibc.rename(from, to) == 0 else { throw Durable.fault(errno, "rename \(from) to", to) }
    }

    /// Waits until all that was written to the disk of this path is on it.
    static func syncDisk(of path: String) throws(Fault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
        defer { close(descriptor) }
        guard roost_sync_disk(descriptor) == 0 else { throw Durable.fault(errno, "sync", path) }
    }

    /// Copies a plain file, sharing its blocks where the disk can; the copy is a new file.
    static func copy(_ from: String, to: String, mode: mode_t) throws(Fault) {
        do {
            try copy(from, to: to, mode: mode) {}
        } catch {
            throw error as? Fault ?? Fault(.io, "copy to \(to): \(error)")
        }
    }

    /// The same, asking now and then whether it is still wanted.
    static func copy(_ from: String, to: String, mode: mode_t, check: () throws -> Void) throws {
        let source = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard source >= 0 else { throw Durable.fault(errno, "open", from) }
        defer { close(source) }
        let target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard target >= 0 else { throw Durable.fault(errno, "make", to) }
        defer { close(target) }
        try copyContent(source, target, to, check)
        // The mode given to `open` went through the process's mask.
        guard fchmod(target, mode) == 0 else { throw Durable.fault(errno, "set the mode of", to) }
    }

    private static func copyContent(
        _ source: Int32,
        _ target: Int32,
        _ path: String,
        _ check: () throws -> Void
    ) throws {
        while true {
            try check()
            let count = roost_copy_range(source, target, 64 << 20)
            if count == 0 { return }
            if count > 0 || errno == EINTR { continue }
            // Between disks of different kinds, and on a few of them at all, the kernel leaves it to us.
            guard [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) else {
                throw Durable.fault(errno, "copy to", path)
            }
            break
        }
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            try check()
            let count = Glibc.read(source, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Durable.fault(errno, "copy to", path) }
            if count == 0 { return }
            try writeAll(piece[..<count], to: target, path)
        }
    }

    /// Writes all of it at the descriptor's place.
    static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String) throws(Fault) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Durable.fault(errno, "write", path) }
            rest = rest.dropFirst(count)
        }
    }

    /// The whole of a plain file; nil when there is none.
    ///
    /// - Throws: ``Fault`` `tooLarge` above the limit, `io` for what is not a plain file.
    static func read(_ path: String, limit: Int) throws(Fault) -> [UInt8]? {
        // Not to wait for a pipe that somebody put there. To look at a file is not to use it: collections go by the time of
        // last access, which else every collection would set anew.
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        var descriptor = open(path, flags | noAccessTime)
        if descriptor < 0, errno == EPERM { descriptor = open(path, flags) }
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Durable.fault(errno, "open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Durable.fault(errno, "read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Fault(.io, "\(path) is not a plain file") }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Durable.fault(errno, "read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= limit else { throw Fault(.tooLarge, "\(path) has more than \(limit) bytes") }
        }
    }

    /// The flag `O_NOATIME` of open(2), which glibc shows only to GNU sources.
    ///
    /// The file's owner and root may use it.
    private static let noAccessTime: Int32 = 0o1_000_000

    /// Makes a file or a folder with all below it a user's and his group's.
    static func give(_ path: String, to user: Int) throws(Fault) {
        guard lchown(path, uid_t(user), gid_t(user)) == 0 else {
            throw Durable.fault(errno, "change the owner of", path)
        }
        guard let status = try status(path), status.st_mode & S_IFMT == S_IFDIR else { return }
        for name in try names(in: path) { try give("\(path)/\(name)", to: user) }
    }

    /// What a folder with all below it takes of the disk, in bytes.
    static func blocks(of path: String) throws(Fault) -> Int64 {
        guard let status = try status(path) else { return 0 }
        var sum = Int64(status.st_blocks) * 512
        guard status.st_mode & S_IFMT == S_IFDIR else { return sum }
        for name in try names(in: path) { sum += try blocks(of: "\(path)/\(name)") }
        return sum
    }

    /// Removes plain files below a folder, those that were used longest ago first, until the rest is within a limit; of
    /// those that were used within the last ten minutes none, for somebody may use them still.
    static func trim(_ folder: String, to limit: Int64) throws(Fault) {
        let recent = Int(Timestamp.now().milliseconds / 1000) - 600
        guard exists(folder) else { return }
        var found = try plainFiles(in: folder)
        var sum = found.reduce(0) { $0 + $1.bytes }
        found.sort { $0.lastUse < $1.lastUse }
        for file in found where sum > limit && file.lastUse < recent {
            guard unlink(file.path) == 0 || errno == ENOENT else { throw Durable.fault(errno, "remove", file.path) }
            sum -= file.bytes
        }
    }

    private static func plainFiles(in folder: String) throws(Fault) -> [(path: String, lastUse: Int, bytes: Int64)] {
        var files: [(path: String, lastUse: Int, bytes: Int64)] = []
        for name in try names(in: folder) {
            let path = "\(folder)/\(name)"
            guard let status = try status(path) else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                files += try plainFiles(in: path)
            } else if status.st_mode & S_IFMT == S_IFREG {
                let lastUse = max(status.st_atim.tv_sec, status.st_mtim.tv_sec)
                files.append((path, lastUse, Int64(status.st_blocks) * 512))
            }
        }
        return files
    }

    /// The first bytes of a file; fewer when it is shorter.
    static func start(of path: String, count: Int) throws(Fault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let found = Glibc.read(descriptor, &bytes, count)
        guard found >= 0 else { throw Durable.fault(errno, "read", path) }
        return Array(bytes[..<found])
    }

    /// Sets when a file was last changed, in whole seconds; of a link itself, not of what it points to.
    static func setChanged(_ path: String, _ seconds: Int64) throws(Fault) {
        guard roost_set_changed(path, seconds) == 0 else { throw Durable.fault(errno, "set the time of", path) }
    }

    /// Says that a file is used now: its time of last access, which collections go by.
    static func touch(_ path: String) throws(Fault) {
        guard roost_touch(path) == 0 else { throw Durable.fault(errno, "set the time of", path) }
    }
}
