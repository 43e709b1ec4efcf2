/// Finds the folder that has to be on `sys.path` for a file's imports to work.
final class ImportRoots {
    private let tree: ProjectTree
    private let index: PythonIndex
    /// Folders whose manifest makes them a project of their own.
    let manifests: Set<String>
    private var known: [String: String] = [:]
    private var knownImports: [String: [Import]] = [:]
    private var counts: [Counted: Int] = [:]

    /// An absolute import by the first parts of its target.
    private struct Import {
        var first: String
        var second: String?
    }

    private struct Counted: Hashable {
        var path: String
        var root: String
    }

    init(tree: ProjectTree, index: PythonIndex, manifests: Set<String>) {
        self.tree = tree
        self.index = index
        self.manifests = manifests
    }

    /// The import root of a module's file.
    func root(of path: String) -> String {
        if let root = known[path] { return root }
        let root = choose(path)
        known[path] = root
        return root
    }

    /// The folder above that a file's imports start from, when they can't work from the one that is given.
    ///
    /// `main:app` in `src` names what only starts as `src.main:app`, for it says `from src.db import session`.
    func above(_ given: String, for path: String) -> String? {
        let best = root(of: path)
        guard best != given, TreePath.lies(given, in: best), let module = index.module(at: path) else { return nil }
        let depth = module.imports.compactMap(\.level).max() ?? 0
        let inner = given.isEmpty ? path[...] : path.dropFirst(given.count + 1)
        let isTooDeep = depth > inner.split(separator: "/").count - 1
        return isTooDeep || found(module, in: given) == 0 && found(module, in: best) > 0 ? best : nil
    }

    /// Whether a name can be a module of the project at all: most names are of libraries.
    func knows(_ name: some StringProtocol) -> Bool {
        let end = name.firstIndex(of: ".") ?? name.endIndex
        return modules.contains(String(name[..<end]))
    }

    /// Folders to look in for what a module imports, the likeliest first.
    func roots(for path: String) -> [String] {
        var result = [root(of: path), ""]
        for folder in sources where !result.contains(folder) { result.append(folder) }
        return result
    }

    /// `app.main` for `backend/app/main.py` below `backend`.
    static func module(of path: String, in root: String) -> String {
        let inner = root.isEmpty ? path[...] : path.dropFirst(root.count + 1)
        var parts = inner.dropLast(3).split(separator: "/")
        if parts.last == "__init__", parts.count > 1 { parts.removeLast() }
        return parts.joined(separator: ".")
    }

    /// The file of a dotted module below a folder.
    static func file(of module: String, in root: String, _ project: Project) -> String? {
        let base = TreePath.joined(root, module.split(separator: ".").joined(separator: "/"))
        if project.has(base + ".py") { return base + ".py" }
        return project.has(base + "/__init__.py") ? base + "/__init__.py" : nil
    }

    // MARK: - Private

    /// The names of all folders and files that could be imported.
    private lazy var modules: Set<String> = {
        var names: Set<String> = []
        for folder in tree.folders { names.insert(TreePath.name(of: folder)) }
        for path in tree.project.files where path.hasSuffix(".py") {
            names.insert(String(TreePath.name(of: path).dropLast(3)))
        }
        return names
    }()

    /// Projects of the tree and their `src`, which may import each other.
    private lazy var sources: [String] = manifests.sorted().prefix(60).flatMap { folder in
        let source = TreePath.joined(folder, "src")
        return tree.folders.contains(source) ? [folder, source] : [folder]
    }

    private func choose(_ path: String) -> String {
        let own = TreePath.folder(of: path)
        let module = index.module(at: path)
        let depth = module?.imports.compactMap(\.level).max() ?? 0
        let count = own.isEmpty ? 0 : own.split(separator: "/").count
        let candidates = TreePath.ancestors(of: own).filter { root in
            // `from ..core import x` needs two packages above it.
            count - (root.isEmpty ? 0 : root.split(separator: "/").count) >= depth && isImportable(path, from: root)
        }
        guard var best = candidates.first else { return own }
        let scores = candidates.map { score(module, of: path, in: $0) }
        let top = scores.max() ?? 0
        let equal = zip(candidates, scores).filter { $0.1 == top }.map(\.0)
        best = equal.first ?? best
        if equal.count > 1 { best = usual(among: equal, own: own) }
        return best
    }

    /// Every part of the path below the root can stand in an import.
    private func isImportable(_ path: String, from root: String) -> Bool {
        let inner = root.isEmpty ? path[...] : path.dropFirst(root.count + 1)
        return inner.dropLast(3).split(separator: "/").allSatisfy { part in
            part.first?.isNumber == false && part.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
        }
    }

    /// How many of the absolute imports of a file, and of those it stands among, lead to files below a folder.
    private func score(_ module: PythonModule?, of path: String, in root: String) -> Int {
        guard let module else { return 0 }
        let direct = found(module, in: root)
        if direct > 0 { return direct * 1_000 }
        let folder = TreePath.folder(of: path)
        let around = tree.project.files(under: folder).lazy.filter { $0.hasSuffix(".py") }.prefix(60)
        return around.reduce(0) { sum, file in sum + (index.module(at: file).map { found($0, in: root) } ?? 0) }
    }

    private func found(_ module: PythonModule, in root: String) -> Int {
        let key = Counted(path: module.path, root: root)
        if let count = counts[key] { return count }
        let count = imports(of: module).count { isFound($0, in: root) }
        counts[key] = count
        return count
    }

    /// The absolute imports of a file that may be of the project, each once.
    private func imports(of module: PythonModule) -> [Import] {
        if let known = knownImports[module.path] { return known }
        var seen: Set<String> = []
        let result = module.imports.compactMap { item -> Import? in
            let parts = item.target.split(separator: ".", maxSplits: 2)
            // A folder named as a library is no sign: `redis/`, `alembic/` beside `import redis`.
            guard (item.level ?? 0) == 0, let first = parts.first.map(String.init), modules.contains(first),
                seen.insert(item.target).inserted
            else { return nil }
            return Import(first: first, second: parts.count > 1 ? String(parts[1]) : nil)
        }
        knownImports[module.path] = result
        return result
    }

    private func isFound(_ item: Import, in root: String) -> Bool {
        let head = root.isEmpty ? item.first : root + "/" + item.first
        if tree.project.has(head + ".py") || tree.project.has(head + "/__init__.py") { return true }
        guard let inner = item.second.map({ head + "/" + $0 }) else { return false }
        return tree.project.has(inner + ".py") || tree.folders.contains(inner)
    }

    private func usual(among roots: [String], own: String) -> String {
        // `src/shop/main.py` with a package in `src` that is none itself.
        if let source = roots.first(where: { TreePath.name(of: $0) == "src" }), source != own,
            !tree.project.has(source + "/__init__.py"), roots.contains(source)
        {
            return source
        }
        if let folder = roots.first(where: { manifests.contains($0) }) { return folder }
        // The first folder above the packages.
        return roots.first { !tree.project.has(TreePath.joined($0, "__init__.py")) } ?? roots.last ?? own
    }
}
