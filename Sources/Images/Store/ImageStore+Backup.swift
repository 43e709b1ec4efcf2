import Foundation
import Glibc
package import Model
import Synchronization
import Toolkit

extension ImageStore {
    /// Lays images out for a backup: an OCI layout whose blobs are second names of the store's own.
    ///
    /// - Parameters:
    ///   - digests: of images; those that are not whole on this host are passed over.
    ///   - folder: does not exist yet.
    /// - Returns: the images, and all files of the layout with their digests, by path in it.
    /// - Throws: ``Fault`` of the disk, or `corrupt` for a manifest that can't be read.
    package func layOut(
        _ digests: [String],
        to folder: String
    ) async throws -> (images: [BackupManifest.Image], files: [BackupManifest.File]) {
        try await withLease {
            try await Blocking.run { [self] in
                try Durable.makeFolder("\(folder)/blobs/sha256", mode: 0o700)
                var (images, blobs): ([BackupManifest.Image], [String: Int64]) = ([], [:])
                var index = OCI.Index(manifests: [])
                for digest in digests {
                    guard var descriptor = state.withLock({ $0.manifests.first { $0.digest == digest } }),
                        let parts = try wholeParts(of: digest)
                    else { continue }
                    for (digits, bytes) in parts where blobs[digits] == nil {
                        try lend(digits, to: "\(folder)/blobs/sha256/\(digits)")
                        blobs[digits] = bytes
                    }
                    descriptor.annotations = [OCI.referenceAnnotation: digest]
                    index.manifests.append(descriptor)
                    images.append(.init(digest: digest, bytes: parts.values.reduce(0, +)))
                }
                var files = blobs.sorted { $0.key < $1.key }.map {
                    BackupManifest.File(path: "blobs/sha256/\($0.key)", bytes: $0.value, sha256: $0.key)
                }
                let texts = [("oci-layout", Data(OCI.layoutText.utf8)), ("index.json", try JSON.encode(index))]
                for (name, data) in texts {
                    try Durable.write(data, to: "\(folder)/\(name)", mode: 0o600)
                    files.append(.init(path: name, bytes: Int64(data.count), sha256: Digest.hex(data)))
                }
                return (images, files)
            }
        }
    }

    // MARK: - Private

    /// The digits and sizes of all blobs of an image; nil when one of them is not here.
    private func wholeParts(of digest: String) throws(Fault) -> [String: Int64]? {
        guard let own = Hex.digits(of: digest), FileTree.exists(blobPath(own)) else { return nil }
        let manifest = try manifest(digest)
        var parts: [String: Int64] = [:]
        for name in [digest, manifest.config.digest] + manifest.layers.map(\.digest) {
            guard let digits = Hex.digits(of: name), let status = try FileTree.status(blobPath(digits)) else {
                return nil
            }
            parts[digits] = Int64(status.st_size)
        }
        return parts
    }

    private func lend(_ digits: String, to place: String) throws(Fault) {
        if link(blobPath(digits), place) == 0 { return }
        // Another disk below the state folder.
        guard errno == EXDEV else { throw Durable.fault(errno, "link", blobPath(digits)) }
        try FileTree.copy(blobPath(digits), to: place, mode: 0o600)
    }
}
