import Foundation
import Model
import Toolkit

extension ImageStore {
    /// Writes an OCI layout with one image of the store into a new folder; its blobs stay in the store.
    ///
    /// In the layout it has a history, without which buildah takes no image of several layers for a base.
    func writeLayout(of image: Image, to folder: String) throws(Fault) {
        var manifest = try manifest(image.digest)
        var config = try config(of: manifest)
        config.history = config.rootfs.diffIDs.map { .init(createdBy: "roost \($0)") }
        let data = try JSON.encode(config)
        manifest.config = .init(
            mediaType: manifest.config.mediaType,
            digest: try putDocument(data),
            size: Int64(data.count)
        )
        let document = try JSON.encode(manifest)
        var descriptor = OCI.Descriptor(
            mediaType: OCI.manifestType,
            digest: try putDocument(document),
            size: Int64(document.count)
        )
        descriptor.annotations = ["org.opencontainers.image.ref.name": "image"]
        try Durable.makeFolder("\(folder)/blobs")
        try Durable.write(Data(OCI.layoutText.utf8), to: "\(folder)/oci-layout")
        try Durable.write(try JSON.encode(OCI.Index(manifests: [descriptor])), to: "\(folder)/index.json")
    }
}
