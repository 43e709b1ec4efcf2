import CLinux
import Glibc
import Model
import Toolkit

/// Unpacks a layer's archive into a folder as overlayfs wants it: whiteouts are devices 0:0, opaque folders carry an
/// attribute.
///
/// The archive is hostile until proved otherwise: no member may lead out of the folder, by its name, by a link in its
/// way or as a hard link. The folder is ours alone, so nothing changes between a check and its use.
///
/// > Source: OCI image specification 1.1, `layer.md`, "Whiteouts".
struct LayerUnpacker: ~Copyable {
    private var reader: TarReader
    private let root: String
    private let name: String
    private let work: LayerWork
    /// Of all files so far.
    private var bytes: Int64 = 0
    /// Folders of which we know that they are no links.
    private var known: Set<String> = [""]
    private var times: [(path: String, changed: Int64)] = []
    private let isRoot = geteuid() == 0

    /// Unpacks all of it into a folder that is there and empty; answers with 64 hex digits of the archive's SHA-256.
    static func unpack(_ archive: String, into folder: String, _ work: LayerWork) throws -> String {
        var unpacker = LayerUnpacker(reader: try TarReader(path: archive), root: folder, name: archive, work: work)
        try unpacker.addAll()
        return try unpacker.finish()
    }

    // MARK: - Private

    private init(reader: consuming TarReader, root: String, name: String, work: LayerWork) {
        self.reader = reader
        self.work = work
        self.root = root
        self.name = name
    }

    private mutating func addAll() throws {
        while let entry = try reader.next() {
            try work.check()
            let path = try plain(entry.path)
            if path.isEmpty {
                try finishTop(entry)
            } else {
                try add(entry, at: path)
            }
        }
        // After all else, since each file changes its folder's time.
        for (path, changed) in times.reversed() where known.contains(path) {
            try FileTree.setChanged(place(path), changed)
        }
    }

    private consuming func finish() throws(Fault) -> String { try reader.finish() }

    private func place(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }

    /// Without `.` parts and slashes at the end; empty for the top folder.
    private func plain(_ path: String) throws(Fault) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            guard part != "..", part.utf8.count <= 255 else {
                throw fault(path, "leads out of the layer or is too long")
            }
            parts.append(part)
        }
        guard !path.hasPrefix("/"), !path.isEmpty, path.utf8.count < 4096, parts.count < 512 else {
            throw fault(path, "is not a plain path")
        }
        return parts.joined(separator: "/")
    }

    private mutating func add(_ entry: TarEntry, at path: String) throws {
        let (parent, last) = Self.split(path)
        try makeFolders(parent)
        if last.hasPrefix(".wh.") { return try addWhiteout(last, in: parent, path) }
        let place = place(path)
        if entry.kind == .folder, try isFolder(place) {
            known.insert(path)
        } else {
            try clear(place)
            try make(entry, at: path)
        }
        try finish(entry, at: place)
        if entry.kind == .folder { times.append((path, entry.changed)) }
    }

    private mutating func addWhiteout(_ last: String, in parent: String, _ path: String) throws(Fault) {
        if last == ".wh..wh..opq" {
            return try LayerAttributes.set(LayerAttributes.opaque, [UInt8(ascii: "y")], of: place(parent))
        }
        let hidden = String(last.dropFirst(".wh.".count))
        // The rest of aufs' own names mean nothing to anyone else.
        if hidden.hasPrefix(".wh.") { return }
        guard !hidden.isEmpty, hidden != ".", hidden != ".." else { throw fault(path, "hides nothing") }
        let place = place(parent.isEmpty ? hidden : "\(parent)/\(hidden)")
        // A layer that both removes and brings a path means the new one.
        if try FileTree.status(place) != nil { return }
        guard mknod(place, S_IFCHR, 0) == 0 else { throw Durable.fault(errno, "make the whiteout", place) }
    }

    /// Sees to it that a folder and those above it are there and are no links.
    private mutating func makeFolders(_ path: String) throws(Fault) {
        if known.contains(path) { return }
        let (parent, _) = Self.split(path)
        try makeFolders(parent)
        let place = place(path)
        if let status = try FileTree.status(place) {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw fault(path, "is no folder, but has members below it")
            }
        } else {
            guard mkdir(place, 0o755) == 0, chmod(place, 0o755) == 0 else { throw Durable.fault(errno, "make", place) }
        }
        known.insert(path)
    }

    private func isFolder(_ place: String) throws(Fault) -> Bool {
        try FileTree.status(place).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    /// Makes room for a member whose path came before; a folder gives way only when it is empty.
    private mutating func clear(_ place: String) throws(Fault) {
        guard let status = try FileTree.status(place) else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            guard rmdir(place) == 0 else { throw fault(place, "was a folder with members before") }
            known = [""]
        } else {
            guard unlink(place) == 0 else { throw Durable.fault(errno, "remove", place) }
        }
    }

    private mutating func make(_ entry: TarEntry, at path: String) throws {
        let place = place(path)
        let result: Int32
        switch entry.kind {
        case .file: return try write(entry, to: place)
        case .hardLink: return try link(entry, at: place)
        case .folder:
            result = mkdir(place, 0o755)
            known.insert(path)
        case .symbolicLink:
            guard !entry.target.isEmpty else { throw fault(path, "is a link to nothing") }
            result = symlink(entry.target, place)
        case .pipe: result = mkfifo(place, 0o600)
        case .characterDevice, .blockDevice:
            let type = entry.kind == .characterDevice ? S_IFCHR : S_IFBLK
            result = mknod(place, type | 0o600, roost_device(entry.device.major, entry.device.minor))
        }
        guard result == 0 else { throw Durable.fault(errno, "make", place) }
    }

    private mutating func write(_ entry: TarEntry, to place: String) throws {
        let descriptor = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Durable.fault(errno, "make", place) }
        defer { close(descriptor) }
        bytes += entry.size
        try work.admit(bytes)
        while true {
            try work.check()
            let piece = try reader.read()
            if piece.isEmpty { break }
            // A hole stays one.
            if piece.count >= 4096, TarWriter.isEmpty(Array(piece)) {
                guard lseek(descriptor, off_t(piece.count), SEEK_CUR) >= 0 else {
                    throw Durable.fault(errno, "write", place)
                }
            } else {
                try FileTree.writeAll(piece, to: descriptor, place)
            }
        }
        guard ftruncate(descriptor, off_t(entry.size)) == 0 else { throw Durable.fault(errno, "write", place) }
    }

    /// A second name for a file that this archive brought before.
    private mutating func link(_ entry: TarEntry, at place: String) throws(Fault) {
        let target = try plain(entry.target)
        try makeFolders(Self.split(target).parent)
        let status = try FileTree.status(self.place(target))
        guard let status, status.st_mode & S_IFMT != S_IFDIR else {
            throw fault(entry.path, "is a second name for \(ConfigNode.quoted(target)), which the layer does not hold")
        }
        guard Glibc.link(self.place(target), place) == 0 else { throw Durable.fault(errno, "link", place) }
    }

    private func finish(_ entry: TarEntry, at place: String) throws(Fault) {
        // The file has all that from its first name.
        if entry.kind == .hardLink { return }
        if isRoot {
            guard lchown(place, entry.user, entry.group) == 0 else {
                throw Durable.fault(errno, "change the owner of", place)
            }
        }
        // After the owner, whose change takes the set-user-ID bit away.
        if entry.kind != .symbolicLink {
            guard chmod(place, entry.mode) == 0 else { throw Durable.fault(errno, "set the mode of", place) }
        }
        for (name, value) in entry.attributes where LayerAttributes.isCarried(name) {
            try LayerAttributes.set(name, value, of: place)
        }
        if entry.kind != .folder { try FileTree.setChanged(place, entry.changed) }
    }

    private func finishTop(_ entry: TarEntry) throws(Fault) {
        guard entry.kind == .folder else { throw fault(entry.path, "stands for the whole layer, but is no folder") }
        try finish(entry, at: root)
    }

    private static func split(_ path: String) -> (parent: String, last: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    private func fault(_ path: String, _ what: String) -> Fault {
        Fault(.corrupt, "the layer \(name): \(ConfigNode.quoted(path)) \(what)")
    }
}
