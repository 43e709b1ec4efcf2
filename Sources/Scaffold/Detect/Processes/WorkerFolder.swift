import Model

/// Where a worker has to be started, when what it names can only be imported there.
enum WorkerFolder {
    /// The folder of a command, from the app's on; nil when its module is found from the app's own as well.
    static func needed(
        for worker: WorkerCommand,
        _ found: FoundCommand,
        _ context: ScanContext,
        _ resolver: NameResolver
    ) -> String? {
        let folder = found.folder
        guard folder != context.root, TreePath.lies(folder, in: context.root), let name = module(of: worker) else {
            return nil
        }
        func first(in roots: [String]) -> String? {
            if name.hasSuffix(".py") {
                return roots.map { TreePath.joined($0, name) }.first { context.project.has($0) }
            }
            return roots.lazy.compactMap { file(of: name, in: $0, context.project) }.first
        }
        guard let there = first(in: [folder]), first(in: [context.root] + resolver.code.roots) != there else {
            return nil
        }
        return TreePath.relative(folder, to: context.root)
    }

    /// `worker` of `celery -A worker worker`, `jobs:broker` of `taskiq worker jobs:broker`, `x.py` of `python x.py`.
    static func target(of worker: WorkerCommand) -> String? {
        let words = worker.words
        guard let first = words.first else { return nil }
        var name: String?
        if CommandWrappers.isPython(first) {
            name = words.count > 2 && words[1] == "-m" ? words[2] : words.dropFirst().first { $0.hasSuffix(".py") }
        } else if worker.kind == .celery || worker.kind == .celeryBeat || worker.kind == .flower {
            let options = CommandOptions(Array(words.dropFirst()), flags: ["-B", "--beat", "-E"])
            name = options["-A"] ?? options["--app"]
        } else {
            name = worker.subject
        }
        guard let name, !name.contains("$"), !name.hasPrefix("/"), !name.hasPrefix("-") else { return nil }
        return name
    }

    // MARK: - Private

    private static func module(of worker: WorkerCommand) -> String? {
        target(of: worker).map { String($0.prefix { $0 != ":" }) }
    }

    /// The module that a dotted name begins with: the rest may be what it holds.
    private static func file(of name: String, in root: String, _ project: Project) -> String? {
        var parts = name.split(separator: ".")
        while !parts.isEmpty {
            if let path = ImportRoots.file(of: parts.joined(separator: "."), in: root, project) { return path }
            parts.removeLast()
        }
        return nil
    }
}
