import Foundation
import Model

/// A project as it was uploaded: what there is, and what is in it.
struct ManifestFiles: Sendable {
    let manifest: SourceManifest
    private let sources: SourceStore
    private let entries: [String: SourceManifest.Entry]

    /// The largest file that is read to learn about a project; lock files of large projects have a few MiB.
    static let readLimit = 32 << 20

    /// - Throws: ``Fault`` `invalidRequest` for a hostile manifest.
    init(_ manifest: SourceManifest, in sources: SourceStore) throws(Fault) {
        try manifest.check()
        self.manifest = manifest
        self.sources = sources
        entries = Dictionary(manifest.files.map { ($0.path, $0) }) { first, _ in first }
    }

    /// A plain file of the project.
    func file(_ path: String) -> SourceManifest.Entry? { entries[path].flatMap { $0.kind == .file ? $0 : nil } }

    /// A file or a link of the project.
    func entry(_ path: String) -> SourceManifest.Entry? { entries[path] }

    /// The text of a file; nil when the project has none of that name.
    func text(_ path: String) throws(Fault) -> String? {
        guard file(path) != nil, let data = try sources.read(path, of: manifest, limit: Self.readLimit) else {
            return nil
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Fault(.buildFailed, "\(path) is not UTF-8 text")
        }
        return text
    }
}
