/// The migrations of one tool in one project: which builds on which, and what each does.
protocol MigrationChain {
    /// All, with those that they build on; also names of such as have been taken into others.
    var order: [(id: String, parents: [String])] { get }
    /// The newest ones, on which no other builds.
    var newest: [String] { get }

    /// What of these breaks code that runs without them.
    func breaks(_ ids: Set<String>) -> [PendingMigrations.Break]
}

extension MigrationChain {
    /// Those that are not done, where some are.
    func pending(done: Set<String>) -> Set<String> {
        let parents = Dictionary(order.map { ($0.id, $0.parents) }) { $0 + $1 }
        var seen: Set<String> = []
        var rest = parents.keys.filter(done.contains)
        while let id = rest.popLast() {
            guard seen.insert(id).inserted else { continue }
            rest += parents[id] ?? []
        }
        return Set(parents.keys).subtracting(seen)
    }
}

/// The revisions of an Alembic folder.
struct AlembicChain: MigrationChain {
    let revisions: AlembicRevisions
    let project: Project

    var order: [(id: String, parents: [String])] { revisions.revisions.map { ($0.id, $0.parents) } }

    var newest: [String] { revisions.heads.map(\.id) }

    func breaks(_ ids: Set<String>) -> [PendingMigrations.Break] {
        let new = revisions.revisions.filter { ids.contains($0.id) }
        // What the same deploy makes no older code can read.
        let made = Set(new.flatMap { SchemaOperation.all(in: $0.module) }.flatMap(\.created))
        return new.flatMap { revision -> [PendingMigrations.Break] in
            let own = SchemaOperation.all(in: revision.module).compactMap { operation in
                // An index that locks is slow, and breaks nothing.
                operation.harm(newTables: made, isPostgres: false).flatMap { _, message in
                    message.hasPrefix("builds")
                        ? nil : PendingMigrations.Break(revision.module.path, operation.call.line, revision.id, message)
                }
            }
            let files = SQLMigrations.named(in: revision.module, project)
            return own + files.flatMap { SQLMigrations.breaks($0, revision.id, made, project) }
        }
    }
}
