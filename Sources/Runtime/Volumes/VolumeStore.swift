import Glibc
package import Model
package import Toolkit

/// The folders behind volumes: `<state>/volumes/<id>/data`.
package struct VolumeStore: Sendable {
    private let paths: HostPaths

    package init(paths: HostPaths) {
        self.paths = paths
    }

    /// The folder to mount; it may not be there yet.
    package func folder(_ id: String) -> String { "\(paths.volumes)/\(id)/data" }

    /// Makes a volume's folder; one that is there keeps its content and its owner.
    ///
    /// - Parameters:
    ///   - id: `vol_…`.
    ///   - user: who may write to it, as an image says it: `app`, `1000:1000`, empty for root.
    ///   - layers: unpacked layers, bottom first, whose `/etc/passwd` and `/etc/group` tell the numbers.
    /// - Returns: the folder to mount.
    /// - Throws: ``Fault`` `invalidConfig` when the image has no such user, `diskFull` or `io`.
    package func create(_ id: String, user: String = "", layers: [String] = []) throws(Fault) -> String {
        let folder = try checked(id)
        guard !KernelFile.exists(folder) else { return folder }
        let owner = try SandboxUser.resolve(
            user,
            passwd: RootedFile.read(layers: layers, "etc/passwd"),
            group: RootedFile.read(layers: layers, "etc/group")
        )
        try Durable.makeFolder(paths.volumes, mode: 0o711)
        try Durable.makeFolder("\(paths.volumes)/\(id)", mode: 0o711)
        // Renamed into place, so that a crash leaves no folder with the wrong owner.
        let fresh = "\(folder).new"
        try KernelFile.makeFolder(fresh, mode: 0o755)
        guard chmod(fresh, 0o755) == 0, chown(fresh, owner.uid, owner.gid) == 0, rename(fresh, folder) == 0 else {
            throw Durable.fault(errno, "set up", folder)
        }
        return folder
    }

    /// Removes a volume and what is on it; one that is gone already is no error.
    package func remove(_ id: String) async throws {
        let folder = try checked(id)
        // Renamed first: a removal that is cut short leaves nothing that looks like a volume.
        let doomed = "\(paths.volumes)/.gone-\(id)"
        if KernelFile.exists(folder), rename("\(paths.volumes)/\(id)", doomed) != 0 {
            throw Durable.fault(errno, "rename", folder)
        }
        try await Command("/bin/rm", ["-rf", "--one-file-system", "--", doomed, "\(paths.volumes)/\(id)"]).checked()
    }

    /// Volumes that this host holds.
    package func all() -> [String] { KernelFile.names(in: paths.volumes).filter { $0.hasPrefix("vol_") } }

    // MARK: - Private

    private func checked(_ id: String) throws(Fault) -> String {
        guard id.hasPrefix("vol_"),
            id.utf8.dropFirst(4).allSatisfy({ (48...57).contains($0) || (97...122).contains($0) })
        else { throw Fault(.invalidRequest, "'\(id)' is not a volume's ID") }
        return folder(id)
    }
}
