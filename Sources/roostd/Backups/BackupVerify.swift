import ArgumentParser
import Foundation
import Model
import Toolkit

/// Looks at the repository, and at one backup as a restore would have it.
struct BackupVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Read each byte of the repository, restore a backup beside this host, and compare it with its manifest."
    )

    @OptionGroup var flags: HostFlags
    @Argument(help: "A backup, as `backup list` names it; else the newest.") var backup: String?
    @Flag(help: "Look at the repository's structure and the backup's files by name and size alone.") var quick = false
    @Option(help: "A folder with room for all of it; else the host's own state folder.") var scratch: String?

    func run() async throws {
        try BackupCommand.requireRoot()
        let config = try HostConfig.load(flags)
        let folder = BackupFolder(config.paths)
        let settings = try folder.ready()
        let lock = try folder.takeLock()
        defer { lock.release() }
        let restic = try folder.restic(settings)
        try await restic.unlock()
        print("looking at the repository \(settings.repository)")
        try await restic.check(data: !quick)
        let own = try? JSON.decode(
            HostIdentity.self,
            from: FileManager.default.contents(atPath: config.paths.identity) ?? Data(),
            what: config.paths.identity
        )
        let chosen = try BackupChoice.pick(backup, of: backup == nil ? own?.id : nil, in: try await restic.snapshots())
        if quick { return try await look(chosen, restic) }
        let place = scratch.map { "\($0)/roost-verify" } ?? folder.scratch
        try folder.clear(place)
        print("restoring backup \(chosen.short) of \(chosen.at.rfc3339) to \(place)")
        let outcome: Result<BackupManifest, any Error>
        do {
            let copy = try await BackupCopy.bring(chosen.id, of: restic, to: place)
            try copy.check()
            outcome = .success(copy.manifest)
        } catch {
            outcome = .failure(error)
        }
        try folder.clear(place)
        let manifest = try outcome.get()
        try folder.note { $0.lastTest = .now() }
        say(manifest, chosen)
        print("It is whole: \(manifest.totalBytes >> 20) MB, each byte as it was.")
    }

    // MARK: - Private

    private func look(_ chosen: ResticOutput.Snapshot, _ restic: Restic) async throws {
        let data = try await restic.read(BackupManifest.Place.manifest, of: chosen.id)
        let what = "the manifest of backup \(chosen.short)"
        let manifest = try JSON.decode(BackupManifest.self, from: data, what: what)
        let objections = manifest.objections(to: try await restic.list(chosen.id))
        guard objections.isEmpty else {
            throw Fault(.corrupt, "backup \(chosen.short): \(objections.prefix(5).joined(separator: "; "))")
        }
        say(manifest, chosen)
        print("All of its files are there. Without --quick each byte is looked at.")
    }

    private func say(_ manifest: BackupManifest, _ chosen: ResticOutput.Snapshot) {
        let apps = manifest.apps.map { "\($0.name)\($0.release.map { " v\($0)" } ?? "")" }
        print("backup \(chosen.short) of \(manifest.host.name), \(manifest.at.rfc3339), by Roost \(manifest.version)")
        print("  apps: \(apps.isEmpty ? "none" : apps.joined(separator: ", "))")
        print("  \(manifest.volumes.count) volumes, \(manifest.images.count) images, store at \(manifest.revision)")
    }
}
