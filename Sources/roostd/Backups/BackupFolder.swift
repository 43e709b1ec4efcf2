import Foundation
import Model
import Toolkit

/// What a host keeps of its backups in its state folder, for root alone.
///
/// ```
/// backup/settings.json      where they go, and the public half of the recovery key
/// backup/password-ID        of the repository; ID is that of the recovery key, so that the settings say which counts
/// backup/environment-ID.json  keys of a bucket
/// backup/status.json        how the last ones went
/// backup/lock               held by whoever makes, looks at or restores one
/// backup/restic.lock        held by a restic that runs
/// backup/stage/             what the next one is laid out in
/// backup/scratch/           what one is restored to, to be looked at
/// backup/cache/             restic's own
/// ```
struct BackupFolder: Sendable {
    let path: String

    init(_ paths: HostPaths) { path = paths.backup }

    var stage: String { "\(path)/stage" }
    var scratch: String { "\(path)/scratch" }
    private var settingsFile: String { "\(path)/settings.json" }
    private var statusFile: String { "\(path)/status.json" }

    /// Nil where no backup was ever asked for.
    func settings() throws(Fault) -> BackupSettings? {
        guard let data = FileManager.default.contents(atPath: settingsFile) else { return nil }
        return try JSON.decode(BackupSettings.self, from: data, what: settingsFile)
    }

    /// - Throws: ``Fault`` `invalidState` with the command that makes it so.
    func ready() throws(Fault) -> BackupSettings {
        guard let settings = try settings() else {
            throw Fault(
                .invalidState,
                "this host has no place for backups yet",
                hint: "roost backup init /mnt/backup, on another disk, or roost backup init s3:https://HOST/BUCKET"
            )
        }
        guard settings.isSaved else {
            throw Fault(
                .invalidState,
                "nobody has said yet that the recovery sheet is in a safe place: without it no backup is worth anything",
                hint: "roost backup init \(settings.repository) --saved"
            )
        }
        return settings
    }

    /// What opens the repository, for root alone.
    func passwordFile(_ keyID: String) -> String { "\(path)/password-\(keyID)" }

    /// Those files of this folder that the next host needs to go on with the same backups.
    static func isKept(_ name: String) -> Bool {
        name == "settings.json" || name.hasPrefix("password-") || name.hasPrefix("environment-")
    }

    /// Keeps other keys of the bucket that is used already.
    func write(environment: [String: String], for keyID: String) throws(Fault) {
        try Durable.write(try JSON.encode(environment), to: environmentFile(keyID), mode: 0o600)
    }

    /// Keeps what opens a repository; nothing uses it before the settings name it.
    func write(password: String, environment: [String: String], for keyID: String) throws(Fault) {
        try Durable.makeFolder(path, mode: 0o700)
        try Durable.write(Data(password.utf8), to: passwordFile(keyID), mode: 0o600)
        try write(environment: environment, for: keyID)
    }

    /// From now on these are the host's; what opened another repository goes.
    func write(_ settings: BackupSettings) throws(Fault) {
        try Durable.write(try JSON.encode(settings), to: settingsFile, mode: 0o600)
        let needed = [passwordFile(settings.keyID), environmentFile(settings.keyID), settingsFile]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where Self.isKept(name) {
            if !needed.contains("\(path)/\(name)") { unlink("\(path)/\(name)") }
        }
    }

    /// A status that can't be read counts as none: the next good backup writes it anew.
    var status: BackupStatus {
        guard let data = FileManager.default.contents(atPath: statusFile) else { return BackupStatus() }
        return (try? JSON.decode(BackupStatus.self, from: data, what: statusFile)) ?? BackupStatus()
    }

    /// Only for who has the lock.
    func note(_ change: (inout BackupStatus) -> Void) throws(Fault) {
        var status = status
        change(&status)
        try Durable.write(try JSON.encode(status), to: statusFile, mode: 0o600)
    }

    /// The repository, by the keys that are kept for it or by others.
    func restic(_ settings: BackupSettings, environment other: [String: String]? = nil) throws(Fault) -> Restic {
        var environment = other ?? [:]
        let file = environmentFile(settings.keyID)
        if other == nil, let data = FileManager.default.contents(atPath: file) {
            environment = try JSON.decode([String: String].self, from: data, what: file)
        }
        return Restic(
            repository: try BackupRepository(settings.repository),
            passwordFile: passwordFile(settings.keyID),
            environment: environment,
            cache: "\(path)/cache",
            lock: "\(path)/restic.lock"
        )
    }

    /// Keeps everybody else out; the kernel lets go when the process ends.
    func takeLock() throws -> InstanceLock {
        try Durable.makeFolder(path, mode: 0o700)
        do throws(Fault) {
            return try InstanceLock(path: "\(path)/lock")
        } catch {
            guard error.code == .invalidState else { throw error }
            throw Fault(
                .invalidState,
                "another backup, or a look at one, is under way on this host",
                hint: "wait for it: roost backup list shows how it went"
            )
        }
    }

    private func environmentFile(_ keyID: String) -> String { "\(path)/environment-\(keyID).json" }

    /// Removes what was laid out or restored; links in it are not followed.
    func clear(_ folder: String) throws(Fault) {
        guard FileManager.default.fileExists(atPath: folder) else { return }
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            throw Fault(.io, "can't remove \(folder): \(error)")
        }
    }
}

extension Restic {
    /// What opens a bucket, of the environment of whoever runs the command; a folder needs nothing.
    ///
    /// - Throws: ``Fault`` `invalidRequest` without the keys: a bucket that lets in everybody is no place for backups.
    static func given(for repository: BackupRepository) throws(Fault) -> [String: String] {
        guard repository.isRemote else { return [:] }
        let all = ProcessInfo.processInfo.environment
        let missing = variables.prefix(2).filter { all[$0]?.isEmpty ?? true }
        guard missing.isEmpty else {
            throw Fault(
                .invalidRequest,
                "\(missing.joined(separator: " and ")) of the bucket \(repository.address) is not set",
                hint: "set both for this command, and AWS_DEFAULT_REGION where the bucket wants it; "
                    + "they are kept for root alone"
            )
        }
        return Dictionary(variables.compactMap { name in all[name].map { (name, $0) } }) { $1 }
    }
}
