import ArgumentParser
import Foundation
import Model
import Toolkit

/// What is done about backups without the running daemon.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Say where backups go, list them, look at one, restore one on an empty host.",
        subcommands: [BackupInit.self, BackupList.self, BackupVerify.self, BackupRestore.self]
    )

    /// - Throws: ``Fault`` `hostUnfit` for everybody but root.
    static func requireRoot() throws(Fault) {
        guard geteuid() == 0 else {
            throw Fault(.hostUnfit, "the state of this host, and its backups, are root's", hint: "sudo roost backup …")
        }
    }
}

/// Where backups go, and what opens them.
struct BackupInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Say where backups go, and print the recovery sheet, once."
    )

    @OptionGroup var flags: HostFlags
    @Argument(help: "Where to: a folder, or s3:https://HOST/BUCKET.") var repo: String
    @Flag(help: "The recovery sheet is in a safe place.") var saved = false
    @Flag(help: "Leave the place that there is, and begin anew at this one.") var replace = false

    func run() async throws {
        try BackupCommand.requireRoot()
        let config = try HostConfig.load(flags)
        let repository = try BackupRepository(repo)
        guard !repository.isBelow(config.paths.state) else {
            throw Fault(
                .invalidRequest,
                "\(repo) is within the state folder, and would be lost with it",
                hint: "name a folder on another disk, or a bucket"
            )
        }
        let folder = BackupFolder(config.paths)
        let lock = try folder.takeLock()
        defer { lock.release() }
        let before = try folder.settings()
        if let before, !replace {
            let isSame = before.repository == repository.address
            // Said once more with keys of the bucket: those count from now on.
            if isSame, saved, repository.isRemote, let keys = try? Restic.given(for: repository) {
                _ = try await folder.restic(before, environment: keys).snapshots()
                try folder.write(environment: keys, for: before.keyID)
                return try finish(before, folder)
            }
            if before.isSaved {
                throw Fault(
                    .invalidState,
                    "this host's backups go to \(before.repository) already",
                    hint: "roost backup create makes one; to begin anew elsewhere: roost backup init \(repo) --replace"
                )
            }
            // The sheet was printed, and is now said to be safe.
            if isSame, saved { return try finish(before, folder) }
        }
        try await begin(repository, before, folder, config)
    }

    // MARK: - Private

    private func begin(
        _ repository: BackupRepository,
        _ before: BackupSettings?,
        _ folder: BackupFolder,
        _ config: HostConfig
    ) async throws {
        let key = RecoveryKey()
        let settings = BackupSettings(
            repository: repository.address,
            recoveryKey: key.publicKey,
            keyID: key.id,
            createdAt: .now()
        )
        // One that was begun, and whose sheet nobody has kept, goes on with its password.
        var begun: BackupSettings?
        if let before, before.repository == repository.address, !before.isSaved { begun = before }
        var password = SpokenBytes.password(bytes: 25)
        if let begun { password = try Self.text(folder.passwordFile(begun.keyID)) }
        let keys = try Restic.given(for: repository)
        try folder.write(password: password, environment: keys, for: key.id)
        let restic = try folder.restic(settings)
        do {
            try await restic.initialise()
        } catch let fault as Fault {
            guard fault.code == .invalidState, begun != nil else { throw fault }
            _ = try await restic.snapshots()
        }
        try folder.write(settings)
        let sheet = RecoverySheet(
            host: config.host,
            at: settings.createdAt,
            repository: repository,
            password: password,
            recoveryKey: key.text
        )
        print(sheet.text)
        fflush(nil)
        if saved { return try finish(settings, folder) }
        if Prompt.hasPerson {
            let answer = try Prompt.ask("Is it in a safe place? (yes) ", isSecret: false)
            if ["y", "yes"].contains(answer?.lowercased()) { return try finish(settings, folder) }
        }
        throw Fault(
            .cancelled,
            "nothing is backed up before the recovery sheet is in a safe place",
            hint: "when it is: roost backup init \(repository.address) --saved; for a new sheet, without --saved"
        )
    }

    private func finish(_ settings: BackupSettings, _ folder: BackupFolder) throws(Fault) {
        var settings = settings
        settings.isSaved = true
        try folder.write(settings)
        print("Backups go to \(settings.repository): serve makes the first within a minute, then one each day.")
        print("roost backup create makes one now; roost backup verify tries the newest out.")
    }

    private static func text(_ path: String) throws(Fault) -> String {
        guard let data = FileManager.default.contents(atPath: path) else { throw Durable.fault(errno, "read", path) }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// What there is in the repository.
struct BackupList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the backups, newest first.")

    @OptionGroup var flags: HostFlags
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    /// A row of the list, for scripts.
    private struct Row: Encodable {
        var id: String
        var at: String
        var host: String
        var isLastGood: Bool
    }

    func run() async throws {
        try BackupCommand.requireRoot()
        let folder = BackupFolder(try HostConfig.load(flags).paths)
        let (settings, status) = (try folder.ready(), folder.status)
        let rows = try await folder.restic(settings).snapshots().map { one in
            Row(
                id: one.short,
                at: one.at.rfc3339,
                host: one.host,
                isLastGood: status.lastGood.map { one.id.hasPrefix($0.snapshot) } ?? false
            )
        }
        if json {
            let data = try JSON.encode(rows)
            return print(String(decoding: data, as: UTF8.self))
        }
        var table = Table("ID", "MADE AT", "HOST", "")
        for row in rows { table.add(row.id, row.at, row.host, row.isLastGood ? "the last good one" : "") }
        print(table.text)
        print(rows.isEmpty ? "there is none in \(settings.repository) yet" : "in \(settings.repository)")
        if let trouble = status.trouble {
            print("the last try, at \(trouble.at.rfc3339), failed: \(trouble.fault.message)")
        }
        print(
            status.lastTest.map { "last tried out at \($0.rfc3339)" } ?? "none was tried out yet: roost backup verify"
        )
    }
}
