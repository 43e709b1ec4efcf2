import Foundation
import Glibc
package import Model
import Synchronization
import Toolkit

/// The images of this host: an OCI image layout beside its layers, each unpacked once.
///
/// ```
/// images/oci-layout  index.json  blobs/sha256/<hex>
/// images/layers/<hex>/       the layer with that diff ID, as overlayfs takes it
/// images/layers/<hex>.json   its record, without which it does not count
/// images/statics/<hex>/      files of the image with that digest that the edge answers with
/// images/tmp/                whatever is being made; swept at the start
/// ```
///
/// What is made is made in `tmp`, brought to the disk and renamed, so that nothing half-made is ever found under a name
/// that counts.
package final class ImageStore: Sendable {
    /// ``HostPaths/images``.
    let root: String
    let limits: BuildLimits
    let state: Mutex<State>
    /// Held while a layer comes to stand under its name, or goes from there; taken before `state`.
    let entrance = Mutex(())

    struct State {
        /// The images, as in `index.json`.
        var manifests: [OCI.Descriptor] = []
        /// When each build that goes on began, in seconds since 1970.
        var leases: [UUID: Int64] = [:]
        /// Folders of images that lie ready for an edge since this start, by the image's digits.
        var published: [String: Set<String>] = [:]
    }

    /// Opens the store, and clears away what an interrupted daemon left half-made.
    package init(images: String, limits: BuildLimits = BuildLimits()) throws(Fault) {
        root = images
        self.limits = limits
        // Closed to the host's users: layers hold programs that run as root.
        try Durable.makeFolder(images, mode: 0o700)
        for folder in ["blobs/sha256", "layers", "cache/keys"] { try Durable.makeFolder("\(images)/\(folder)") }
        try FileTree.remove("\(images)/tmp")
        try FileTree.makeFolder("\(images)/tmp")
        state = Mutex(State())
        try Self.sweepLayers(in: images)
        if !FileTree.exists("\(images)/oci-layout") {
            try Durable.write(Data(OCI.layoutText.utf8), to: "\(images)/oci-layout")
        }
        let index = try readIndex()
        state.withLock { $0.manifests = index }
    }

    /// An image that this host holds.
    ///
    /// - Throws: ``Fault`` `imageNotFound`.
    package func image(_ digest: String) throws(Fault) -> Image {
        let config = try config(of: try manifest(digest))
        return Image(digest: digest, layers: config.rootfs.diffIDs, config: .init(config.config ?? .init()))
    }

    /// The digests of all images.
    package var digests: [String] { state.withLock { $0.manifests.map(\.digest) } }

    /// The TCP ports that the image says its process listens on, the lowest first.
    package func exposedPorts(of digest: String) throws(Fault) -> [Int] {
        let ports = try config(of: try manifest(digest)).config?.exposedPorts ?? [:]
        return ports.keys.compactMap { key in
            let parts = key.split(separator: "/")
            guard parts.count < 2 || parts[1] == "tcp" else { return nil }
            return parts.first.flatMap { Int($0) }
        }.sorted()
    }

    /// The unpacked layers of an image, bottom first.
    ///
    /// - Throws: ``Fault`` `imageNotFound` when one is not on this host.
    package func layerPaths(of image: Image) throws(Fault) -> [String] {
        try layerPaths(image.layers)
    }

    /// Puts an image together from layers that are here.
    package func add(layers: [String], config: Image.Config) async throws -> Image {
        let document = OCI.ImageConfig(
            architecture: OCI.architecture,
            os: "linux",
            config: .init(config),
            rootfs: .init(diffIDs: layers)
        )
        return try await Blocking.run { [self] in
            let records = try layers.map { try use($0) }
            let data = try JSON.encode(document)
            let digest = try putDocument(data)
            let manifest = OCI.Manifest(
                mediaType: OCI.manifestType,
                config: .init(mediaType: OCI.configType, digest: digest, size: Int64(data.count)),
                layers: records.map(\.archive)
            )
            return try enter(try JSON.encode(manifest), mediaType: OCI.manifestType)
        }
    }

    // MARK: - For the builders

    /// Makes a new empty folder on the store's disk; whoever asks removes it.
    func makeScratch() throws(Fault) -> String {
        let folder = "\(root)/tmp/\(ULID.make())"
        try FileTree.makeFolder(folder)
        return folder
    }

    /// Runs a build; nothing that it makes or uses is collected until it ends.
    func withLease<Result>(_ body: () async throws -> Result) async throws -> Result {
        let id = UUID()
        let now = Timestamp.now().milliseconds / 1000
        state.withLock { $0.leases[id] = now }
        defer { state.withLock { $0.leases[id] = nil } }
        return try await body()
    }

    func layerPaths(_ diffIDs: [String]) throws(Fault) -> [String] {
        var paths: [String] = []
        for diffID in diffIDs {
            guard let digits = Hex.digits(of: diffID), FileTree.exists(recordPath(digits)) else {
                throw Fault(
                    .imageNotFound,
                    "layer \(diffID) is not on this host",
                    hint: "make it again: roost deploy FOLDER"
                )
            }
            paths.append("\(root)/layers/\(digits)")
        }
        return paths
    }

    /// Makes a layer of a folder on the store's disk, and takes the folder.
    ///
    /// - Returns: its diff ID. The same files give the same one.
    func addLayer(from folder: String, form: LayerPacker.Form) async throws -> String {
        let work = LayerWork(limit: limits.layer)
        return try await Blocking.run(interruptible: { [self] interruption in
            let archive = "\(root)/tmp/\(ULID.make()).tar"
            defer { unlink(archive) }
            let (digits, size) = try LayerPacker.pack(folder, to: archive, form: form, work.until(interruption))
            let descriptor = OCI.Descriptor(mediaType: OCI.layerType, digest: "sha256:\(digits)", size: size)
            let record = LayerRecord(diffID: descriptor.digest, archive: descriptor, unpacked: size)
            try keep(folder: folder, archive: archive, as: record)
            return descriptor.digest
        })
    }

    /// Makes a folder and its archive a layer; both are gone from where they were.
    func keep(folder: String, archive: String, as record: LayerRecord) throws(Fault) {
        guard let digits = Hex.digits(of: record.diffID), let blob = Hex.digits(of: record.archive.digest) else {
            throw Fault(.corrupt, "\(record.diffID) is not a SHA-256")
        }
        guard chmod(folder, 0o755) == 0 else { throw Durable.fault(errno, "set the mode of", folder) }
        if !FileTree.exists(recordPath(digits)) { try FileTree.syncDisk(of: root) }
        // Two builds may bring the same layer at once: the second must see the record of the first, or it would take
        // away a folder that Machines have mounted by now.
        let isThere = try entrance.withLock { _ throws(Fault) -> Bool in
            if FileTree.exists(recordPath(digits)) {
                try FileTree.touch(recordPath(digits))
                return true
            }
            try FileTree.rename(archive, to: blobPath(blob))
            // One without a record is the rest of a build that was ended just here.
            try FileTree.remove("\(root)/layers/\(digits)")
            try FileTree.rename(folder, to: "\(root)/layers/\(digits)")
            try Durable.write(try JSON.encode(record), to: recordPath(digits))
            return false
        }
        if isThere { try FileTree.remove(folder) }
    }

    /// The record of a layer, which now counts as used.
    func use(_ diffID: String) throws(Fault) -> LayerRecord {
        guard let digits = Hex.digits(of: diffID) else { throw Fault(.corrupt, "\(diffID) is not a SHA-256") }
        // Under the lock, so that no collection decides between our look and our touch.
        let bytes = try state.withLock { _ throws(Fault) -> [UInt8]? in
            guard let bytes = try FileTree.read(recordPath(digits), limit: OCI.documentLimit) else { return nil }
            try FileTree.touch(recordPath(digits))
            return bytes
        }
        guard let bytes else {
            throw Fault(
                .imageNotFound,
                "layer \(diffID) is not on this host",
                hint: "make it again: roost deploy FOLDER"
            )
        }
        return try JSON.decode(LayerRecord.self, from: Data(bytes), what: "the record of layer \(diffID)")
    }

    /// Stores a manifest whose blobs are all here, and lists it among the images.
    func enter(_ manifest: Data, mediaType: String) throws(Fault) -> Image {
        let digest = try putDocument(manifest)
        let descriptor = OCI.Descriptor(mediaType: mediaType, digest: digest, size: Int64(manifest.count))
        try state.withLock { state throws(Fault) in
            guard !state.manifests.contains(where: { $0.digest == digest }) else { return }
            try writeIndex(state.manifests + [descriptor])
            state.manifests.append(descriptor)
        }
        return try image(digest)
    }

    /// Stores a document under its digest.
    func putDocument(_ data: Data) throws(Fault) -> String {
        let digits = Digest.hex(data)
        if FileTree.exists(blobPath(digits)) {
            try FileTree.touch(blobPath(digits))
        } else {
            try Durable.write(data, to: blobPath(digits))
        }
        return "sha256:\(digits)"
    }

    func manifest(_ digest: String) throws(Fault) -> OCI.Manifest {
        guard let digits = Hex.digits(of: digest),
            let bytes = try FileTree.read(blobPath(digits), limit: OCI.documentLimit)
        else {
            throw Fault(
                .imageNotFound,
                "image \(digest) is not on this host",
                hint: "make it again: roost deploy FOLDER"
            )
        }
        return try JSON.decode(OCI.Manifest.self, from: Data(bytes), what: "the manifest \(digest)")
    }

    func config(of manifest: OCI.Manifest) throws(Fault) -> OCI.ImageConfig {
        let digest = manifest.config.digest
        guard let digits = Hex.digits(of: digest),
            let bytes = try FileTree.read(blobPath(digits), limit: OCI.documentLimit)
        else { throw Fault(.imageNotFound, "the image configuration \(digest) is not on this host") }
        return try JSON.decode(OCI.ImageConfig.self, from: Data(bytes), what: "the image configuration \(digest)")
    }

    func blobPath(_ digits: String) -> String { "\(root)/blobs/sha256/\(digits)" }

    func recordPath(_ digits: String) -> String { "\(root)/layers/\(digits).json" }

    func writeIndex(_ manifests: [OCI.Descriptor]) throws(Fault) {
        try Durable.write(try JSON.encode(OCI.Index(manifests: manifests)), to: "\(root)/index.json")
    }

    // MARK: - Private

    private func readIndex() throws(Fault) -> [OCI.Descriptor] {
        guard let bytes = try FileTree.read("\(root)/index.json", limit: 64 << 20) else { return [] }
        do throws(Fault) {
            return try JSON.decode(OCI.Index.self, from: Data(bytes), what: "index.json").manifests
        } catch {
            // The blobs tell the same: only the list is lost, and no image of a release is found through it.
            try FileTree.rename("\(root)/index.json", to: "\(root)/index.json.corrupt-\(ULID.make())")
            return []
        }
    }

    /// Removes layers without a record and records without a layer.
    private static func sweepLayers(in images: String) throws(Fault) {
        let names = Set(try FileTree.names(in: "\(images)/layers"))
        for name in names {
            let counterpart = name.hasSuffix(".json") ? String(name.dropLast(5)) : "\(name).json"
            if !names.contains(counterpart) { try FileTree.remove("\(images)/layers/\(name)") }
        }
    }
}
