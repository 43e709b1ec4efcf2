import Foundation
import Glibc
package import Model
import Toolkit

/// What a backup has of volumes: a folder each, with one snapshot, or with a copy of what is no file system of its own.
extension VolumeStore {
    /// Lays out what a volume holds at this moment.
    ///
    /// A file system is held still for as long as it takes to copy what changes meanwhile: what is on it then is what a
    /// loss of power would have left, which file systems and databases are made for.
    ///
    /// - Parameters:
    ///   - volume: one of this host.
    ///   - folder: does not exist yet.
    /// - Returns: what there is of it.
    /// - Throws: ``Fault`` of the disk, or `timedOut` when too much has changed meanwhile.
    package func layOut(_ volume: Volume, to folder: String) async throws -> BackupManifest.Volume.Content {
        let (disk, kept) = (try disk(volume.id), try snapshots(of: volume.id))
        return try await lanes.run(volume.id) { () throws(Fault) -> BackupManifest.Volume.Content in
            guard disk.exists else {
                guard KernelFile.exists(disk.folder) else { return .init(.empty) }
                return try Self.copy(disk.folder, to: "\(folder)/\(BackupManifest.Place.folder)")
            }
            let passing = "backup-\(volume.id)"
            let facts = try kept.take(passing, of: disk)
            try Durable.makeFolder(folder, mode: 0o700)
            let lent = Result { () throws(Fault) in
                try kept.lend(passing, as: BackupManifest.Place.snapshot, to: SnapshotFolder(path: folder))
            }
            try kept.drop(passing)
            var content = BackupManifest.Volume.Content(.disk, dataBytes: facts.dataBytes, files: try lent.get())
            content.digest = facts.digest
            content.diskBytes = facts.diskBytes
            content.pauseMilliseconds = facts.pauseMilliseconds
            return content
        }
    }

    /// Makes a volume anew of what was laid out; one that is there already stays as it is.
    ///
    /// - Throws: ``Fault`` `corrupt` when something is not what it was, `hostUnfit` on a host without loop devices.
    package func putBack(_ volume: BackupManifest.Volume, from folder: String) async throws {
        let disk = try disk(volume.id)
        try await lanes.run(volume.id) { () throws(Fault) -> Void in
            guard !disk.exists, !KernelFile.exists(disk.folder) else { return }
            switch volume.content.kind {
            case .disk:
                guard VolumeDisk.canBeMounted else {
                    throw Fault(
                        .hostUnfit,
                        "volume \(volume.id) is a file system in a file, which this host can't mount",
                        hint: "roost doctor says what it lacks: /dev/loop-control, e2fsprogs"
                    )
                }
                let kept = SnapshotFolder(path: folder)
                try make(volume.id) { (fresh: VolumeDisk) throws(Fault) in
                    try kept.restore(BackupManifest.Place.snapshot, to: fresh)
                }
            case .folder:
                try make(volume.id) { (fresh: VolumeDisk) throws(Fault) in
                    rmdir(fresh.folder)
                    _ = try Self.copy("\(folder)/\(BackupManifest.Place.folder)", to: fresh.folder)
                }
            case .empty, .unknown: return
            }
        }
    }

    /// Looks at all that was laid out of a volume.
    ///
    /// - Throws: ``Fault`` `corrupt` when it is not what the manifest says.
    package static func check(_ volume: BackupManifest.Volume, in folder: String) throws(Fault) {
        switch volume.content.kind {
        case .disk:
            let digest = try SnapshotFolder(path: folder).check(BackupManifest.Place.snapshot)
            guard digest == volume.content.digest else {
                throw Fault(.corrupt, "volume \(volume.id) is not what the manifest says: \(digest)")
            }
        case .folder:
            let count = try self.count("\(folder)/\(BackupManifest.Place.folder)").files
            guard count == volume.content.files else {
                throw Fault(.corrupt, "volume \(volume.id) has \(count) files, and had \(volume.content.files)")
            }
        case .empty, .unknown: return
        }
    }

    // MARK: - Private

    private static func copy(_ from: String, to: String) throws(Fault) -> BackupManifest.Volume.Content {
        try Durable.makeFolder((to as NSString).deletingLastPathComponent, mode: 0o711)
        let outcome = try Spawn.run(
            ["cp", "-a", "--reflink=auto", "--sparse=always", "--", from, to],
            limit: .seconds(3600)
        )
        guard outcome.code == 0 else { throw Fault(.io, "can't copy \(from): \(outcome.output)") }
        let count = try count(to)
        return .init(.folder, dataBytes: count.bytes, files: count.files)
    }

    private static let sum = "awk '{n++; s+=$1} END {printf \"%d %.0f\", n, s}'"

    /// Plain files below a folder; others, as sockets, are no content.
    private static func count(_ folder: String) throws(Fault) -> (files: Int, bytes: Int64) {
        let outcome = try Spawn.run(
            ["/bin/sh", "-c", "find \"$1\" -type f -printf '%s\\n' | \(sum)", "sh", folder],
            limit: .seconds(3600)
        )
        let numbers = outcome.output.split(separator: " ").compactMap { Int64($0) }
        guard outcome.code == 0, numbers.count == 2 else {
            throw Fault(.io, "can't look through \(folder): \(outcome.output)")
        }
        return (Int(numbers[0]), numbers[1])
    }
}
