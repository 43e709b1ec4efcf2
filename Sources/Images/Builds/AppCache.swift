import Glibc
import Model
import Toolkit

/// What builds of one app keep for the next; never shared between apps, for a build may write anything there.
struct AppCache: Sendable {
    let store: ImageStore
    let app: String

    /// The apps that have any.
    static func all(in store: ImageStore) throws(Fault) -> [String] {
        let folder = "\(store.root)/cache/apps"
        return FileTree.exists(folder) ? try FileTree.names(in: folder).sorted() : []
    }

    /// A folder that is there, and belongs to the user of build steps.
    func folder(_ name: String) throws(Fault) -> String {
        let path = try place(name)
        try Durable.makeFolder(path)
        let owner = uid_t(BuildStepRunner.userID)
        guard chown(path, owner, owner) == 0 else { throw Durable.fault(errno, "change the owner of", path) }
        return path
    }

    /// Where a file or folder of it is, which need not be there.
    func place(_ name: String) throws(Fault) -> String { "\(try root())/\(name)" }

    /// Empties the caches that have grown beyond a limit: what an app's builds put there is bounded by nothing else.
    func trim(to limit: Int64) throws(Fault) {
        let root = try root()
        guard FileTree.exists(root) else { return }
        for name in try FileTree.names(in: root) where Self.trimmed.contains(name) {
            let path = "\(root)/\(name)"
            if DiskUse.of(path).bytes > limit { try FileTree.remove(path) }
        }
    }

    /// Removes all of it, and says of the layers that only this app's builds would have used that nobody needs them.
    func remove() throws(Fault) {
        let root = try root()
        guard FileTree.exists(root) else { return }
        try BuildCache(store: store, app: app).forget()
        try FileTree.remove(root)
    }

    // MARK: - Private

    /// uv's cache, compiled modules, and cache mounts of Dockerfiles.
    private static let trimmed: Set = ["uv", "bytecode", "buildah"]

    private func root() throws(Fault) -> String {
        guard !app.isEmpty, !app.hasPrefix("."), app.utf8.count <= 128, !app.contains("/"), !app.utf8.contains(0) else {
            throw Fault(.invalidRequest, "\(ConfigNode.quoted(app)) is not the name of an app")
        }
        return "\(store.root)/cache/apps/\(app)"
    }
}
