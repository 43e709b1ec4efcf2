import ArgumentParser
import Foundation
import Images
import Model
import Runtime
import Store
import Toolkit

/// Makes an empty host what another one was.
///
/// The store comes last: before it is there the host is empty, so whatever cuts this off, it is begun anew.
struct BackupRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make an empty host what another one was, from its backup; serve must be stopped."
    )

    @OptionGroup var flags: HostFlags
    @Argument(help: "Where the backups are: a folder, or s3:https://HOST/BUCKET.") var repo: String
    @Option(help: "A backup's name; else the newest.") var backup: String?
    @Option(help: "The host whose backups they are, where a repository has those of several.") var from: String?
    @Option(help: "A file with the password; else it is asked for.") var passwordFile: String?
    @Option(help: "A file with the recovery key; else it is asked for.") var recoveryKeyFile: String?

    func run() async throws {
        try BackupCommand.requireRoot()
        let config = try HostConfig.load(flags)
        let repository = try BackupRepository(repo)
        let paths = config.paths
        try Durable.makeFolder(paths.state, mode: 0o700)
        let lock = try InstanceLock(path: "\(paths.state)/serve.lock")
        defer { lock.release() }
        let password = try Self.secret(passwordFile, "Password of the repository: ", "--password-file")
        let key = try RecoveryKey(text: try Self.secret(recoveryKeyFile, "Recovery key: ", "--recovery-key-file"))
        let keys = try Restic.given(for: repository)
        try await BackupTarget(paths: paths).prepare(try Roostd.logger("restore", config))
        let work = "\(paths.state)/restore"
        try Self.waitForNobody("\(work).lock")
        try BackupFolder(paths).clear(work)
        defer { try? BackupFolder(paths).clear(work) }
        try Durable.makeFolder(work, mode: 0o700)
        try Durable.write(Data(password.utf8), to: "\(work)/password", mode: 0o600)
        let restic = Restic(
            repository: repository,
            passwordFile: "\(work)/password",
            environment: keys,
            cache: "\(work)/cache",
            lock: "\(work).lock"
        )
        try await bring(restic, key, config, work)
        unlink(restic.lock)
    }

    // MARK: - Private

    private typealias Place = BackupManifest.Place

    private func bring(_ restic: Restic, _ key: RecoveryKey, _ config: HostConfig, _ work: String) async throws {
        let chosen = try BackupChoice.pick(backup, of: from, in: try await restic.snapshots())
        print("bringing backup \(chosen.short) of \(chosen.at.rfc3339)")
        let copy = try await BackupCopy.bring(chosen.id, of: restic, to: "\(work)/copy")
        print("looking at each byte of it")
        try copy.check()
        // Before anything is put in place: a wrong key must not leave half a host.
        let bundle = try key.open(try copy.sealed())
        let manifest = copy.manifest
        let target = BackupTarget(paths: config.paths)
        try target.begin(chosen.id)
        print("\(manifest.images.count) images")
        let images = try ImageStore(images: config.paths.images, limits: config.build.limits)
        for image in manifest.images {
            let found = try await images.importLayout(copy.path(Place.images), reference: image.digest)
            guard found.digest == image.digest else {
                throw Fault(.corrupt, "image \(image.digest) of the backup is \(found.digest)")
            }
        }
        let volumes = VolumeStore(paths: config.paths)
        try volumes.prepare()
        for volume in manifest.volumes {
            print("volume \(volume.name) of \(volume.app), \(volume.content.dataBytes >> 20) MB")
            try await volumes.putBack(volume, from: copy.path(Place.volume(volume.id)))
        }
        try putKeys(bundle, config.paths)
        let settings = try putFiles(copy, config)
        try StoreCopies(config.paths).bringIn(copy.path(Place.store), mark: config.paths.mark, now: .now())
        target.finish()
        say(manifest, settings)
    }

    private func putKeys(_ bundle: KeyBundle, _ paths: HostPaths) throws(Fault) {
        for file in bundle.files {
            guard let data = Data(base64Encoded: file.content) else {
                throw Fault(.corrupt, "\(file.path) of the backup's keys is damaged")
            }
            let place = "\(paths.state)/\(file.path)"
            try Durable.makeFolder((place as NSString).deletingLastPathComponent, mode: 0o700)
            try Durable.write(data, to: place, mode: mode_t(file.mode & 0o700))
        }
    }

    /// - Returns: where the host's configuration is that somebody has to look at; nil when it is in its place.
    private func putFiles(_ copy: BackupCopy, _ config: HostConfig) throws(Fault) -> String? {
        for name in Place.plain where FileManager.default.fileExists(atPath: copy.path(name)) {
            let place = "\(config.paths.state)/\(name)"
            try BackupFolder(config.paths).clear(place)
            guard rename(copy.path(name), place) == 0 else { throw Durable.fault(errno, "put in place", place) }
        }
        guard let data = FileManager.default.contents(atPath: copy.path(Place.configuration)) else { return nil }
        let usual = "/etc/roost/roost.toml"
        // Only where all is where it usually is: elsewhere it may name folders and ports of another instance.
        if config.file == nil, config.paths.state == "/var/lib/roost" {
            try Durable.makeFolder("/etc/roost")
            try Durable.write(data, to: usual)
            return nil
        }
        let place = "\(config.paths.state)/restored-roost.toml"
        try Durable.write(data, to: place, mode: 0o600)
        return place
    }

    private func say(_ manifest: BackupManifest, _ settings: String?) {
        print("This host is what \(manifest.host.name) was at \(manifest.at.rfc3339).")
        if let settings {
            print("The other host's configuration is in \(settings): take over what fits into roost.toml.")
        }
        print("Start it: systemctl start roost-serve roost-edge (or roostd serve, roostd edge).")
        print("The other host must not run any more: both would order certificates and write to the same backups.")
    }

    /// A restic that has outlived a restore which was cut off would write into the folder of this one.
    private static func waitForNobody(_ lock: String) throws(Fault) {
        do throws(Fault) {
            try InstanceLock(path: lock).release()
        } catch {
            guard error.code == .invalidState else { throw error }
            throw Fault(
                .invalidState,
                "a restic of the restore that was cut off still runs: it holds \(lock)",
                hint: "wait for it, or end it: fuser \(lock) names it"
            )
        }
    }

    /// A secret is never an argument: of a file, or typed in.
    private static func secret(_ file: String?, _ question: String, _ flag: String) throws(Fault) -> String {
        if let file {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw Fault(.invalidRequest, "\(flag): \(file) can't be read")
            }
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard Prompt.hasPerson else {
            throw Fault(
                .invalidRequest,
                "there is no terminal to ask on: \(question.dropLast(2))",
                hint: "\(flag) names a file with it, readable for root alone"
            )
        }
        let text = try Prompt.ask(question, isSecret: true) ?? ""
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
