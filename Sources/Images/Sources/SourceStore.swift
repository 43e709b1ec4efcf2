import CLinux
package import Foundation
import Glibc
package import Model
import Toolkit

/// The uploaded files of all projects, each content once, under its SHA-256.
///
/// A blob's time of last change is when this host first saw the content, and files of an image carry that time: web
/// servers make `Last-Modified` and `ETag` of it, so it may neither be the same for all versions of a file nor differ
/// from one build of the same content to the next. Its time of last access is when it was last asked for.
package struct SourceStore: Sendable {
    private let root: String

    /// Opens it, and clears away what an interrupted upload left.
    ///
    /// The folder is that of all that `Images` keeps, ``HostPaths/images``.
    package init(images: String) throws(Fault) {
        root = "\(images)/sources"
        try Durable.makeFolder("\(root)/sha256")
        try FileTree.remove("\(root)/tmp")
        // Where version 0.1 collected uploads, and left those that a kill cut off.
        try FileTree.remove("\(images)/uploads")
        try FileTree.makeFolder("\(root)/tmp", mode: 0o700)
    }

    /// The contents that have to be uploaded before the project can be built: SHA-256 in hex digits, sorted.
    ///
    /// Those that are here count as used now, so that no collection takes them before the build.
    package func missing(of manifest: SourceManifest) async throws -> [String] {
        try manifest.check()
        return try await Blocking.run {
            var missing: Set<String> = []
            for file in manifest.files where file.kind == .file {
                let blob = path(of: file.sha256)
                if try FileTree.status(blob).map({ Int64($0.st_size) }) == file.size {
                    try FileTree.touch(blob)
                } else {
                    missing.insert(file.sha256)
                }
            }
            return missing.sorted()
        }
    }

    /// Takes in one content.
    ///
    /// - Throws: ``Fault`` `invalidRequest` when it has another hash.
    package func put(_ sha256: String, _ data: Data) async throws {
        let upload = try begin(sha256, size: Int64(data.count))
        try await upload.append(data)
        try await upload.finish()
    }

    /// Takes in one content piece by piece.
    ///
    /// - Throws: ``Fault`` `invalidRequest` when it has another hash or size; nothing is then kept.
    package func put<Pieces: AsyncSequence>(_ sha256: String, size: Int64, from pieces: Pieces) async throws
    where Pieces.Element == Data {
        let upload = try begin(sha256, size: size)
        for try await piece in pieces { try await upload.append(piece) }
        try await upload.finish()
    }

    /// Takes in a file of this host.
    package func put(_ sha256: String, file: String) async throws {
        try await Blocking.run {
            let temporary = temporaryPath()
            defer { unlink(temporary) }
            try FileTree.copy(file, to: temporary, mode: 0o600)
            guard try Digest.hex(file: temporary) == sha256 else {
                throw Fault(.invalidRequest, "\(file) does not have the SHA-256 \(sha256)")
            }
            try keep(temporary, as: sha256)
        }
    }

    /// The content of one file of a project; nil when the project has no such file.
    ///
    /// - Throws: ``Fault`` `tooLarge` above the limit, `invalidRequest` when it was never uploaded.
    package func read(_ path: String, of manifest: SourceManifest, limit: Int) throws(Fault) -> Data? {
        guard let entry = manifest.files.first(where: { $0.path == path && $0.kind == .file }) else { return nil }
        guard entry.size <= limit else { throw Fault(.tooLarge, "\(path) has more than \(limit) bytes") }
        guard let bytes = try FileTree.read(self.path(of: entry.sha256), limit: limit) else {
            throw Self.notUploaded(entry)
        }
        return Data(bytes)
    }

    /// Writes a project's files, as copies that a build may change.
    ///
    /// - Parameters:
    ///   - manifest: checked here; a hostile one is refused before anything is written.
    ///   - folder: is there and empty.
    ///   - readableForAll: files get the mode 0644 or 0755, whatever the manifest says.
    /// - Throws: ``Fault`` `invalidRequest` for a hostile manifest or a content that was not uploaded, `diskFull`.
    package func checkout(
        _ manifest: SourceManifest,
        into folder: String,
        readableForAll: Bool = false
    ) async throws {
        try manifest.check()
        try await Blocking.run {
            var made: Set<String> = [""]
            for file in manifest.files {
                try Self.makeFolders(above: file.path, in: folder, made: &made)
                var file = file
                if readableForAll { file.mode = file.mode & 0o111 == 0 ? 0o644 : 0o755 }
                try write(file, to: "\(folder)/\(file.path)")
            }
            for empty in manifest.folders {
                try Self.makeFolders(above: empty, in: folder, made: &made)
                try FileTree.makeFolder("\(folder)/\(empty)")
            }
        }
    }

    /// Removes what nobody asked for since then.
    ///
    /// - Returns: the bytes that came free.
    @discardableResult
    package func collect(unusedFor age: Duration) async throws -> Int64 {
        let limit = Timestamp.now().milliseconds / 1000 - age.components.seconds
        return try await Blocking.run {
            var freed: Int64 = 0
            for shelf in try FileTree.names(in: "\(root)/sha256") {
                for name in try FileTree.names(in: "\(root)/sha256/\(shelf)") {
                    let blob = "\(root)/sha256/\(shelf)/\(name)"
                    guard let status = try FileTree.status(blob), Int64(status.st_atim.tv_sec) < limit else { continue }
                    guard unlink(blob) == 0 else { throw Durable.fault(errno, "remove", blob) }
                    freed += Int64(status.st_blocks) * 512
                }
            }
            return freed
        }
    }

    // MARK: - Private

    /// Takes in one content as it comes; what is not finished leaves nothing.
    package func begin(_ sha256: String, size: Int64) throws(Fault) -> IncomingSource {
        guard Hex.isDigest(sha256) else {
            throw Fault(.invalidRequest, "\(ConfigNode.quoted(sha256)) is not a SHA-256 of 64 lower-case hex digits")
        }
        guard (0...SourceManifest.maximumBytes).contains(size) else {
            throw Fault(.tooLarge, "a file of \(size) bytes; at most \(SourceManifest.maximumBytes) are taken")
        }
        return IncomingSource(sha256: sha256, size: size, temporary: temporaryPath()) { temporary throws(Fault) in
            try keep(temporary, as: sha256)
        }
    }

    private func keep(_ temporary: String, as sha256: String) throws(Fault) {
        let blob = path(of: sha256)
        // The one that is here has the right size, and the older time, which is the one to keep.
        if let old = try FileTree.status(blob), let new = try FileTree.status(temporary), old.st_size == new.st_size {
            unlink(temporary)
            return try FileTree.touch(blob)
        }
        try FileTree.makeFolder((blob as NSString).deletingLastPathComponent)
        try FileTree.rename(temporary, to: blob)
    }

    private func path(of sha256: String) -> String { "\(root)/sha256/\(sha256.prefix(2))/\(sha256)" }

    private func temporaryPath() -> String { "\(root)/tmp/\(ULID.make())" }

    private func write(_ entry: SourceManifest.Entry, to place: String) throws(Fault) {
        if let target = entry.target {
            guard symlink(target, place) == 0 else { throw Durable.fault(errno, "make the link", place) }
            return
        }
        let blob = path(of: entry.sha256)
        guard let status = try FileTree.status(blob), Int64(status.st_size) == entry.size else {
            throw Self.notUploaded(entry)
        }
        try FileTree.copy(blob, to: place, mode: mode_t(entry.mode))
        try FileTree.setChanged(place, Int64(status.st_mtim.tv_sec))
    }

    private static func makeFolders(above path: String, in root: String, made: inout Set<String>) throws(Fault) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let folder = String(path[..<slash])
        if made.contains(folder) { return }
        try makeFolders(above: folder, in: root, made: &made)
        try FileTree.makeFolder("\(root)/\(folder)")
        made.insert(folder)
    }

    private static func notUploaded(_ entry: SourceManifest.Entry) -> Fault {
        Fault(.invalidRequest, "the content of \(entry.path) was not uploaded", hint: "deploy again")
    }
}
