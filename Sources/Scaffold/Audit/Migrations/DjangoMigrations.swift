/// The migrations of all apps of a Django project.
struct DjangoMigrations: MigrationChain {
    private struct Migration {
        /// `shop.0002_price`.
        var id: String
        var label: String
        var parents: [String]
        /// Those whose place it takes.
        var replaced: [String]
        var module: PythonModule
        var scope: String
    }

    /// App by app, in the order of their names, which count.
    private let migrations: [Migration]
    private let project: Project

    /// Nil without any.
    init?(_ context: AuditContext) {
        project = context.project
        let found = context.code.all.compactMap { module -> Migration? in
            guard TreePath.lies(module.path, in: context.facts.root), !context.isAside(module.path) else { return nil }
            return Self.read(module)
        }
        var all: [Migration] = []
        for var migration in found.sorted(by: { SQLMigrations.precedes($0.module.path, $1.module.path) }) {
            // An app may be known by another name than its folder's: then its files follow each other.
            if let last = all.last, last.label == migration.label,
                !migration.parents.contains(where: { $0.hasPrefix("\(migration.label).") })
            {
                migration.parents.append(last.id)
            }
            all.append(migration)
        }
        guard !all.isEmpty else { return nil }
        migrations = all
    }

    /// Those of its apps.
    var folders: [String] { migrations.map { TreePath.folder(of: $0.module.path) } }

    /// What was taken into another is done where that is, and the other way round.
    var order: [(id: String, parents: [String])] {
        migrations.flatMap { one in
            [(id: one.id, parents: one.parents)] + one.replaced.map { (id: $0, parents: [one.id]) }
        }
    }

    var newest: [String] {
        let parents = Set(migrations.flatMap(\.parents))
        return migrations.map(\.id).filter { !parents.contains($0) }
    }

    func breaks(_ ids: Set<String>) -> [PendingMigrations.Break] {
        var state = DjangoState()
        var found: [PendingMigrations.Break] = []
        for migration in migrations {
            let (isNew, path) = (ids.contains(migration.id), migration.module.path)
            for call in Self.operations(of: migration.module, migration.scope) {
                for message in state.take(call, in: migration.label, isNew: isNew) where isNew {
                    found.append(PendingMigrations.Break(path, call.line, migration.id, message))
                }
            }
            guard isNew else { continue }
            for file in SQLMigrations.named(in: migration.module, project) {
                found += SQLMigrations.breaks(file, migration.id, state.made, project)
            }
        }
        return found
    }

    // MARK: - Private

    private static func read(_ module: PythonModule) -> Migration? {
        let folder = TreePath.folder(of: module.path)
        guard TreePath.name(of: folder) == "migrations",
            let own = module.classes.first(where: { $0.bases.contains { $0.hasSuffix("migrations.Migration") } })
        else { return nil }
        let label = TreePath.name(of: TreePath.folder(of: folder))
        let name = TreePath.name(of: module.path).dropLast(".py".count)
        return Migration(
            id: "\(label).\(name)",
            label: label,
            parents: names(own, "dependencies"),
            replaced: names(own, "replaces"),
            module: module,
            scope: own.name
        )
    }

    /// `[("shop", "0001_initial")]` of a class.
    private static func names(_ own: PythonModule.Class, _ field: String) -> [String] {
        let value = own.fields.first { $0.name == field }?.value
        return (value?.elements ?? []).compactMap { pair in
            guard let parts = pair.elements, parts.count == 2, let app = parts[0].text, let name = parts[1].text else {
                return nil
            }
            return "\(app).\(name)"
        }
    }

    /// What touches the database, in the order of the file.
    private static func operations(of module: PythonModule, _ scope: String) -> [PythonCall] {
        let all = module.calls.filter { $0.scope == scope && $0.function.contains("migrations.") }
        var elsewhere: [PythonCall] = []
        for call in all where call.method == "SeparateDatabaseAndState" {
            elsewhere += (call.argument(1, "state_operations")?.elements ?? []).compactMap(\.call)
        }
        return all.filter { call in
            !elsewhere.contains { inner in
                inner.line == call.line && inner.function == call.function && inner.arguments == call.arguments
                    && inner["name"] == call["name"]
            }
        }
    }
}
