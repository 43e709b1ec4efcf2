import Model

/// Looks for everything in a project that may be its entry point.
final class EntrySearch {
    let context: ScanContext
    let tree: ProjectTree
    let images: DockerImages
    let roots: ImportRoots
    let resolver: AppResolver
    let finder: RunFinder
    private(set) var found = FoundEntries(candidates: [], stale: [])
    private(set) lazy var consoleScripts = findConsoleScripts()

    init(_ context: ScanContext) {
        self.context = context
        tree = ProjectTree(context.project)
        images = DockerImages(context, tree: tree)
        roots = ImportRoots(tree: tree, index: context.index, manifests: ManifestFolders.find(in: context, tree: tree))
        resolver = AppResolver(index: context.index, roots: roots)
        finder = RunFinder(index: context.index, resolver: resolver)
    }

    /// All candidates of a project, unsorted; those that the context has already are not looked for again.
    static func run(_ context: ScanContext) -> EntrySearch {
        let search = EntrySearch(context)
        if let found = context.candidates {
            search.found = found
            return search
        }
        search.readDeclarations()
        search.readCommands()
        search.readRuns()
        search.readAssigned()
        search.readExtended()
        search.readOthers()
        search.finish()
        return search
    }

    func add(_ candidate: EntryCandidate) {
        guard found.candidates.count < 5_000, Self.isPlain(candidate.file), Self.isPlain(candidate.entry.target) else {
            return
        }
        found.candidates.append(candidate)
    }

    /// A name that needs no quoting anywhere: what is generated holds it.
    private static func isPlain(_ path: String) -> Bool {
        !path.contains("{{")
            && path.unicodeScalars.allSatisfy { scalar in
                scalar.value >= 32 && scalar.value != 127 && !"\"'`$\\;|&<>".unicodeScalars.contains(scalar)
            }
    }

    func note(_ message: String, at place: Place, isStale: Bool = false) {
        guard !found.stale.contains(where: { $0.place == place }), found.stale.count < 20 else { return }
        var warning = Facts.Warning(message, at: place)
        if isStale { warning.isStale = true }
        found.stale.append(warning)
    }

    /// A module of the project; nil for files that were not read.
    func module(at path: String) -> PythonModule? {
        if let module = context.index.module(at: path) { return module }
        guard path.hasSuffix(".py"), let text = context.project.text(path) else { return nil }
        return LexicalPython.module(text, path: path)
    }

    /// Marks what lies in a folder of its own below the app of a folder, so that it is no rival of it.
    func markInner(below root: String) {
        let own = found.candidates.filter { $0.root == root && $0.isWeb && $0.aside == 0 }
        guard let top = own.min(by: EntryCandidate.isBefore) else { return }
        for index in found.candidates.indices {
            found.candidates[index].isInner = RootChoice.isInner(found.candidates[index], below: top, roots.manifests)
        }
    }

    // MARK: - Private

    private func finish() {
        let mounted = MountedApps.keys(in: context, resolver: resolver)
        let named = found.candidates.contains { $0.rank >= 4 } ? readmeFiles() : []
        for index in found.candidates.indices {
            var one = found.candidates[index]
            let place = one.command?.place.file
            one.root = root(of: one)
            runAsProgram(&one)
            one.aside = AppNames.asideLevel(place ?? one.file, in: context.root)
            if place != nil, one.aside == 0 { one.aside = lowered(one) }
            one.isMounted = mounted.contains(one.key)
            if one.rank >= 4 {
                one.reach = reach(of: one.file).count
                one.isInReadme = named.contains(one.file)
            }
            found.candidates[index] = one
        }
        promotePrograms()
    }

    /// `__main__` is another module wherever it is imported: whose app stands in such a file has to be run.
    private func runAsProgram(_ one: inout EntryCandidate) {
        guard one.entry.module == "__main__", one.entry.kind != .script else { return }
        let path = TreePath.relative(one.file, to: one.root)
        (one.entry.kind, one.entry.command) = (.script, ["python", path])
    }

    /// A program that production runs, and that imports an app, serves it in a way that can't be followed.
    private func promotePrograms() {
        for index in found.candidates.indices where !found.candidates[index].isWeb {
            let program = found.candidates[index]
            guard program.command?.isProduction == true, program.aside == 0 else { continue }
            let near = reach(of: program.file)
            let apps = found.candidates.filter { $0.rank >= 4 && $0.isWeb && near.contains($0.file) && !$0.isMounted }
            guard let app = apps.min(by: EntryCandidate.isBefore) else { continue }
            found.candidates[index].rank = 3.9
            found.candidates[index].framework = app.framework
        }
    }

    /// Commands of stages and files for clients are not what is served.
    private func lowered(_ candidate: EntryCandidate) -> Int {
        guard let command = candidate.command else { return 0 }
        let names = [command.stage, TreePath.name(of: command.place.file)].compactMap { $0?.lowercased() }
        return names.contains { $0.contains("client") } ? 1 : 0
    }

    /// The folder whose manifest is about a candidate: between the command that starts it and its file.
    private func root(of candidate: EntryCandidate) -> String {
        let manifests = roots.manifests
        let importRoot = candidate.entry.importRoot
        var limit: String?
        if let command = candidate.command {
            let base = command.dockerfile.map(TreePath.folder(of:)) ?? command.folder
            limit = TreePath.ancestors(of: base).first { TreePath.lies(candidate.file, in: $0) }
        }
        let above = TreePath.ancestors(of: importRoot)
        if let limit {
            let outer = TreePath.ancestors(of: limit).first { manifests.contains($0) }
            if let outer, ManifestFolders.mentionsServer(outer, in: context) { return outer }
            if let inner = above.first(where: { manifests.contains($0) && TreePath.lies($0, in: limit) }) {
                return inner
            }
            if let outer { return outer }
        }
        if let folder = above.first(where: manifests.contains) { return folder }
        let own = TreePath.ancestors(of: TreePath.folder(of: candidate.file))
        if let folder = own.first(where: manifests.contains) { return folder }
        return limit ?? importRoot
    }

    private var reaches: [String: Set<String>] = [:]

    /// The files of the project that a module imports, directly or not, and itself.
    func reach(of path: String) -> Set<String> {
        if let known = reaches[path] { return known }
        var seen: Set<String> = [path]
        var waiting = [path]
        while let next = waiting.popLast(), seen.count < 300 {
            guard let module = context.index.module(at: next) else { continue }
            for item in module.imports where roots.knows(item.target) {
                guard let found = context.index.find(item.target, in: roots.roots(for: next)) else { continue }
                if seen.insert(found.module.path).inserted { waiting.append(found.module.path) }
            }
        }
        reaches[path] = seen
        return seen
    }
}

/// Apps that another app serves below a path.
enum MountedApps {
    static func keys(in context: ScanContext, resolver: AppResolver) -> Set<String> {
        var keys: Set<String> = []
        for module in context.python.modules {
            for call in module.calls {
                let value: PythonValue?
                switch call.method {
                case "mount": value = call.argument(1, "app")
                case "Mount" where call.function.hasPrefix("starlette."): value = call.argument(1, "app")
                case "WSGIMiddleware", "DispatcherMiddleware": value = call.argument(0, "app")
                default: continue
                }
                if let key = key(of: value, in: module, scope: call.scope, resolver) { keys.insert(key) }
            }
        }
        return keys
    }

    private static func key(
        of value: PythonValue?,
        in module: PythonModule,
        scope: String,
        _ resolver: AppResolver
    ) -> String? {
        switch value {
        case .name(let name):
            let local = module.assigns.last { $0.scope == scope && !scope.isEmpty && $0.target == name }
            if local != nil { return nil }
            if let made = resolver.app(named: name, in: module) { return made.key }
            guard let found = resolver.definition(name, in: module) else { return nil }
            return resolver.app(named: found.name, in: found.module)?.key
        case .call(let call):
            guard let found = resolver.definition(call.function, in: module) else { return nil }
            return "\(found.module.path):\(found.name)"
        default: return nil
        }
    }
}
