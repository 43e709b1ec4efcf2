import Glibc
import Model
import Toolkit

extension OCIRuntime {
    /// Removes what build steps of a daemon that crashed have left.
    func removeAbandonedBuilds() async throws {
        for name in KernelFile.names(in: "\(paths.run)/builds") + KernelFile.names(in: "\(paths.state)/builds") {
            guard let id = Machine.ID(name) else { continue }
            try await removeBuild(id)
        }
    }

    func removeBuild(_ id: Machine.ID) async throws {
        let folders = MachineFolders(build: id, paths)
        try await lanes.run(id) { () throws(Fault) in try clearBlocking(id, folders, upper: nil) }
        try await removeTrees([folders.state, folders.run])
        lanes.forget(id)
    }
}
