import ArgumentParser
import Foundation
import Model
import Runtime
import Store
import Toolkit

/// Lays out all that a backup holds in one folder, most of it as second names of files that are there already.
///
/// The store is copied first: what it names of volumes and images then is what is looked for.
struct BackupStage {
    let config: HostConfig
    let settings: BackupSettings
    let volumes: VolumeStore
    let images: Workshop
    let folder: String

    /// - Parameter stage: is told what goes on.
    /// - Returns: what there is, and the names at the folder's top.
    /// - Throws: ``Fault`` of whatever can't be had; a backup without it would be none.
    func make(_ stage: @Sendable (String) async -> Void) async throws -> (manifest: BackupManifest, names: [String]) {
        try Durable.makeFolder(folder, mode: 0o700)
        var manifest = BackupManifest(
            id: ULID.make(),
            at: .now(),
            version: Roostd.configuration.version,
            host: try host()
        )
        manifest.recoveryKey = settings.keyID
        await stage("store")
        // Before and after: a key that a rotation makes or forgets meanwhile may be the one that the copy needs.
        var keys = try keyFiles()
        manifest.revision = try StoreCopies(config.paths).take(to: path(Place.store))
        keys.merge(try keyFiles()) { $1 }
        let records = BackupRecords(try StoreInspection.records(copy: path(Place.store)))
        manifest.apps = records.summaries
        try seal(keys)
        try copyPlain()
        for volume in try records.volumes() {
            await stage("volume \(volume.id) of \(volume.app)")
            let content = try await volumes.layOut(volume, to: path(Place.volume(volume.id)))
            manifest.volumes.append(.init(volume, content))
        }
        await stage("images")
        let wanted = records.images
        manifest.unreadable = records.unreadable
        let laid = try await images.layOut(wanted, to: path(Place.images))
        manifest.images = laid.images
        manifest.absent = wanted.filter { digest in !laid.images.contains { $0.digest == digest } }
        manifest.files = laid.files.map { file in
            .init(path: "\(Place.images)/\(file.path)", bytes: file.bytes, sha256: file.sha256)
        }
        manifest.files += try own()
        manifest.files.sort { $0.path < $1.path }
        try Durable.write(try JSON.encode(manifest), to: path(Place.manifest), mode: 0o600)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        return (manifest, names)
    }

    // MARK: - Private

    private typealias Place = BackupManifest.Place

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    private func host() throws(Fault) -> BackupManifest.Host {
        let file = config.paths.identity
        guard let data = FileManager.default.contents(atPath: file) else { throw Durable.fault(ENOENT, "read", file) }
        return .init(id: try JSON.decode(HostIdentity.self, from: data, what: file).id, name: config.host)
    }

    /// What opens something, by its path from the state folder.
    private func keyFiles() throws(Fault) -> [String: KeyBundle.File] {
        var files: [String: KeyBundle.File] = [:]
        for top in Place.sealed {
            let root = "\(config.paths.state)/\(top)"
            for name in FileManager.default.subpaths(atPath: root) ?? [] {
                // Of the folder of backups only what the next host needs to go on with them.
                if top == "backup", !BackupFolder.isKept(name) { continue }
                guard let facts = Self.facts("\(root)/\(name)") else { continue }
                // One that a rotation has just removed is one that nothing needs.
                guard let data = FileManager.default.contents(atPath: "\(root)/\(name)") else { continue }
                let path = "\(top)/\(name)"
                files[path] = .init(path: path, mode: facts.mode, content: data.base64EncodedString())
            }
        }
        return files
    }

    /// They go into one file, which root of this host can't open either.
    private func seal(_ keys: [String: KeyBundle.File]) throws(Fault) {
        let bundle = KeyBundle(files: keys.values.sorted { $0.path < $1.path })
        let sealed = try RecoveryKey.seal(bundle, to: settings.recoveryKey)
        try Durable.write(try JSON.encode(sealed), to: path(Place.keys), mode: 0o600)
    }

    private func copyPlain() throws(Fault) {
        var sources = Place.plain.map { ("\(config.paths.state)/\($0)", $0) }
        if let file = config.file { sources.append((file, Place.configuration)) }
        for (source, name) in sources where FileManager.default.fileExists(atPath: source) {
            do {
                try FileManager.default.copyItem(atPath: source, toPath: path(name))
            } catch {
                throw Fault(.io, "can't copy \(source): \(error)")
            }
        }
    }

    /// Files of the stage itself, all but volumes and images.
    private func own() throws(Fault) -> [BackupManifest.File] {
        var files: [BackupManifest.File] = []
        for name in FileManager.default.subpaths(atPath: folder) ?? [] {
            let top = name.prefix { $0 != "/" }
            guard top != Place.volumes, top != Place.images else { continue }
            guard let facts = Self.facts(path(name)) else { continue }
            files.append(.init(path: name, bytes: facts.bytes, sha256: try Digest.hex(file: path(name))))
        }
        return files
    }

    /// Of a plain file; nil for whatever else stands there.
    private static func facts(_ path: String) -> (bytes: Int64, mode: Int)? {
        guard let all = try? FileManager.default.attributesOfItem(atPath: path),
            all[.type] as? FileAttributeType == .typeRegular, let bytes = all[.size] as? Int,
            let mode = all[.posixPermissions] as? Int
        else { return nil }
        return (Int64(bytes), mode & 0o777)
    }
}
