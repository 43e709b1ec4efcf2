/// The Python modules of an app: those in its folder and in the projects of the tree that it uses, no tests.
struct AppCode: Sendable {
    /// By path.
    let modules: [PythonModule]
    /// Folders that names of modules start from.
    let roots: [String]
    /// Paths of the modules that the entry point imports, directly or not; nil when that is not known.
    let reachable: Set<String>?
    /// The same without a doubt about what is known: the entry's own file at least.
    let imported: Set<String>
    private let index: PythonIndex

    init(_ context: ScanContext) {
        index = context.index
        let root = context.root
        let importRoot = TreePath.joined(root, context.facts.entry?.importRoot ?? "")
        var folders = [root]
        if let workspace = context.facts.manager?.workspace, !TreePath.lies(workspace, in: root) {
            folders.append(workspace)
        }
        var roots = [
            importRoot, root, TreePath.joined(root, "src"), TreePath.joined(root, "app"), TreePath.folder(of: root), "",
        ]
        let above = context.facts.manager?.workspace.map { TreePath.ancestors(of: $0).dropLast() } ?? []
        roots += above
        var seen: Set<String> = []
        self.roots = roots.filter { seen.insert($0).inserted }
        let entry = Self.entryPath(context, roots: self.roots)
        let inside = context.python.modules.filter { module in folders.contains { TreePath.lies(module.path, in: $0) } }
        imported = Self.reach(from: entry, in: index, roots: self.roots)
        // Next to nothing is what imports by text look like.
        reachable = imported.count > 2 ? imported : nil
        let reached = reachable ?? []
        // Where the app itself stands under `examples`, that is where its code is.
        modules = inside.filter {
            reached.contains($0.path) || (TreePath.lies($0.path, in: root) && !Self.isAside($0.path, root))
        }
        .sorted { $0.path < $1.path }
    }

    /// Whether the entry point imports a module; true for all when it is not known what it imports.
    func isReached(_ module: PythonModule) -> Bool { reachable?.contains(module.path) ?? true }

    /// Paths of a module and of all that it imports, directly or not.
    func reach(from path: String) -> Set<String> { Self.reach(from: path, in: index, roots: roots) }

    /// The value that a dotted name stands for, seen from a module: followed through imports and assignments.
    func value(of name: String, from module: PythonModule, depth: Int = 4) -> PythonValue? {
        guard depth > 0 else { return nil }
        let parts = name.split(separator: ".", maxSplits: 1)
        guard let first = parts.first else { return nil }
        if parts.count == 1, let own = module.assigns.last(where: { $0.scope.isEmpty && $0.target == first })?.value {
            if case .name(let next) = own, next != name {
                return value(of: next, from: module, depth: depth - 1) ?? own
            }
            return own
        }
        guard let (other, rest) = index.definition(of: name, in: roots), other.path != module.path || rest != name
        else {
            return nil
        }
        return value(of: rest, from: other, depth: depth - 1)
    }

    private static let aside = Vocabulary.testFolders.union(["fixtures", "node_modules", ".devcontainer", ".github"])
    private static let outer = Vocabulary.exampleFolders.union([
        "contrib", "scripts", "build", "dist", "terraform", "cdk",
    ])

    /// Whether a path is for tests, examples or documents.
    static func isAside(_ path: String, _ root: String) -> Bool {
        let inner = root.isEmpty ? path[...] : path.dropFirst(root.count + 1)
        let parts = inner.lowercased().split(separator: "/").map(String.init)
        let folders = parts.dropLast()
        if folders.contains(where: { aside.contains($0) || $0.hasSuffix("-tests") || $0.hasSuffix("_tests") }) {
            return true
        }
        // Deeper down these may be parts of the app.
        if let first = folders.first, outer.contains(first) { return true }
        guard let name = parts.last else { return false }
        return name.hasPrefix("test_") || name.hasSuffix("_test.py") || name == "conftest.py" || name == "setup.py"
            || name == "noxfile.py"
    }

    // MARK: - Private

    private static func entryPath(_ context: ScanContext, roots: [String]) -> String? {
        guard let entry = context.facts.entry, !entry.module.isEmpty else { return nil }
        return context.index.find(entry.module, in: roots)?.module.path
    }

    /// A module and all that it imports, directly or not.
    private static func reach(from entry: String?, in index: PythonIndex, roots: [String]) -> Set<String> {
        guard let entry, let start = index.module(at: entry) else { return [] }
        var seen: Set<String> = [entry]
        var waiting = [start]
        while let module = waiting.popLast() {
            for item in module.imports {
                var next: [PythonModule] = []
                let target = item.target.hasSuffix(".*") ? String(item.target.dropLast(2)) : item.target
                if let found = index.find(target, in: [TreePath.folder(of: module.path)] + roots) {
                    next.append(found.module)
                }
                // The packages around it run their `__init__` as well.
                for found in next {
                    for folder in TreePath.ancestors(of: TreePath.folder(of: found.path)) {
                        if let package = index.module(at: TreePath.joined(folder, "__init__.py")) {
                            next.append(package)
                        }
                    }
                }
                for found in next where seen.insert(found.path).inserted { waiting.append(found) }
            }
        }
        return seen
    }
}
