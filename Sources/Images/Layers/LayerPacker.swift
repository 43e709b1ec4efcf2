import CLinux
import Glibc
import Model
import Toolkit

/// Makes a layer's archive of a folder: sorted, with numeric owners, so that equal folders give equal bytes.
///
/// Whiteouts of overlayfs (devices 0:0) and opaque folders become the `.wh.` files of OCI.
///
/// > Source: OCI image specification 1.1, `layer.md`; Linux `Documentation/filesystems/overlayfs.rst`.
struct LayerPacker: ~Copyable {
    /// What is changed, in the folder too, before it is packed.
    enum Form: Sendable {
        /// Nothing: a whole system with its own users and times.
        case asFound
        /// Everything is root's, so that nobody else may change it; no file raises rights; folders, links and, unless
        /// their times are kept, files have ``fixedTime``.
        case ownedByRoot(keepingTimes: Bool, but: Owned = Owned())
    }

    /// What in a layer belongs to another user than root.
    ///
    /// Paths count from the layer's top.
    struct Owned: Equatable, Sendable {
        var user = 0
        /// With all that is in them.
        var folders: Set<String> = []
        /// By themselves.
        var single: Set<String> = []

        func has(_ path: String) -> Bool {
            if folders.isEmpty && single.isEmpty { return false }
            if single.contains(path) || folders.contains(path) { return true }
            return path.indices.contains { path[$0] == "/" && folders.contains(String(path[..<$0])) }
        }
    }

    private var writer: TarWriter
    private let form: Form
    private let work: LayerWork
    /// Of all files so far.
    private var bytes: Int64 = 0
    private var links: [Inode: String] = [:]

    /// Packs all that is in a folder, but not the folder itself.
    ///
    /// - Returns: 64 hex digits of the archive's SHA-256, and its size in bytes.
    static func pack(
        _ folder: String,
        to archive: String,
        form: Form,
        _ work: LayerWork
    ) throws -> (digest: String, size: Int64) {
        var packer = LayerPacker(writer: try TarWriter(path: archive), form: form, work: work)
        try packer.addMembers(of: folder, under: "", depth: 0)
        return try packer.finish()
    }

    /// The first day of 1980: the earliest that the zip format knows, in which Python packages are made.
    static let fixedTime: Int64 = 315_532_800

    // MARK: - Private

    private static let maximumDepth = 200

    private struct Inode: Hashable {
        var device: dev_t
        var number: ino_t
    }

    private init(writer: consuming TarWriter, form: Form, work: LayerWork) {
        self.writer = writer
        self.form = form
        self.work = work
    }

    private consuming func finish() throws(Fault) -> (digest: String, size: Int64) {
        try writer.finish()
    }

    private mutating func addMembers(of folder: String, under path: String, depth: Int) throws {
        guard depth < Self.maximumDepth else { throw Fault(.unsupported, "\(folder) is too deep for a layer") }
        for name in try FileTree.names(in: folder) {
            guard !name.hasPrefix(".wh.") else {
                throw Fault(
                    .unsupported,
                    "\(path)/\(name): names that begin with .wh. have a meaning of their own in layers"
                )
            }
            try add("\(folder)/\(name)", as: path.isEmpty ? name : "\(path)/\(name)", name: name, depth: depth)
        }
    }

    private mutating func add(_ file: String, as path: String, name: String, depth: Int) throws {
        guard var status = try FileTree.status(file) else { throw Fault(.io, "\(file) went away while it was packed") }
        let kind = status.st_mode & S_IFMT
        if kind == S_IFSOCK { return }
        if kind == S_IFCHR, status.st_rdev == 0 {
            return try writer.begin(TarEntry(path: Self.whiteout(path, name), kind: .file, mode: 0))
        }
        if case .ownedByRoot(let keepingTimes, let owned) = form {
            guard kind == S_IFREG || kind == S_IFDIR || kind == S_IFLNK else { return }
            try give(file, status, to: owned.has(path) ? uid_t(owned.user) : 0)
            if !(keepingTimes && kind == S_IFREG) { try FileTree.setChanged(file, Self.fixedTime) }
            guard let after = try FileTree.status(file) else {
                throw Fault(.io, "\(file) went away while it was packed")
            }
            status = after
        }
        var entry = try entry(file, path, status)
        if status.st_nlink > 1, kind != S_IFDIR {
            let inode = Inode(device: status.st_dev, number: status.st_ino)
            if let first = links[inode] {
                (entry.kind, entry.target, entry.size, entry.attributes) = (.hardLink, first, 0, [:])
                return try writer.begin(entry)
            }
            links[inode] = path
        }
        try work.check()
        if kind == S_IFREG {
            bytes += max(entry.size, Int64(status.st_blocks) * 512)
            // Before the first of them is read.
            try work.admit(bytes)
        }
        try writer.begin(entry)
        if kind == S_IFREG { try append(file, size: entry.size) }
        guard kind == S_IFDIR else { return }
        if LayerAttributes.isOpaque(file) {
            try writer.begin(TarEntry(path: "\(path)/.wh..wh..opq", kind: .file, mode: 0))
        }
        try addMembers(of: file, under: path, depth: depth + 1)
    }

    private func entry(_ file: String, _ path: String, _ status: stat) throws(Fault) -> TarEntry {
        var entry = TarEntry(path: path, kind: .file)
        switch status.st_mode & S_IFMT {
        case S_IFREG: entry.size = Int64(status.st_size)
        case S_IFDIR: entry.kind = .folder
        case S_IFIFO: entry.kind = .pipe
        case S_IFLNK:
            entry.kind = .symbolicLink
            entry.target = try Self.target(of: file)
        case let kind:
            entry.kind = kind == S_IFCHR ? .characterDevice : .blockDevice
            entry.device.major = roost_file_device_major(status.st_rdev)
            entry.device.minor = roost_file_device_minor(status.st_rdev)
        }
        entry.mode = status.st_mode & 0o7777
        entry.user = status.st_uid
        entry.group = status.st_gid
        entry.changed = Int64(status.st_mtim.tv_sec)
        if case .asFound = form { entry.attributes = try LayerAttributes.read(file) }
        return entry
    }

    private static func target(of link: String) throws(Fault) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink(link, &buffer, buffer.count)
        guard count >= 0 else { throw Durable.fault(errno, "read link", link) }
        guard let target = String(validating: buffer[..<count], as: UTF8.self) else {
            throw Fault(.unsupported, "the link \(link) leads to a name that is not UTF-8")
        }
        return target
    }

    private static func whiteout(_ path: String, _ name: String) -> String {
        String(path.dropLast(name.count)) + ".wh." + name
    }

    private func give(_ file: String, _ status: stat, to user: uid_t) throws(Fault) {
        if status.st_uid != user || status.st_gid != user {
            guard lchown(file, user, user) == 0 else { throw Durable.fault(errno, "change the owner of", file) }
        }
        if status.st_mode & S_IFMT != S_IFLNK {
            // Readable for all, since the app's user is another one; writable for nobody but the owner.
            let runs = status.st_mode & 0o111 != 0 || status.st_mode & S_IFMT == S_IFDIR
            guard chmod(file, runs ? 0o755 : 0o644) == 0 else { throw Durable.fault(errno, "set the mode of", file) }
        }
    }

    private mutating func append(_ file: String, size: Int64) throws {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", file) }
        defer { close(descriptor) }
        var left = size
        var piece = [UInt8](repeating: 0, count: Int(min(max(size, 1), 256 << 10)))
        while left > 0 {
            let count = read(descriptor, &piece, Int(min(Int64(piece.count), left)))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw count < 0 ? Durable.fault(errno, "read", file) : Fault(.io, "\(file) shrank while it was packed")
            }
            try work.check()
            try writer.append(piece[..<count])
            left -= Int64(count)
        }
    }
}
