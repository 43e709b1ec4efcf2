package import Model

/// Where uploaded project files go; `Images` has the store itself.
package struct Sources: Sendable {
    /// Digests of the files that the server lacks.
    var missing: @Sendable (SourceManifest) async throws -> [String]
    /// Takes over a file of exactly that content; the file at `path` is gone afterwards.
    var adopt: @Sendable (_ sha256: String, _ path: String) async throws -> Void
    /// Where uploads are collected before they are whole: the same file system as the store.
    var folder: String

    package init(
        folder: String,
        missing: @escaping @Sendable (SourceManifest) async throws -> [String],
        adopt: @escaping @Sendable (String, String) async throws -> Void
    ) {
        self.folder = folder
        self.missing = missing
        self.adopt = adopt
    }
}
