import Foundation
import Glibc
package import Model
import Toolkit

extension ImageStore {
    /// Takes in an image that another program wrote as an OCI layout.
    ///
    /// Every blob's hash and every layer's diff ID is checked; of an image for several machines, this one's is taken.
    ///
    /// - Parameters:
    ///   - folder: the layout, on any disk.
    ///   - reference: its name in the layout; may be nil when there is but one.
    ///   - blobs: where the layout's blobs are; nil is in the layout itself.
    /// - Returns: the image, with the digest that it had in the layout.
    /// - Throws: ``Fault`` `corrupt` when a hash is wrong, `imageNotFound` when there is no such image in it,
    ///   `unsupported` for an image of another machine or a compression that this host can't undo.
    package func importLayout(
        _ folder: String,
        reference: String? = nil,
        blobs: String? = nil
    ) async throws -> Image {
        let layout = Layout(folder: folder, blobs: blobs ?? "\(folder)/blobs")
        let (descriptor, manifestData) = try layout.manifest(reference)
        let manifest = try JSON.decode(OCI.Manifest.self, from: manifestData, what: "the manifest \(descriptor.digest)")
        let configData = try layout.document(manifest.config)
        let what = "the image configuration \(manifest.config.digest)"
        let config = try JSON.decode(OCI.ImageConfig.self, from: configData, what: what)
        guard config.os == "linux", config.architecture == OCI.architecture else {
            throw Fault(
                .unsupported,
                "the image is for \(config.os)/\(config.architecture), this host is linux/\(OCI.architecture)"
            )
        }
        guard config.rootfs.diffIDs.count == manifest.layers.count, !manifest.layers.isEmpty else {
            throw Fault(.corrupt, "the manifest \(descriptor.digest) and its configuration disagree on the layers")
        }
        for (layer, diffID) in zip(manifest.layers, config.rootfs.diffIDs) {
            try await importLayer(layer, diffID: diffID, from: layout)
        }
        return try await Blocking.run { [self] in
            guard try putDocument(configData) == manifest.config.digest else {
                throw Fault(.corrupt, "\(what) has another digest")
            }
            return try enter(manifestData, mediaType: descriptor.mediaType)
        }
    }

    /// Makes a folder on the store's disk with a second name for each blob, for a program that shall bring only others.
    func lend(to folder: String) throws(Fault) {
        try Durable.makeFolder("\(folder)/sha256")
        for name in try FileTree.names(in: "\(root)/blobs/sha256") {
            // One that a collection has just taken is brought again.
            guard link(blobPath(name), "\(folder)/sha256/\(name)") == 0 || errno == ENOENT else {
                throw Durable.fault(errno, "link", blobPath(name))
            }
        }
    }

    // MARK: - Private

    private func importLayer(_ layer: OCI.Descriptor, diffID: String, from layout: Layout) async throws {
        guard let digits = Hex.digits(of: diffID), let blob = Hex.digits(of: layer.digest) else {
            throw Fault(.corrupt, "\(diffID) or \(layer.digest) is not a SHA-256")
        }
        if FileTree.exists(recordPath(digits)) {
            // The same files, but perhaps packed another way: the manifest's own archive has to be here too.
            guard try use(diffID).archive.digest != layer.digest else { return }
            return try await importArchive(layer, blob, from: layout)
        }
        let scratch = try makeScratch()
        defer { FileTree.discard(scratch) }
        let (archive, plain) = ("\(scratch)/archive", "\(scratch)/plain")
        try await Blocking.run(interruptible: { try layout.copy(layer, to: archive, $0.check) })
        let compression = try Compression.of(archive)
        try await compression.undo(archive, into: plain, limit: limits.layer)
        let work = LayerWork(limit: limits.layer)
        try await Blocking.run(interruptible: { [self] interruption in
            try FileTree.makeFolder("\(scratch)/root")
            let tar = compression == .none ? archive : plain
            let found = try LayerUnpacker.unpack(tar, into: "\(scratch)/root", work.until(interruption))
            guard found == digits else {
                throw Fault(.corrupt, "the layer \(layer.digest) holds sha256:\(found), not \(diffID)")
            }
            let size = try FileTree.status(tar).map { Int64($0.st_size) }
            let record = LayerRecord(diffID: diffID, archive: layer, unpacked: size)
            try keep(folder: "\(scratch)/root", archive: archive, as: record)
        })
    }

    private func importArchive(_ layer: OCI.Descriptor, _ digits: String, from layout: Layout) async throws {
        try await Blocking.run(interruptible: { [self] interruption in
            if FileTree.exists(blobPath(digits)) { return try FileTree.touch(blobPath(digits)) }
            let archive = "\(root)/tmp/\(ULID.make())"
            defer { unlink(archive) }
            try layout.copy(layer, to: archive, interruption.check)
            try FileTree.syncDisk(of: root)
            try FileTree.rename(archive, to: blobPath(digits))
        })
    }
}

/// An OCI layout that somebody else wrote.
private struct Layout: Sendable {
    let folder: String
    let blobs: String

    /// The manifest of an image for this machine.
    func manifest(_ reference: String?) throws(Fault) -> (OCI.Descriptor, Data) {
        guard let bytes = try FileTree.read("\(folder)/index.json", limit: OCI.documentLimit) else {
            throw Fault(.imageNotFound, "\(folder) is not an OCI layout: it has no index.json")
        }
        var list = try JSON.decode(OCI.Index.self, from: Data(bytes), what: "\(folder)/index.json").manifests
        if let reference { list = list.filter { $0.annotations?[OCI.referenceAnnotation] == reference } }
        // An index may name another one; more than a few of them is a circle.
        for _ in 0..<4 {
            guard let descriptor = Self.pick(list) else {
                throw Fault(.imageNotFound, "\(folder) holds no image \(reference ?? "") for linux/\(OCI.architecture)")
            }
            let data = try document(descriptor)
            guard OCI.indexTypes.contains(descriptor.mediaType) else { return (descriptor, data) }
            list = try JSON.decode(OCI.Index.self, from: data, what: "the index \(descriptor.digest)").manifests
        }
        throw Fault(.corrupt, "\(folder) holds an index of indexes of indexes")
    }

    /// A small document, whose hash is right.
    func document(_ descriptor: OCI.Descriptor) throws(Fault) -> Data {
        let bytes = try FileTree.read(try path(descriptor), limit: OCI.documentLimit)
        guard let bytes, "sha256:\(Digest.hex(Data(bytes)))" == descriptor.digest else {
            throw Fault(.corrupt, "the blob \(descriptor.digest) of \(folder) is missing or has another hash")
        }
        return Data(bytes)
    }

    /// Copies a layer's archive and checks its hash.
    func copy(_ descriptor: OCI.Descriptor, to place: String, _ check: () throws -> Void) throws {
        try FileTree.copy(try path(descriptor), to: place, mode: 0o644, check: check)
        guard "sha256:\(try Digest.hex(file: place, check: check))" == descriptor.digest else {
            throw Fault(.corrupt, "the blob \(descriptor.digest) of \(folder) has another hash")
        }
    }

    private func path(_ descriptor: OCI.Descriptor) throws(Fault) -> String {
        guard let digits = Hex.digits(of: descriptor.digest) else {
            throw Fault(.unsupported, "\(ConfigNode.quoted(descriptor.digest)) is not a SHA-256")
        }
        return "\(blobs)/sha256/\(digits)"
    }

    private static func pick(_ list: [OCI.Descriptor]) -> OCI.Descriptor? {
        let mine = OCI.Platform(architecture: OCI.architecture, os: "linux")
        return list.first { $0.platform == mine } ?? list.first { $0.platform == nil }
    }
}
