import Foundation
import Glibc
import Model
import Toolkit

/// The snapshots of one volume: lists of pieces of its disk, each piece a file named by its SHA-256.
///
/// Pieces that several snapshots have are there once. A snapshot is there when its list is, which is written last.
struct SnapshotFolder: Sendable {
    let path: String
    /// Bytes of one piece.
    static let pieceSize = 1 << 20

    private var pieces: String { "\(path)/pieces" }

    /// What a disk held, by the places of its pieces; where there is none it holds zeroes.
    struct List: Equatable, KeyedForm {
        /// Of the disk.
        var bytes: Int64
        var pieceSize: Int
        /// By their number, counted from the disk's beginning.
        var pieces: [Int: String]

        static var schema: Int? { 1 }
        static var blank: List { List(bytes: 0, pieceSize: SnapshotFolder.pieceSize, pieces: [:]) }

        mutating func fields(_ form: inout Form) throws {
            try form.need("bytes", &bytes)
            try form.field("pieceSize", &pieceSize)
            try form.need("pieces", &pieces)
        }

        /// SHA-256 over all of it.
        var digest: String {
            let lines = pieces.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
            return Digest.hex(Data("\(bytes) \(pieceSize)\n\(lines.joined())".utf8))
        }
    }

    /// Keeps what a disk holds.
    ///
    /// First all of it while it may change, so that little is left to do while nobody can write.
    ///
    /// - Parameters:
    ///   - id: of the snapshot.
    ///   - disk: the volume's.
    /// - Returns: what came of it.
    /// - Throws: ``Fault`` `timedOut` when too much has changed meanwhile, `diskFull`, `io`.
    func take(_ id: String, of disk: VolumeDisk) throws(Fault) -> VolumeSnapshot.Facts {
        try Durable.makeFolder(pieces, mode: 0o700)
        disk.trim()
        var facts = VolumeSnapshot.Facts(diskBytes: disk.size)
        var list = List(bytes: disk.size, pieceSize: Self.pieceSize, pieces: [:])
        if disk.isOpen {
            let before = try copy(disk.file, knowing: [:], &facts)
            let still = try StillFolder.begin(disk.folder)
            let copied = Result { () throws(Fault) in try copy(disk.file, knowing: before, &facts) }
            facts.pauseMilliseconds = try still.thaw().milliseconds
            list.pieces = try copied.get()
        } else {
            list.pieces = try copy(disk.file, knowing: [:], &facts)
        }
        facts.dataBytes = Int64(list.pieces.count) * Int64(Self.pieceSize)
        facts.digest = list.digest
        // The pieces are on the disk before a list names them.
        try sync()
        try Durable.write(try JSON.encode(list), to: "\(path)/\(id).json", mode: 0o600)
        return facts
    }

    /// Writes what a snapshot holds to a new file.
    ///
    /// - Throws: ``Fault`` `corrupt` naming a piece that is not what it was.
    func restore(_ id: String, to disk: VolumeDisk) throws(Fault) {
        let list = try list(id)
        try disk.reserve(list.bytes)
        let target = open(disk.file, O_WRONLY | O_CLOEXEC)
        guard target >= 0 else { throw Durable.fault(errno, "open", disk.file) }
        defer { close(target) }
        for (index, name) in list.pieces.sorted(by: { $0.key < $1.key }) {
            guard let data = FileManager.default.contents(atPath: piece(name)), Digest.hex(data) == name else {
                throw Fault(
                    .corrupt,
                    "snapshot \(id) is damaged: its piece \(name) is not what it was",
                    hint: "an older one may be whole: roost volumes snapshots list VOLUME"
                )
            }
            try write(data, to: target, at: Int64(index) * Int64(list.pieceSize), disk.file)
        }
        guard fsync(target) == 0 else { throw Durable.fault(errno, "sync", disk.file) }
    }

    /// The size of the disk that a snapshot was taken of.
    func diskBytes(_ id: String) throws(Fault) -> Int64 { try list(id).bytes }

    /// Forgets all snapshots but those, and the pieces that none has any more.
    func keep(_ ids: Set<String>) throws(Fault) {
        var needed: Set<String> = []
        var names: [String] = []
        for file in KernelFile.names(in: path) where file.hasSuffix(".json") {
            let id = String(file.dropLast(5))
            if ids.contains(id) {
                needed.formUnion(try list(id).pieces.values)
            } else {
                names.append(id)
            }
        }
        for id in names { unlink("\(path)/\(id).json") }
        for prefix in KernelFile.names(in: pieces) {
            for name in KernelFile.names(in: "\(pieces)/\(prefix)") where !needed.contains(name) {
                unlink("\(pieces)/\(prefix)/\(name)")
            }
        }
    }

    /// Gives a snapshot and its pieces second names in another folder, which is then a folder of this one snapshot.
    ///
    /// - Returns: how many files that are.
    func lend(_ id: String, as name: String, to other: SnapshotFolder) throws(Fault) -> Int {
        let needed = Set(try list(id).pieces.values)
        for piece in needed {
            try KernelFile.makeFolder("\(other.path)/pieces", mode: 0o700)
            try KernelFile.makeFolder("\(other.path)/pieces/\(piece.prefix(2))", mode: 0o700)
            let (from, to) = (self.piece(piece), other.piece(piece))
            if link(from, to) == 0 || errno == EEXIST { continue }
            // Another disk below the state folder.
            guard errno == EXDEV else { throw Durable.fault(errno, "link", from) }
            guard let data = FileManager.default.contents(atPath: from) else {
                throw Durable.fault(errno, "read", from)
            }
            try Durable.write(data, to: to, mode: 0o600)
        }
        try Durable.write(try JSON.encode(try list(id)), to: "\(other.path)/\(name).json", mode: 0o600)
        return needed.count + 1
    }

    /// Looks at each piece of a snapshot.
    ///
    /// - Returns: the digest of all of it.
    /// - Throws: ``Fault`` `corrupt` naming a piece that is not what it was.
    func check(_ id: String) throws(Fault) -> String {
        let list = try list(id)
        for name in Set(list.pieces.values) {
            guard let data = FileManager.default.contents(atPath: piece(name)), Digest.hex(data) == name else {
                throw Fault(.corrupt, "piece \(name) of \(path) is not what it was")
            }
        }
        return list.digest
    }

    /// Forgets one snapshot, and the pieces that no other has.
    func drop(_ id: String) throws(Fault) {
        let all = KernelFile.names(in: path).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
        try keep(Set(all).subtracting([id]))
    }

    // MARK: - Private

    private func piece(_ name: String) -> String { "\(pieces)/\(name.prefix(2))/\(name)" }

    private func list(_ id: String) throws(Fault) -> List {
        guard let data = FileManager.default.contents(atPath: "\(path)/\(id).json") else {
            throw Fault(.volumeNotFound, "there is no snapshot \(id) on this host")
        }
        return try JSON.decode(List.self, from: data, what: "the list of snapshot \(id)")
    }

    /// Goes through what a file holds; pieces that are as they were `before` are only compared.
    private func copy(
        _ file: String,
        knowing before: [Int: String],
        _ facts: inout VolumeSnapshot.Facts
    ) throws(Fault) -> [Int: String] {
        let source = open(file, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw Durable.fault(errno, "open", file) }
        defer { close(source) }
        var found: [Int: String] = [:]
        var (buffer, other) = (
            [UInt8](repeating: 0, count: Self.pieceSize), [UInt8](repeating: 0, count: Self.pieceSize)
        )
        let zeroes = [UInt8](repeating: 0, count: Self.pieceSize)
        for index in try Self.filled(source, file) {
            let count = try Self.read(source, at: Int64(index) * Int64(Self.pieceSize), into: &buffer, file)
            for rest in count..<Self.pieceSize { buffer[rest] = 0 }
            if memcmp(buffer, zeroes, Self.pieceSize) == 0 { continue }
            if let known = before[index], try isEqual(known, to: buffer, &other) {
                found[index] = known
                continue
            }
            let name = Digest.hex(Data(buffer))
            found[index] = name
            if !KernelFile.exists(piece(name)) {
                facts.addedBytes += Int64(Self.pieceSize)
                try keep(buffer, name)
            }
        }
        return found
    }

    private func isEqual(_ name: String, to buffer: [UInt8], _ other: inout [UInt8]) throws(Fault) -> Bool {
        let descriptor = open(piece(name), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let count = try Self.read(descriptor, at: 0, into: &other, piece(name))
        return count == Self.pieceSize && memcmp(buffer, other, Self.pieceSize) == 0
    }

    /// Under another name first: what a crash leaves half written is no piece.
    private func keep(_ bytes: [UInt8], _ name: String) throws(Fault) {
        try KernelFile.makeFolder("\(pieces)/\(name.prefix(2))", mode: 0o700)
        let fresh = "\(piece(name)).new"
        try KernelFile.create(fresh, bytes, mode: 0o600)
        guard rename(fresh, piece(name)) == 0 else { throw Durable.fault(errno, "rename", fresh) }
    }

    private func sync() throws(Fault) {
        let outcome = try Spawn.run(["sync", "--file-system", path], limit: .seconds(600))
        guard outcome.code == 0 else { throw Fault(.io, "can't sync \(path): \(outcome.output)") }
    }

    /// The numbers of the pieces in which a file holds anything.
    private static func filled(_ descriptor: Int32, _ file: String) throws(Fault) -> [Int] {
        // Of <linux/fs.h>; glibc shows them to GNU sources only.
        let (toData, toHole): (Int32, Int32) = (3, 4)
        var found: [Int] = []
        var place: off_t = 0
        while true {
            let start = lseek(descriptor, place, toData)
            // No more data.
            if start < 0, errno == ENXIO { return found }
            guard start >= 0 else { throw Durable.fault(errno, "look through", file) }
            let end = lseek(descriptor, start, toHole)
            guard end > start else { throw Durable.fault(errno, "look through", file) }
            let (first, last) = (Int(start) / pieceSize, Int(end - 1) / pieceSize)
            let next = max(first, (found.last ?? -1) + 1)
            if next <= last { found += next...last }
            place = end
        }
    }

    private static func read(
        _ descriptor: Int32,
        at place: Int64,
        into buffer: inout [UInt8],
        _ file: String
    ) throws(Fault) -> Int {
        var done = 0
        while done < buffer.count {
            let count = buffer.withUnsafeMutableBytes { bytes in
                pread(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(place) + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Durable.fault(errno, "read", file) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    private func write(_ data: Data, to descriptor: Int32, at place: Int64, _ file: String) throws(Fault) {
        var done = 0
        while done < data.count {
            let count = data.withUnsafeBytes { bytes in
                pwrite(
                    descriptor,
                    bytes.baseAddress?.advanced(by: done),
                    bytes.count - done,
                    off_t(place) + off_t(done)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Durable.fault(errno, "write", file) }
            done += count
        }
    }
}
