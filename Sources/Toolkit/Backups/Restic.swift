package import Foundation
package import Model

/// A repository of restic's, and how this host gets at it.
///
/// restic 0.14, which Debian 12 has, knows two exit codes, and says with 0 that it passed over a missing source: what it
/// stored is compared with what there was by whoever asks. Its password comes from a file.
package struct Restic: Sendable {
    package var repository: BackupRepository
    /// Holds the password, for root alone.
    package var passwordFile: String
    /// Keys of a bucket: `AWS_ACCESS_KEY_ID` and others.
    package var environment: [String: String]
    /// Where restic keeps what it has read of the repository.
    package var cache: String
    /// Held by each restic that does not only look, also by one that outlives who started it.
    package var lock: String
    /// The tag of what is ours: nothing else is listed or forgotten.
    package static let tag = "roost"
    /// Variables that open a bucket.
    package static let variables = [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION",
    ]
    /// `flock` says that somebody else has the lock.
    private static let held: Int32 = 75

    package init(
        repository: BackupRepository,
        passwordFile: String,
        environment: [String: String],
        cache: String,
        lock: String
    ) {
        self.repository = repository
        self.passwordFile = passwordFile
        self.environment = environment
        self.cache = cache
        self.lock = lock
    }

    /// Where the program is; nil: not installed.
    package static var program: String? { Command.find("restic") }

    /// Makes the repository.
    ///
    /// - Throws: ``Fault`` `invalidState` when there is one already.
    package func initialise() async throws {
        _ = try await run(["init"])
    }

    /// Removes locks of restics that have ended without; one that runs on is a ``Fault`` `invalidState`.
    package func unlock() async throws {
        _ = try await run(["unlock", "--quiet"])
    }

    /// Stores files and folders of a folder.
    ///
    /// - Parameters:
    ///   - names: in that folder; each is at the backup's top then.
    ///   - folder: the same each time, so that restic knows what it has stored before.
    ///   - host: whose it is.
    /// - Returns: the snapshot, and how much of it was new.
    /// - Throws: ``Fault`` `toolFailed` also when some of it could not be read: the snapshot is no backup then.
    package func store(_ names: [String], of folder: String, host: String) async throws -> ResticOutput.Summary {
        // Times of change don't count: a second name for a file, as most of these are, alters it.
        let arguments = ["backup", "--json", "--ignore-ctime", "--tag", Self.tag, "--host", host, "--"] + names
        var command = try command(arguments)
        command.workingDirectory = folder
        command.environment["RESTIC_PROGRESS_FPS"] = "0.05"
        let told = LastLines()
        let code = try await command.stream { line in await told.add(line) }
        let lines = await told.lines
        guard code == 0, let summary = lines.compactMap({ ResticOutput.summary($0) }).last else {
            throw fault(code, lines.filter { !$0.hasPrefix("{") }.joined(separator: "\n"))
        }
        return summary
    }

    /// What is ours in the repository, the newest first.
    package func snapshots() async throws -> [ResticOutput.Snapshot] {
        let text = try await run(["snapshots", "--json", "--no-lock", "--tag", Self.tag], alone: false)
        return try ResticOutput.snapshots(text)
    }

    /// Sizes of all files of a snapshot, by path from its top.
    package func list(_ snapshot: String) async throws -> [String: Int64] {
        var command = try command(["ls", "--json", "--no-lock", snapshot], alone: false)
        command.environment["RESTIC_PROGRESS_FPS"] = "0.05"
        let files = FoundFiles()
        let code = try await command.stream { line in await files.add(line) }
        guard code == 0 else { throw fault(code, await files.words.joined(separator: "\n")) }
        return await files.sizes
    }

    /// One file of a snapshot.
    package func read(_ path: String, of snapshot: String) async throws -> Data {
        Data(try await run(["dump", "--no-lock", snapshot, "/\(path)"], alone: false).utf8)
    }

    /// Forgets a snapshot; what only it had stays until the next ``forget(_:host:)``.
    package func forget(snapshot: String) async throws {
        _ = try await run(["forget", "--quiet", snapshot])
    }

    /// Forgets the host's snapshots that a policy does not keep, and what only they had.
    package func forget(_ policy: BackupPolicy, host: String) async throws {
        guard !policy.arguments.isEmpty else { return }
        let whose = ["--tag", Self.tag, "--host", host, "--group-by", "host"]
        _ = try await run(["forget", "--quiet"] + whose + policy.arguments + ["--prune"])
    }

    /// Looks at the repository: its structure, and with `data` each byte in it.
    ///
    /// - Throws: ``Fault`` `corrupt` with restic's words.
    package func check(data: Bool) async throws {
        let outcome = try await command(["check"] + (data ? ["--read-data"] : [])).run()
        guard outcome.code != 0 else { return }
        let words = outcome.error + outcome.output
        let found = words.split(separator: "\n").filter { $0.contains("error") || $0.contains("does not match") }
        guard words.contains("repository contains errors") || !found.isEmpty else { throw fault(outcome.code, words) }
        throw Fault(
            .corrupt,
            "the repository \(repository.address) is damaged: \(found.suffix(4).joined(separator: "; "))",
            hint: "begin a new one, elsewhere: roost backup init --replace REPO; what can still be read of this one: "
                + "roost backup verify --quick"
        )
    }

    /// Writes all of a snapshot below a folder.
    package func restore(_ snapshot: String, to folder: String) async throws {
        _ = try await run(["restore", "--no-lock", snapshot, "--target", folder])
    }

    // MARK: - Private

    /// Not `alone`: for what only looks, also while another one works.
    private func command(_ arguments: [String], alone: Bool = true) throws(Fault) -> Command {
        guard let program = Self.program, let holder = Command.find("flock") else {
            throw Fault(.toolMissing, "restic is not installed; it makes backups", hint: "apt-get install restic")
        }
        let conflict = ["--nonblock", "--no-fork", "--conflict-exit-code", "\(Self.held)"]
        var all = environment
        all["RESTIC_REPOSITORY"] = repository.address
        all["RESTIC_PASSWORD_FILE"] = passwordFile
        all["RESTIC_CACHE_DIR"] = cache
        guard alone else { return Command(program, arguments, environment: all, outputLimit: 64 << 20) }
        return Command(holder, conflict + [lock, program] + arguments, environment: all, outputLimit: 64 << 20)
    }

    private func run(_ arguments: [String], alone: Bool = true) async throws -> String {
        let outcome = try await command(arguments, alone: alone).run()
        guard outcome.code == 0 else { throw fault(outcome.code, outcome.error + outcome.output) }
        return outcome.output
    }

    /// What restic's words mean.
    private func fault(_ code: Int32, _ words: String) -> Fault {
        if code == Self.held {
            return Fault(
                .invalidState,
                "a restic of an earlier backup still runs: it holds \(lock)",
                hint: "wait for it, or end it: fuser \(lock) names it"
            )
        }
        let place = repository.address
        if words.contains("wrong password") {
            return Fault(
                .invalidRequest,
                "the password does not open the repository \(place)",
                hint: "it stands on the recovery sheet"
            )
        }
        if words.contains("config file already exists") {
            return Fault(
                .invalidState,
                "\(place) holds a repository already",
                hint: "name another place, or empty it where an init was cut off; "
                    + "to bring back what it holds: roost backup restore \(place)"
            )
        }
        if words.contains("Is there a repository") {
            return Fault(
                .unreachable,
                "there is no repository at \(place), or it is out of reach: \(Self.tail(words))",
                hint: "is its disk mounted? Are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY those of the bucket?"
            )
        }
        if words.contains("no space left on device") {
            return Fault(.diskFull, "the disk of \(place) is full: \(Self.tail(words))", hint: "make room on it")
        }
        return Fault(.toolFailed, "restic ended with \(code): \(Self.tail(words))")
    }

    private static func tail(_ words: String) -> String {
        words.split(separator: "\n").suffix(4).joined(separator: "; ")
    }
}

/// The last lines that a program has said.
private actor LastLines {
    private(set) var lines: [String] = []

    func add(_ line: String) {
        lines.append(line)
        if lines.count > 60 { lines.removeFirst(20) }
    }
}

/// What a snapshot's list names.
private actor FoundFiles {
    private(set) var sizes: [String: Int64] = [:]
    private(set) var words: [String] = []

    func add(_ line: String) {
        if let (path, bytes) = ResticOutput.file(line) {
            sizes[path] = bytes
        } else if !line.hasPrefix("{"), words.count < 20 {
            words.append(line)
        }
    }
}
