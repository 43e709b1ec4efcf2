import Toolkit

extension MigrationFinder {
    /// Where the modules lie that Alembic's `env.py` imports and that can't be imported from the usual folders.
    ///
    /// `from config import settings` means `src/config.py` for whoever runs it from an editor that knows `src` as a root.
    ///
    /// - Returns: folders relative to the project; nil when all is found where it is looked for.
    func importRoots(of migrations: Facts.Migrations) -> [String]? {
        guard migrations.tool == .alembic, let location = migrations.location else { return nil }
        let script = TreePath.joined(TreePath.joined(context.root, location), "env.py")
        guard let module = context.python.modules.first(where: { $0.path == script }) else { return nil }
        let usual = [
            context.root, TreePath.joined(context.root, context.facts.entry?.importRoot ?? ""),
            TreePath.joined(context.root, migrations.workingDirectory),
        ]
        var found: [String] = []
        for item in module.imports where (item.level ?? 0) == 0 {
            let name = item.target.prefix { $0 != "." }
            guard !name.isEmpty, !StandardLibrary.has(name), !context.depends(on: String(name)),
                !usual.contains(where: { holds($0, name) }),
                !found.contains(where: { holds(TreePath.joined(context.root, $0), name) })
            else { continue }
            let folder = Self.roots.first { root in
                holds(TreePath.joined(context.root, root), name) && !hidesLibrary(TreePath.joined(context.root, root))
            }
            if let folder {
                found.append(folder)
            }
        }
        return found.isEmpty ? nil : found
    }

    /// Folders that projects and editors name as roots.
    private static let roots = ["src", "app", "backend", "server", "api"]

    /// Whether a folder on the path would put its own `types.py` in the place of Python's.
    private func hidesLibrary(_ folder: String) -> Bool {
        context.project.files(under: folder).contains { file in
            let parts = file.dropFirst(folder.isEmpty ? 0 : folder.count + 1).split(separator: "/")
            guard let first = parts.first, parts.count == 1 || parts[1] == "__init__.py" else { return false }
            return StandardLibrary.has(first.hasSuffix(".py") ? first.dropLast(3) : first)
        }
    }

    private func holds(_ folder: String, _ name: Substring) -> Bool {
        let path = TreePath.joined(folder, String(name))
        return context.project.has(path + ".py") || context.project.has(TreePath.joined(path, "__init__.py"))
    }
}
