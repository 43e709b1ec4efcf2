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

    /// The newest migrations of the project, sorted; empty when it has none that can be read.
    package var heads: [String]
    package var breaks: [Break]
    /// Which migrations are new can't be told: the release in service says nothing of its own, or has others.
    package var isUnknown: Bool

    /// Reads the migrations of a project: Alembic's, Django's and files of SQL; nothing is run.
    ///
    /// - Parameters:
    ///   - scan: the project.
    ///   - running: the newest migrations of the release in service; nil when nothing is known of them.
    /// - Returns: what is new, and what of it breaks older code.
    /// - Throws: ``Fault`` when Python can't be started to read them.
    package static func read(_ scan: ScanResult, running: [String]?) async throws -> PendingMigrations {
        PendingMigrations(chains(AuditContext(try await scan.context.withMigrations(), target: .roost)), running)
    }

    private init(_ chains: [any MigrationChain], _ running: [String]?) {
        heads = chains.flatMap(\.newest).sorted()
        (breaks, isUnknown) = ([], false)
        let known = Set(running ?? [])
        let isForeign = !known.isSubset(of: chains.flatMap { $0.order.map(\.id) })
        for chain in chains {
            // Each by itself: what is read from now on was not read when the release in service was made.
            guard !isForeign, !known.isDisjoint(with: chain.order.map(\.id)) else {
                isUnknown = true
                continue
            }
            breaks += chain.breaks(chain.pending(done: known))
        }
    }

    // MARK: - Private

    private static func chains(_ context: AuditContext) -> [any MigrationChain] {
        let alembic = context.alembic.map { AlembicChain(revisions: $0, project: context.project) }
        let django = DjangoMigrations(context).map { [$0] } ?? []
        let folders = alembic.map(\.revisions.folder) + django.flatMap(\.folders)
        return alembic + django + SQLMigrations.all(context, except: folders)
    }
}

extension PendingMigrations.Break {
    init(_ path: String, _ line: Int, _ revision: String, _ message: String) {
        (place, self.revision, self.message) = ("\(path):\(line)", revision, message)
        way = SchemaOperation.way(message)
    }
}

extension PendingMigrations {
    /// Whether a command migrates a database.
    ///
    /// - Parameter words: of the command.
    /// - Returns: true for the tools that are known.
    package static func isMigration(_ words: [String]) -> Bool { Migrating.isCommand(words.joined(separator: " ")) }

    /// Whether the app, or the script that starts it, migrates before it serves.
    ///
    /// - Parameter scan: the project.
    /// - Returns: true where its code or its scripts say so.
    package static func areRunAtStart(_ scan: ScanResult) -> Bool {
        guard let found = scan.facts.migrations else { return false }
        return found.tool == .inApp
            || found.runBy.contains { [.entrypoint, .prestart, .lifespan, .release].contains($0.kind) }
    }

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
