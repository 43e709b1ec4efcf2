import Foundation
import Glibc
import Model
import Toolkit

/// Remembers which layers were made of which inputs.
struct BuildCache: Sendable {
    let store: ImageStore
    /// Whose results these are, which go with the app; nil for what all apps share.
    var app: String?

    /// What came of the same inputs before, if all its layers are still here; they then count as used now.
    func find<Value: Codable & CachedLayers>(_ key: some Encodable, as _: Value.Type) throws(Fault) -> Value? {
        let path = try path(key)
        guard let bytes = try FileTree.read(path, limit: OCI.documentLimit) else { return nil }
        do throws(Fault) {
            let value = try JSON.decode(Value.self, from: Data(bytes), what: path)
            for layer in value.layers { _ = try store.use(layer) }
            try FileTree.touch(path)
            return value
        } catch {
            // A cache that can't be used is as good as an empty one; what is made anew replaces it.
            return nil
        }
    }

    func save(_ key: some Encodable, _ value: some Codable & CachedLayers) throws(Fault) {
        try Durable.write(try JSON.encode(value), to: try path(key))
    }

    /// Lets the layers of all its results be collected, unless somebody else has a use for them.
    func forget() throws(Fault) {
        let folder = try folder()
        for name in try FileTree.names(in: folder) {
            guard let bytes = try FileTree.read("\(folder)/\(name)", limit: OCI.documentLimit),
                let value = try? JSON.decode(CachedLayer.self, from: Data(bytes), what: name)
            else { continue }
            for layer in value.layers { try store.release(layer) }
        }
    }

    // MARK: - Private

    private func path(_ key: some Encodable) throws(Fault) -> String {
        "\(try folder())/\(Digest.hex(try JSON.encode(key))).json"
    }

    private func folder() throws(Fault) -> String {
        guard let app else { return "\(store.root)/cache/keys" }
        let folder = try AppCache(store: store, app: app).place("keys")
        try Durable.makeFolder(folder)
        return folder
    }
}
