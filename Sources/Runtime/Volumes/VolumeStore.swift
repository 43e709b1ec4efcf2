import Foundation
import Glibc
package import Model
package import Toolkit

/// The volumes of this host: `<state>/volumes/<id>/disk`, mounted at `data` beside it, and what was kept of them.
///
/// A volume of before there were disks is a plain folder, and stays one; so is one of a host without loop devices, of which
/// the doctor tells: a volume without a limit is better than none.
package struct VolumeStore: Sendable {
    let paths: HostPaths
    let lanes = Lanes<String>()

    package init(paths: HostPaths) {
        self.paths = paths
    }

    /// The folder to mount; it may not be there yet.
    package func folder(_ id: String) -> String { "\(paths.volumes)/\(id)/data" }

    /// Makes a volume, or opens the one that is there, which keeps its content and its owner.
    ///
    /// - Parameters:
    ///   - volume: its size counts; one that is smaller grows.
    ///   - user: who may write to it, as an image says it: `app`, `1000:1000`, empty for root.
    ///   - layers: unpacked layers, bottom first, whose `/etc/passwd` and `/etc/group` tell the numbers.
    /// - Returns: the folder to mount.
    /// - Throws: ``Fault`` `invalidConfig` when the image has no such user, `diskFull` or `io`.
    package func open(_ volume: Volume, user: String = "", layers: [String] = []) async throws -> String {
        let disk = try disk(volume.id)
        return try await lanes.run(volume.id) { () throws(Fault) in
            if !disk.exists, !KernelFile.exists(disk.folder) {
                let owner = try SandboxUser.resolve(
                    user,
                    passwd: RootedFile.read(layers: layers, "etc/passwd"),
                    group: RootedFile.read(layers: layers, "etc/group")
                )
                try make(volume.id) { (fresh: VolumeDisk) throws(Fault) in
                    if VolumeDisk.canBeMounted {
                        try fresh.make(bytes: volume.diskBytes, owner: (owner.uid, owner.gid))
                    } else if chmod(fresh.folder, 0o755) != 0 || chown(fresh.folder, owner.uid, owner.gid) != 0 {
                        throw Durable.fault(errno, "set up", fresh.folder)
                    }
                }
            }
            guard disk.exists else { return disk.folder }
            try disk.grow(to: volume.diskBytes)
            try disk.open()
            return disk.folder
        }
    }

    /// Unmounts a volume that no Machine uses; one that is used stays as it is.
    package func close(_ id: String) async throws {
        let disk = try disk(id)
        try await lanes.run(id) { () throws(Fault) in try disk.close() }
    }

    /// Removes a volume, what is on it and what was kept of it; one that is gone already is no error.
    package func remove(_ id: String) async throws {
        let disk = try disk(id)
        let (place, kept) = ("\(paths.volumes)/\(id)", "\(paths.snapshots)/\(id)")
        let doomed = "\(paths.volumes)/.gone-\(id)"
        try await lanes.run(id) { () throws(Fault) in
            if disk.exists { try disk.close() }
            // Renamed first: a removal that is cut short leaves nothing that looks like a volume.
            if KernelFile.exists(place), rename(place, doomed) != 0 { throw Durable.fault(errno, "rename", place) }
            try OCIRuntime.removeTrees([doomed, kept])
        }
    }

    /// Volumes that this host holds.
    package func all() -> [String] { KernelFile.names(in: paths.volumes).filter { $0.hasPrefix("vol_") } }

    /// Ends what an earlier daemon may have left: half-made volumes, and file systems that stand still.
    package func prepare() throws(Fault) {
        for name in KernelFile.names(in: paths.volumes) where name.hasPrefix(".new-") || name.hasPrefix(".gone-") {
            let disk = VolumeDisk(file: "\(paths.volumes)/\(name)/disk", folder: "\(paths.volumes)/\(name)/data")
            if disk.exists { try disk.close() }
            try OCIRuntime.removeTrees(["\(paths.volumes)/\(name)"])
        }
        for id in all() {
            let disk = try disk(id)
            if disk.isOpen { StillFolder.end(disk.folder) }
        }
    }

    /// Unmounts all volumes, when no Machine is left.
    package func closeAll() async throws {
        for id in all() where try disk(id).exists { try await close(id) }
    }

    // MARK: - Private

    /// Makes a volume beside its place, and puts it there when it is whole.
    func make(_ id: String, _ body: (VolumeDisk) throws(Fault) -> Void) throws(Fault) {
        try Durable.makeFolder(paths.volumes, mode: 0o711)
        let fresh = "\(paths.volumes)/.new-\(id)"
        try OCIRuntime.removeTrees([fresh])
        try KernelFile.makeFolder(fresh, mode: 0o711)
        try KernelFile.makeFolder("\(fresh)/data", mode: 0o755)
        do throws(Fault) {
            try body(VolumeDisk(file: "\(fresh)/disk", folder: "\(fresh)/data"))
        } catch {
            try? OCIRuntime.removeTrees([fresh])
            throw error
        }
        guard chmod(fresh, 0o711) == 0, rename(fresh, "\(paths.volumes)/\(id)") == 0 else {
            throw Durable.fault(errno, "set up", fresh)
        }
    }

    func disk(_ id: String) throws(Fault) -> VolumeDisk {
        guard id.hasPrefix("vol_"), Self.isPlain(id.dropFirst(4)) else {
            throw Fault(.invalidRequest, "'\(id)' is not a volume's ID")
        }
        return VolumeDisk(file: "\(paths.volumes)/\(id)/disk", folder: folder(id))
    }

    func snapshots(of id: String) throws(Fault) -> SnapshotFolder {
        _ = try disk(id)
        return SnapshotFolder(path: "\(paths.snapshots)/\(id)")
    }

    private static func isPlain(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) }
    }
}

extension VolumeStore: VolumeKeeper {
    /// - Throws: ``Fault`` `hostUnfit` when the file system grows only once its Machine has been started again.
    package func grow(_ volume: Volume) async throws {
        let disk = try disk(volume.id)
        let isDone = try await lanes.run(volume.id) { () throws(Fault) in
            try disk.exists ? disk.grow(to: volume.diskBytes) : true
        }
        guard isDone else {
            throw Fault(
                .hostUnfit,
                "this host lets nobody grow a file system in use: volume \(volume.id) grows when its Machine starts again",
                hint: "give roostd the capability CAP_SYS_RESOURCE"
            )
        }
    }

    package func fill(_ volume: Volume, from source: VolumeSource) async throws {
        let disk = try disk(volume.id)
        guard !disk.exists else { return try await grow(volume) }
        switch source {
        case .snapshot(let id, let other):
            let kept = try snapshots(of: other)
            try await lanes.run(other) { () throws(Fault) in
                try make(volume.id) { (fresh: VolumeDisk) throws(Fault) in try kept.restore(id, to: fresh) }
            }
        case .volume(let other):
            let (from, kept) = (try self.disk(other), try snapshots(of: other))
            try await lanes.run(other) { () throws(Fault) in
                guard from.exists else { return try copyFolder(from.folder, to: volume) }
                let passing = "fork-\(volume.id)"
                _ = try kept.take(passing, of: from)
                defer { unlink("\(kept.path)/\(passing).json") }
                try make(volume.id) { (fresh: VolumeDisk) throws(Fault) in try kept.restore(passing, to: fresh) }
            }
        }
        try await grow(volume)
    }

    package func snapshot(_ volume: Volume, as id: String) async throws -> VolumeSnapshot.Facts {
        let (disk, kept) = (try disk(volume.id), try snapshots(of: volume.id))
        guard id.hasPrefix("vs_"), Self.isPlain(id.dropFirst(3)) else {
            throw Fault(.invalidRequest, "'\(id)' is not a snapshot's ID")
        }
        return try await lanes.run(volume.id) { () throws(Fault) in
            guard disk.exists else {
                guard KernelFile.exists(disk.folder) else {
                    throw Fault(
                        .invalidState,
                        "volume \(volume.id) is empty: no Machine has used it yet",
                        hint: "start a Machine that mounts it"
                    )
                }
                throw Fault(
                    .unsupported,
                    "volume \(volume.id) is a plain folder of an earlier version, which can't be held still",
                    hint: "make one of today of it: roost volumes fork \(volume.id)"
                )
            }
            return try kept.take(id, of: disk)
        }
    }

    /// Removes the snapshots of a volume that are not among those.
    package func keepSnapshots(_ ids: Set<String>, of volume: String) async throws {
        let kept = try snapshots(of: volume)
        try await lanes.run(volume) { () throws(Fault) in try kept.keep(ids) }
    }

    package func usage(_ volume: Volume) async -> VolumeUsage? {
        guard let disk = try? disk(volume.id), KernelFile.exists(disk.folder) else { return nil }
        var facts = statvfs()
        guard !disk.exists || disk.isOpen, statvfs(disk.folder, &facts) == 0 else { return nil }
        let block = Int64(facts.f_frsize)
        let total = Int64(facts.f_blocks) * block
        // What it has once its Machine has been started again, so that it does not grow once more for the same reason.
        let coming = disk.exists && disk.isGrowing ? max(0, disk.size - total) : 0
        return VolumeUsage(
            totalBytes: total + coming,
            freeBytes: Int64(facts.f_bavail) * block + coming,
            blockSize: block,
            isUnlimited: !disk.exists
        )
    }

    /// A volume of before there were disks, copied into one of today.
    private func copyFolder(_ folder: String, to volume: Volume) throws(Fault) {
        guard KernelFile.exists(folder) else { return }
        try make(volume.id) { (fresh: VolumeDisk) throws(Fault) in
            try fresh.make(bytes: volume.diskBytes, owner: (0, 0))
            try fresh.open()
            let copied = Result { () throws(Fault) in
                let command = ["cp", "-a", "--sparse=always", "--", "\(folder)/.", fresh.folder]
                let outcome = try Spawn.run(command, limit: .seconds(3600))
                guard outcome.code == 0 else { throw Fault(.io, "can't copy \(folder): \(outcome.output)") }
            }
            try fresh.close()
            try copied.get()
        }
    }
}

extension Volume {
    /// Of its disk.
    var diskBytes: Int64 { Int64(sizeGB) << 30 }
}
