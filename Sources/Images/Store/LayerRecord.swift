/// A layer that this host holds, unpacked and as an archive.
///
/// Written last of all when one is made: without it there is no layer.
struct LayerRecord: Codable, Equatable, Sendable {
    /// `sha256:<hex>` of the archive before any compression.
    var diffID: String
    /// The archive as the manifest of an image names it.
    var archive: OCI.Descriptor
    /// Bytes of the archive before any compression; nil in records of earlier versions.
    var unpacked: Int64?

    /// About what it takes of the disk: the archive, and the files in it.
    var bytes: Int64 { archive.size + (unpacked ?? archive.size) }
}
