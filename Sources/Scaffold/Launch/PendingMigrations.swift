package import Model

/// The migrations that a deploy would bring along, and those of them that the release which still runs would not survive.
package struct PendingMigrations: Equatable, Sendable {
    /// One operation that breaks code of the release before.
    package struct Break: Equatable, Sendable {
        /// `alembic/versions/b2.py:8`.
        package var place: String
        package var revision: String
        package var message: String
        /// How to come there in several releases.
        package var way: String
    }

    /// The newest revisions of the project, sorted; empty when it has none that can be read.
    package var heads: [String]
    package var breaks: [Break]
    /// Which migrations are new can't be told: the release in service says nothing of its own, or has others.
    package var isUnknown: Bool

    /// Reads the revisions of a project's Alembic folders; nothing is run.
    ///
    /// - Parameters:
    ///   - scan: the project.
    ///   - running: the newest revisions of the release in service; nil when nothing is known of them.
    /// - Returns: what is new, and what of it breaks older code.
    /// - Throws: ``Fault`` when Python can't be started to read them.
    package static func read(_ scan: ScanResult, running: [String]?) async throws -> PendingMigrations {
        PendingMigrations(AuditContext(try await scan.context.withRevisions(), target: .roost).alembic, running)
    }

    private init(_ chains: [AlembicRevisions], _ running: [String]?) {
        heads = chains.flatMap(\.heads).map(\.id).sorted()
        breaks = []
        let all = chains.flatMap(\.revisions)
        let known = Set(running ?? [])
        isUnknown = !heads.isEmpty && (running == nil || !known.isSubset(of: Set(all.map(\.id))))
        guard !isUnknown else { return }
        for chain in chains { breaks += Self.breaks(chain, running: known) }
    }

    // MARK: - Private

    private static func breaks(_ chain: AlembicRevisions, running: Set<String>) -> [Break] {
        let byID = Dictionary(chain.revisions.map { ($0.id, $0) }) { first, _ in first }
        var done: Set<String> = []
        var rest = chain.revisions.map(\.id).filter(running.contains)
        while let id = rest.popLast() {
            guard done.insert(id).inserted else { continue }
            rest += byID[id]?.parents ?? []
        }
        let new = chain.revisions.filter { !done.contains($0.id) }
        // What the same deploy makes no older code can read.
        let made = Set(new.flatMap { SchemaOperation.all(in: $0.module) }.compactMap(\.created))
        return new.flatMap { revision in
            SchemaOperation.all(in: revision.module).compactMap { operation in
                // An index that locks is slow, and breaks nothing.
                guard let (_, message) = operation.harm(newTables: made, isPostgres: false),
                    !message.hasPrefix("builds")
                else { return nil }
                return Break(
                    place: "\(revision.module.path):\(operation.call.line)",
                    revision: revision.id,
                    message: message,
                    way: SchemaOperation.way(message)
                )
            }
        }
    }
}

extension PendingMigrations {
    /// Whether a command migrates a database.
    ///
    /// - Parameter words: of the command.
    /// - Returns: true for the tools that are known.
    package static func isMigration(_ words: [String]) -> Bool { Migrating.isCommand(words.joined(separator: " ")) }

    /// Why `release_command` can't migrate the app's database: it is a file on a volume, which that Machine does not have.
    ///
    /// - Parameters:
    ///   - config: what is deployed.
    ///   - scan: the project.
    /// - Returns: a ``Fault`` that says where to migrate instead; nil when it can.
    package static func misplaced(_ config: AppConfig, _ scan: ScanResult) -> Fault? {
        guard let command = config.deploy.releaseCommand, isMigration(command), let mount = config.mounts.first else {
            return nil
        }
        let address = config.env.sorted { $0.key < $1.key }.first { _, value in
            value.hasPrefix("sqlite") && config.mounts.contains { value.contains("\($0.destination)/") }
        }
        guard address != nil || (scan.facts.database?.engine == .sqlite && !hasServerAddress(config)) else {
            return nil
        }
        let words = Words.join(command)
        let start = config.processes[config.defaultGroup].flatMap { $0.isEmpty ? nil : Words.join($0) } ?? "uvicorn …"
        let what = address.map { "\($0.key) is a SQLite file below \(mount.destination)" } ?? "the database is SQLite"
        return Fault(
            .invalidConfig,
            "release_command \"\(words)\" can't migrate the database: \(what), and the Machine that runs it has no volume",
            hint: """
                run it where the volume is, before the app, and take release_command out of fly.toml:
                [processes]
                  \(config.defaultGroup) = "sh -c '\(words) && exec \(start)'"
                """
        )
    }

    private static func hasServerAddress(_ config: AppConfig) -> Bool {
        config.env.values.contains { $0.hasPrefix("postgres") || $0.hasPrefix("mysql") || $0.hasPrefix("mariadb") }
    }
}
