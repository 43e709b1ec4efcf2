import Foundation
import Model
import Toolkit

/// The images that were built for an app, so that they go with it.
struct BuiltImages: Sendable {
    let store: ImageStore
    let app: String

    /// As many as an app may keep releases, and some more.
    private static let count = 50

    func all() throws(Fault) -> [String] {
        let path = try path()
        guard let bytes = try FileTree.read(path, limit: OCI.documentLimit) else { return [] }
        // What can't be read names none: they then go when they are old enough.
        return (try? JSON.decode([String].self, from: Data(bytes), what: path)) ?? []
    }

    func add(_ digest: String) throws(Fault) {
        let earlier = try all().filter { $0 != digest }
        try Durable.makeFolder(try AppCache(store: store, app: app).place(""))
        try Durable.write(try JSON.encode(earlier.suffix(Self.count - 1) + [digest]), to: try path())
    }

    // MARK: - Private

    private func path() throws(Fault) -> String { try AppCache(store: store, app: app).place("images.json") }
}
