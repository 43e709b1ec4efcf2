import Glibc
import Model
import Toolkit

/// What builds of one app keep for the next; never shared between apps, for a build may write anything there.
struct AppCache: Sendable {
    let store: ImageStore
    let app: String

    /// A folder that is there, and belongs to the user of build steps.
    func folder(_ name: String) throws(Fault) -> String {
        guard !app.isEmpty, !app.hasPrefix("."), app.utf8.count <= 128, !app.contains("/"), !app.utf8.contains(0) else {
            throw Fault(.invalidRequest, "\(ConfigNode.quoted(app)) is not the name of an app")
        }
        let path = "\(store.root)/cache/apps/\(app)/\(name)"
        try Durable.makeFolder(path)
        let owner = uid_t(StepRunner.userID)
        guard chown(path, owner, owner) == 0 else { throw Durable.fault(errno, "change the owner of", path) }
        return path
    }

    /// Removes all of it.
    func remove() throws(Fault) {
        guard !app.isEmpty, !app.hasPrefix("."), !app.contains("/") else { return }
        try FileTree.remove("\(store.root)/cache/apps/\(app)")
    }
}
