/// What rules know of an app's Python code: its modules, who defines a name, and what runs below a function.
///
/// Made once an audit, by ``AuditContext/code``.
struct CodeMap: Sendable {
    /// A function by where it stands; names as ``PythonModule/Function/name``.
    struct Key: Hashable, Sendable, Comparable {
        var path: String
        var name: String

        static func < (left: Key, right: Key) -> Bool { (left.path, left.name) < (right.path, right.name) }
    }

    /// What runs in production, in the order of the paths.
    let modules: [PythonModule]
    /// Every module, tests and migrations too.
    let all: [PythonModule]
    let index: PythonIndex
    let text: SourceText
    /// The app's own folder; empty is all of the project.
    let root: String
    /// Functions of all modules.
    let functions: [Key: PythonModule.Function]
    /// Calls by the function they stand in, in the order of the file; an empty name is the module's own.
    let calls: [Key: [PythonCall]]
    let assigns: [Key: [PythonModule.Assign]]
    /// Classes of ``modules`` by the last parts of the names that they extend.
    private let heirs: [Substring: [Class]]
    /// The file of the entry point.
    let entry: String?
    /// Folders that are on `sys.path` for sure.
    private let roots: [String]
    private let reached: Set<String>?

    init(facts: Facts, program: PythonProgram, text: SourceText) {
        index = program.index
        self.text = text
        root = facts.root
        all = program.sources.modules.sorted { $0.path < $1.path }
        let importRoot = TreePath.joined(root, facts.entry?.importRoot ?? "")
        roots = [importRoot, root, TreePath.joined(root, "src"), ""]
        entry = facts.entry.flatMap { [index, roots] in index.find($0.module, in: roots)?.module.path }
        reached = Self.reach(entry.flatMap(index.module(at:)), in: index, roots: roots)
        let known = reached ?? []
        let root = root
        modules = all.filter { module in
            guard module.error == nil, known.contains(module.path) || TreePath.lies(module.path, in: root) else {
                return false
            }
            let role = CodeRole.of(module.path, root: root)
            return role == .production || role != .test && known.contains(module.path)
        }
        var functions: [Key: PythonModule.Function] = [:]
        var calls: [Key: [PythonCall]] = [:]
        var assigns: [Key: [PythonModule.Assign]] = [:]
        for module in all {
            // Of two functions of a name the last one is what the name means.
            for item in module.functions { functions[Key(path: module.path, name: item.name)] = item }
            for item in module.calls { calls[Key(path: module.path, name: item.scope), default: []].append(item) }
            for item in module.assigns { assigns[Key(path: module.path, name: item.scope), default: []].append(item) }
        }
        var heirs: [Substring: [Class]] = [:]
        for module in modules {
            for type in module.classes {
                for base in Set(type.bases.compactMap { $0.split(separator: ".").last }) {
                    heirs[base, default: []].append(Class(path: module.path, type: type))
                }
            }
        }
        self.heirs = heirs
        self.functions = functions
        self.calls = calls
        self.assigns = assigns
    }

    func module(_ path: String) -> PythonModule? { index.module(at: path) }

    /// Classes that extend one of a name, in the order of their files.
    func heirs(of name: String) -> [Class] { heirs[name[...]] ?? [] }

    /// Whether the entry point imports a module, directly or not; true for all when that is not known.
    func isReached(_ path: String) -> Bool { reached?.contains(path) ?? true }

    /// Whether a file's code runs in production.
    func runs(_ path: String) -> Bool {
        let role = CodeRole.of(path, root: root)
        return role == .production || role != .test && reached?.contains(path) == true
    }

    /// The modules that the entry point imports.
    var web: [PythonModule] { modules.filter { isReached($0.path) } }

    /// Folders that names in a file may start from: the known ones, then those around the file.
    func roots(for path: String) -> [String] {
        var seen: Set<String> = []
        return (roots + TreePath.ancestors(of: TreePath.folder(of: path))).filter { seen.insert($0).inserted }
    }

    /// The tests of the `if` statements that a line hangs on, as written; of an `else` with a `not` before it.
    func guards(_ path: String, _ line: Int) -> [String] {
        guard let module = module(path) else { return [] }
        return module.conditions.compactMap { item in
            if item.body.contains(line) { return text.text(path, item.line...item.testEnd) }
            if item.otherwise?.contains(line) == true { return "not " + text.text(path, item.line...item.testEnd) }
            return nil
        }
    }

    /// Whether a line only runs in development: under `if settings.debug`, `if ENV != "production"`.
    func isDevelopmentOnly(_ path: String, _ line: Int) -> Bool {
        guards(path, line).contains(where: Self.tellsStage)
    }

    /// Whether text speaks of debugging or of development and production.
    static func tellsStage(_ text: String) -> Bool {
        text.lowercased().split { !$0.isLetter }.contains { stages.contains($0) }
    }

    /// The calls that run when a function does, its inner functions left out.
    func calls(in key: Key) -> [PythonCall] { calls[key] ?? [] }

    // MARK: - Private

    private static let stages: Set<Substring> = [
        "debug", "env", "environment", "dev", "develop", "development", "local", "localhost", "prod", "production",
        "testing", "staging", "stage", "isdev", "isprod", "islocal", "debugging",
    ]

    private static func reach(_ start: PythonModule?, in index: PythonIndex, roots: [String]) -> Set<String>? {
        guard let start else { return nil }
        var seen: Set<String> = [start.path]
        var waiting = [start]
        while let module = waiting.popLast() {
            let near = TreePath.ancestors(of: TreePath.folder(of: module.path))
            for item in module.imports {
                let target = item.target.hasSuffix(".*") ? String(item.target.dropLast(2)) : item.target
                guard let found = index.find(target, in: roots + near)?.module else { continue }
                let packages = TreePath.ancestors(of: TreePath.folder(of: found.path)).compactMap {
                    index.module(at: TreePath.joined($0, "__init__.py"))
                }
                for next in [found] + packages where seen.insert(next.path).inserted { waiting.append(next) }
            }
        }
        // Next to nothing: modules are loaded by their names.
        return seen.count > 2 || index.module(at: start.path)?.calls.count ?? 0 > 3 ? seen : nil
    }
}
