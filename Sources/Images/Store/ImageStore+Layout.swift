import Foundation
import Model
import Synchronization
import Toolkit

extension ImageStore {
    /// Writes an OCI layout with one image of the store into a new folder; its blobs stay in the store.
    func writeLayout(of image: Image, to folder: String) throws(Fault) {
        guard let manifest = state.withLock({ $0.manifests.first { $0.digest == image.digest } }) else {
            throw Fault(.imageNotFound, "image \(image.digest) is not on this host")
        }
        var descriptor = manifest
        descriptor.annotations = ["org.opencontainers.image.ref.name": "image"]
        try Durable.makeFolder("\(folder)/blobs")
        try Durable.write(Data(OCI.layoutText.utf8), to: "\(folder)/oci-layout")
        try Durable.write(try JSON.encode(OCI.Index(manifests: [descriptor])), to: "\(folder)/index.json")
    }
}
