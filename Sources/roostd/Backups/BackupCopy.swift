import Foundation
import Model
import Runtime
import Store
import Toolkit

/// A backup that was brought from the repository to a folder, and has to show that it is what it was.
struct BackupCopy {
    let folder: String
    let manifest: BackupManifest
    private typealias Place = BackupManifest.Place

    /// Brings one here, once there is room for it.
    ///
    /// - Throws: ``Fault`` `diskFull` before anything is written, when there is not.
    static func bring(_ snapshot: String, of restic: Restic, to folder: String) async throws -> BackupCopy {
        let data = try await restic.read(Place.manifest, of: snapshot)
        let manifest = try JSON.decode(BackupManifest.self, from: data, what: "the manifest of backup \(snapshot)")
        try Durable.makeFolder(folder, mode: 0o700)
        var disk = statvfs()
        guard statvfs(folder, &disk) == 0 else { throw Durable.fault(errno, "look at", folder) }
        let free = Int64(disk.f_bavail) * Int64(disk.f_frsize)
        // A host whose disk a look at a backup fills up would be worse off than without.
        guard free - manifest.totalBytes > max(1 << 28, manifest.totalBytes / 10) else {
            throw Fault(
                .diskFull,
                "backup \(snapshot) has \(manifest.totalBytes >> 20) MB, and the disk of \(folder) \(free >> 20) MB left",
                hint: "roost backup verify --scratch DIR takes another disk, --quick does without"
            )
        }
        try await restic.restore(snapshot, to: folder)
        return BackupCopy(folder: folder, manifest: manifest)
    }

    /// Looks at each byte.
    ///
    /// - Throws: ``Fault`` `corrupt` naming what is not what the manifest says.
    func check() throws(Fault) {
        for file in manifest.files {
            guard FileManager.default.fileExists(atPath: path(file.path)) else {
                throw Fault(.corrupt, "the backup lacks \(file.path)")
            }
            let found = try Digest.hex(file: path(file.path))
            guard found == file.sha256 else { throw Fault(.corrupt, "\(file.path) of the backup is not what it was") }
        }
        for volume in manifest.volumes {
            try VolumeStore.check(volume, in: path(Place.volume(volume.id)))
        }
        // The copy is opened as a store: each page, each record that counts.
        let records = BackupRecords(try StoreInspection.records(copy: path(Place.store)))
        guard records.summaries == manifest.apps else {
            throw Fault(.corrupt, "the store of the backup has other apps than its manifest")
        }
        _ = try records.volumes()
        guard try sealed().keyID == manifest.recoveryKey else {
            throw Fault(.corrupt, "the keys of the backup are sealed to another key than its manifest says")
        }
    }

    /// The host's keys, which only the recovery key opens.
    func sealed() throws(Fault) -> SealedKeys {
        guard let data = FileManager.default.contents(atPath: path(Place.keys)) else {
            throw Fault(.corrupt, "the backup lacks \(Place.keys)")
        }
        return try JSON.decode(SealedKeys.self, from: data, what: "the backup's \(Place.keys)")
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }
}
