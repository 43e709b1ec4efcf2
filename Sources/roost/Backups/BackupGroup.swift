import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

/// Copies of all that a host holds, elsewhere, from which an empty host becomes this one again.
struct BackupGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Keep all of this host elsewhere, encrypted, and make an empty host this one again.",
        subcommands: [
            BackupInit.self, BackupCreate.self, BackupList.self, BackupVerify.self, BackupRestore.self,
        ]
    )
}

struct BackupInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Say where backups go, and print the recovery sheet, once.",
        discussion: """
            REPO is a folder on another disk, as /mnt/backup, or a bucket, as s3:https://HOST/BUCKET/FOLDER, whose keys are taken \
            from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Nothing is backed up before somebody has said that the sheet is in a \
            safe place: yes on the terminal, or --saved.
            """
    )

    @Argument(help: "Where to: a folder, or s3:https://HOST/BUCKET.") var repo: String
    @Flag(help: "The recovery sheet is in a safe place.") var saved = false
    @Flag(help: "Leave the place that there is, and begin anew at this one.") var replace = false

    func run() throws {
        try HostProgram.run(["backup", "init", repo] + (saved ? ["--saved"] : []) + (replace ? ["--replace"] : []))
    }
}

struct BackupCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a backup now; serve makes one each day by itself."
    )

    @Flag(help: "Begin it and return at once.") var detach = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        try await RoostClient.atHost { client in
            let begun = try await client.post("/v1/backups", JSONValue.object([:]), as: BackupView.self)
            if detach { return Output.warn("a backup has begun; roost backup list shows how it went") }
            let good = try await Self.follow(client, since: begun.startedAt ?? .now())
            if json { return try Output.json(good) }
            print("Backup \(good.snapshot) of \(good.apps) apps and \(good.volumes) volumes is made and whole")
            print(
                "\(good.addedBytes >> 20) MB of \(good.totalBytes >> 20) MB were new, in \(Elapsed.text(good.seconds))"
            )
            for note in good.notes { Output.warning(note) }
        }
    }

    /// Waits for its end, and tells what goes on meanwhile.
    private static func follow(_ client: RoostClient, since begin: Timestamp) async throws -> BackupStatus.Good {
        var told: String?
        while true {
            let view = try await client.get("/v1/backups", as: BackupView.self)
            guard let stage = view.stage else {
                if let good = view.status.lastGood, good.at >= begin { return good }
                if let failure = view.status.lastFailure, failure.at >= begin { throw failure.fault }
                throw Fault(.cancelled, "the backup was not made: roostd was restarted, or its log says why")
            }
            if stage != told { Output.warn(Output.harmless(stage)) }
            told = stage
            try await Task.sleep(for: .milliseconds(300))
        }
    }
}

struct BackupList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the backups, newest first, and when one was last good and last tried out.",
        aliases: ["ls"]
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() throws { try HostProgram.run(["backup", "list"] + (json ? ["--json"] : [])) }
}

struct BackupVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Read each byte of the repository, restore a backup beside this host, and compare it with its manifest."
    )

    @Argument(help: "A backup, as `backup list` names it; else the newest.") var backup: String?
    @Flag(help: "Look at the repository's structure and the backup's files by name and size alone.") var quick = false
    @Option(help: "A folder with room for all of it; else the host's own state folder.") var scratch: String?

    func run() throws {
        let more = (quick ? ["--quick"] : []) + (scratch.map { ["--scratch", $0] } ?? [])
        try HostProgram.run(["backup", "verify"] + (backup.map { [$0] } ?? []) + more)
    }
}

struct BackupRestore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make an empty host what another one was, from its backup; serve must be stopped.",
        discussion: """
            Needs the package, restic, and what stands on the recovery sheet: REPO, the password and the recovery key, which are \
            asked for on the terminal or read from files. Cut off at any point, it is run again.
            """
    )

    @Argument(help: "Where the backups are: a folder, or s3:https://HOST/BUCKET.") var repo: String
    @Option(help: "A backup's name; else the newest.") var backup: String?
    @Option(help: "The host whose backups they are, where a repository has those of several.") var from: String?
    @Option(help: "A file with the password; else it is asked for.") var passwordFile: String?
    @Option(help: "A file with the recovery key; else it is asked for.") var recoveryKeyFile: String?

    func run() throws {
        let options = [
            ("--backup", backup), ("--from", from), ("--password-file", passwordFile),
            ("--recovery-key-file", recoveryKeyFile),
        ]
        try HostProgram.run(
            ["backup", "restore", repo] + options.flatMap { name, value in value.map { [name, $0] } ?? [] }
        )
    }
}
