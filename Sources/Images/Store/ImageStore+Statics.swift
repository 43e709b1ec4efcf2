import CLinux
import Foundation
import Glibc
import Model
import Synchronization
import Toolkit

extension ImageStore {
    /// Where an edge finds files of images: `images/statics/<hex>/<path in the image>`.
    package static func statics(in images: String) -> String { "\(images)/statics" }

    /// Lays the plain files of some folders of an image out for an edge, each with a digest for its `ETag`.
    ///
    /// Links are not followed. Files that are there already are left: they are named by the image's digest.
    ///
    /// - Parameters:
    ///   - digest: of the image.
    ///   - folders: paths in the image, absolute; one that is not there is passed over.
    /// - Throws: ``Fault`` `imageNotFound`, `tooLarge` for more files than are laid out, and what a full disk makes.
    package func publish(_ digest: String, folders: [String]) async throws {
        let image = StaticFiles.folder(of: digest)
        // A wake is not to look through thousands of files for nothing.
        let missing = state.withLock { state in
            folders.filter { !(state.published[image]?.contains($0) ?? false) }
        }
        guard !missing.isEmpty else { return }
        let layers = try layerPaths(of: try self.image(digest))
        try await Blocking.run(interruptible: { [self] interruption in
            let place = "\(Self.statics(in: root))/\(image)"
            let scratch = try makeScratch()
            defer { FileTree.discard(scratch) }
            var copy = StaticCopy(scratch: scratch, limits: .usual, check: interruption.check)
            for folder in missing {
                let sources = StaticCopy.sources(of: folder, layers: Array(layers.reversed()))
                guard !sources.isEmpty else { continue }
                try Durable.makeFolder("\(place)\(folder)")
                try copy.fill("\(place)\(folder)", from: sources, depth: 0)
            }
            try copy.finish()
        })
        state.withLock { $0.published[image, default: []].formUnion(missing) }
    }

    /// Removes what was laid out of images that are gone.
    func collectStatics() throws(Fault) {
        let folder = Self.statics(in: root)
        guard FileTree.exists(folder) else { return }
        let kept = Set(digests.map { StaticFiles.folder(of: $0) })
        for name in try FileTree.names(in: folder) where !kept.contains(name) {
            state.withLock { $0.published[name] = nil }
            try FileTree.remove("\(folder)/\(name)")
        }
    }
}

/// Copies what a Machine would see in a folder of its image, out of the layers.
///
/// > Source: kernel documentation, `filesystems/overlayfs.rst`: whiteouts, opaque directories.
struct StaticCopy {
    struct Limits {
        var files: Int
        var bytes: Int64
        var depth: Int

        static let usual = Limits(files: 100_000, bytes: 8 << 30, depth: 64)
    }

    /// Where files are made: on the disk of those that are served.
    private let scratch: String
    private let limits: Limits
    private let check: () throws -> Void
    private var files = 0
    private var bytes: Int64 = 0
    /// What is copied and not in its place yet.
    private var drafts: [(path: String, target: String)] = []

    init(scratch: String, limits: Limits, check: @escaping () throws -> Void) {
        self.scratch = scratch
        self.limits = limits
        self.check = check
    }

    /// The folders of the layers, top first, that make up a folder of the image together.
    static func sources(of path: String, layers: [String]) -> [String] {
        let parts = path.split(separator: "/")
        var found: [String] = []
        for layer in layers {
            var place = layer
            var isHidden = false
            for (index, part) in parts.enumerated() {
                place += "/\(part)"
                var status = stat()
                guard lstat(place, &status) == 0 else { break }
                // A whiteout, a link or a file: what is below it in other layers is not seen.
                guard status.st_mode & S_IFMT == S_IFDIR else { return found }
                if LayerAttributes.isOpaque(place) { isHidden = true }
                if index == parts.count - 1 { found.append(place) }
            }
            if isHidden { break }
        }
        return found
    }

    /// Copies the plain files of folders that lie upon each other, top first.
    mutating func fill(_ target: String, from sources: [String], depth: Int) throws {
        guard depth < limits.depth else { throw Fault(.tooLarge, "\(target) lies too deep") }
        var seen: Set<String> = []
        for (index, source) in sources.enumerated() {
            for name in try Self.names(in: source) where seen.insert(name).inserted {
                try check()
                guard let status = try FileTree.status("\(source)/\(name)") else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFREG: try copy("\(source)/\(name)", to: "\(target)/\(name)", status)
                case S_IFDIR:
                    let below = Self.sources(of: name, layers: Array(sources[index...]))
                    try FileTree.makeFolder("\(target)/\(name)")
                    try fill("\(target)/\(name)", from: below, depth: depth + 1)
                default: continue
                }
            }
        }
    }

    /// Brings to the disk what was copied, and then to its place: a host that loses its power serves no half of a file.
    mutating func finish() throws(Fault) {
        guard !drafts.isEmpty else { return }
        try FileTree.syncDisk(of: scratch)
        for draft in drafts { try FileTree.rename(draft.path, to: draft.target) }
        drafts = []
    }

    // MARK: - Private

    /// No request can name a file whose name is no text.
    private static func names(in folder: String) throws -> [String] {
        do {
            return try FileTree.names(in: folder)
        } catch let fault where fault.code == .unsupported {
            return []
        }
    }

    private mutating func copy(_ source: String, to target: String, _ status: stat) throws {
        files += 1
        bytes += Int64(status.st_size)
        guard files <= limits.files, bytes <= limits.bytes else {
            throw Fault(
                .tooLarge,
                "the files for [[statics]] are more than \(limits.files), or more than \(limits.bytes >> 30) GB",
                hint: "name a smaller folder as guest_path, or keep such files in object storage"
            )
        }
        guard !FileTree.exists(target) else { return }
        let draft = "\(scratch)/\(files)"
        try FileTree.copy(source, to: draft, mode: 0o644, check: check)
        let digest = try Digest.hex(file: draft, check: check).prefix(32)
        // A disk without such attributes: the edge makes do with the time of change.
        _ = roost_set_attribute(draft, StaticFiles.digestAttribute, String(digest), digest.utf8.count)
        try FileTree.setChanged(draft, Int64(status.st_mtim.tv_sec))
        drafts.append((draft, target))
    }
}
