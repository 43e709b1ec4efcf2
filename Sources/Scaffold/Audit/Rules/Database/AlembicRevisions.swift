/// The revisions of an Alembic folder, as their files say.
struct AlembicRevisions: Sendable {
    struct Revision: Sendable {
        var id: String
        /// Empty for the first one; several for a merge.
        var parents: [String]
        var isLabelled: Bool
        var module: PythonModule
        /// The line of `revision = …`.
        var line: Int
        /// The line of `down_revision = …`.
        var parentLine: Int

        var place: Place { Place(module.path, line) }
    }

    /// The folder of `env.py`.
    let folder: String
    /// In the order of their files.
    let revisions: [Revision]
    /// A file of it could not be read, so that the chain may only look broken.
    let isPartial: Bool

    /// Revisions that no other builds on.
    var heads: [Revision] {
        let parents = Set(revisions.flatMap(\.parents))
        return revisions.filter { !parents.contains($0.id) }
    }

    /// The newest revisions, from the heads down.
    func newest(_ count: Int) -> [Revision] {
        let byID = Dictionary(revisions.map { ($0.id, $0) }) { first, _ in first }
        var level = heads
        var found: [Revision] = []
        var seen: Set<String> = []
        while !level.isEmpty, found.count < count {
            let fresh = level.filter { seen.insert($0.id).inserted }
            found += fresh
            level = fresh.flatMap { $0.parents.compactMap { byID[$0] } }
        }
        return Array(found.prefix(count))
    }
}

extension AuditContext {
    /// All Alembic folders of the app, by the folder of their `env.py`.
    var alembic: [AlembicRevisions] {
        memo.value("alembic") {
            let environments = Set(
                project.files.filter { TreePath.name(of: $0) == "env.py" }.map { TreePath.folder(of: $0) }
            )
            var found: [String: [AlembicRevisions.Revision]] = [:]
            var partial: Set<String> = []
            for module in code.all where TreePath.lies(module.path, in: facts.root) {
                let folders = TreePath.ancestors(of: TreePath.folder(of: module.path))
                guard let folder = folders.first(where: environments.contains),
                    CodeRole.of(module.path, root: facts.root) != .test
                else { continue }
                if CodeRole.of(module.path, root: facts.root) == .example { continue }
                if module.error != nil { partial.insert(folder) }
                if let revision = AlembicRevisions.Revision(module) { found[folder, default: []].append(revision) }
            }
            return found.sorted { $0.key < $1.key }.map { folder, revisions in
                AlembicRevisions(folder: folder, revisions: revisions, isPartial: partial.contains(folder))
            }
        }
    }
}

extension AlembicRevisions.Revision {
    /// Nil for a file that is no revision.
    init?(_ module: PythonModule) {
        let own = module.assigns.filter { $0.scope.isEmpty }
        guard let revision = own.last(where: { $0.target == "revision" }), let id = revision.value?.text else {
            return nil
        }
        guard let down = own.last(where: { $0.target == "down_revision" }), let value = down.value else { return nil }
        switch value {
        case .string(let text): parents = [text]
        case .none: parents = []
        case .list(let items), .tuple(let items):
            parents = items.compactMap(\.text)
            guard parents.count == items.count else { return nil }
        // A computed parent can't be followed.
        default: return nil
        }
        self.id = id
        self.module = module
        line = revision.line
        parentLine = down.line
        let labels = own.last { $0.target == "branch_labels" }?.value
        isLabelled = labels.map { $0 != PythonValue.none } ?? false
    }
}
