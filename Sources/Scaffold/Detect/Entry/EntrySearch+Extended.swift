import Model

extension EntrySearch {
    /// An app that a module imports, and what the module calls it.
    struct Extension {
        var name: String
        var made: AppResolver.Made
        var line: Int
    }

    /// Modules that import an app and add to it: a server has to import them, or their routes are missing.
    func readExtended() {
        var found: [(module: PythonModule, item: Extension)] = []
        for module in context.python.modules where !isTest(module.path) {
            for item in extensions(in: module) where isWhole(module, item.made) { found.append((module, item)) }
        }
        found += collectors(of: found)
        for (module, item) in found {
            // Who is imported by another one of them is a part of it.
            let isPart = found.contains { other in
                other.module.path != module.path && other.item.made.key == item.made.key
                    && reach(of: other.module.path).contains(module.path)
                    && !reach(of: module.path).contains(other.module.path)
            }
            if !isPart { add(module, item) }
        }
    }

    /// The apps of other modules that a module adds routes, routers or middleware to when it is imported.
    func extensions(in module: PythonModule) -> [Extension] {
        var found: [Extension] = []
        let lines = additions(in: module)
        for item in module.imports where item.name != "*" && !found.contains(where: { $0.name == item.name }) {
            guard let line = lines[item.target], roots.knows(item.target) else { continue }
            guard let made = resolver.app(named: item.name, in: module), !made.isFactory, made.file != module.path
            else {
                continue
            }
            found.append(Extension(name: item.name, made: made, line: line))
        }
        return found
    }

    // MARK: - Private

    private static let additions: Set<String> = [
        "include_router", "mount", "add_middleware", "add_api_route", "add_route", "add_websocket_route",
        "add_api_websocket_route", "add_exception_handler", "add_event_handler", "register_blueprint", "add_url_rule",
        "middleware", "exception_handler", "on_event", "get", "post", "put", "patch", "delete", "head", "options",
        "websocket", "route", "api_route", "host",
    ]

    /// What a module adds to when it is imported, by the name that its calls have for it, with the first line.
    private func additions(in module: PythonModule) -> [String: Int] {
        var lines: [String: Int] = [:]
        func note(_ name: String, _ line: Int) { lines[name] = min(lines[name] ?? line, line) }
        func noteReceiver(_ function: String, _ line: Int) {
            var parts = function.split(separator: ".")
            guard parts.count > 1, Self.additions.contains(String(parts.removeLast())) else { return }
            note(parts.joined(separator: "."), line)
            // `app.router.add_api_route`
            if parts.count > 1 { note(parts.dropLast().joined(separator: "."), line) }
        }
        for call in module.calls where call.scope.isEmpty && !call.inMainGuard && !call.inLambda {
            noteReceiver(call.function, call.line)
            // `register(app)` of the project's own.
            let names = (call.arguments + call.keywords.map(\.value)).compactMap(\.name).filter { roots.knows($0) }
            guard !names.isEmpty, AppNames.runners[call.function] == nil,
                resolver.definition(call.function, in: module) != nil
            else { continue }
            for name in names { note(name, call.line) }
        }
        for function in module.functions where !function.name.contains(".") {
            for decorator in function.decorators {
                noteReceiver(decorator.call?.function ?? decorator.name ?? "", function.line)
            }
        }
        return lines
    }

    /// Whether a module that adds to an app is the better thing to import than the one that makes it.
    private func isWhole(_ module: PythonModule, _ made: AppResolver.Made) -> Bool {
        // Imported by the app's own module it is there anyway.
        guard !reach(of: made.file).contains(module.path) else { return false }
        guard AppNames.asideLevel(module.path, in: context.root) == 0, !AppNames.isDecoy(module.path) else {
            return false
        }
        guard let maker = self.module(at: made.file), additions(in: maker)[made.name] != nil else { return true }
        return AppNames.rank(file: module.path) <= AppNames.rank(file: made.file)
    }

    /// Modules that import the app from where it is made, and beside it modules that add to it.
    private func collectors(
        of found: [(module: PythonModule, item: Extension)]
    ) -> [(module: PythonModule, item: Extension)] {
        guard !found.isEmpty else { return [] }
        let adders = Set(found.map(\.module.path))
        var result: [(module: PythonModule, item: Extension)] = []
        for module in context.python.modules where !isTest(module.path) && !adders.contains(module.path) {
            for item in module.imports where item.name != "*" && roots.knows(item.target) {
                guard let origin = context.index.find(item.target, in: roots.roots(for: module.path)),
                    !adders.contains(origin.module.path), origin.module.path != module.path,
                    let made = resolver.app(named: item.name, in: module), !made.isFactory, made.file != module.path,
                    isWhole(module, made)
                else { continue }
                let reached = reach(of: module.path)
                guard found.contains(where: { $0.item.made.key == made.key && reached.contains($0.module.path) }) else {
                    continue
                }
                result.append((module, Extension(name: item.name, made: made, line: item.line)))
            }
        }
        return result
    }

    private func add(_ module: PythonModule, _ item: Extension) {
        let root = roots.root(of: module.path)
        let target = "\(ImportRoots.module(of: module.path, in: root)):\(item.name)"
        var entry = Facts.Entry(kind: .app, target: target, importRoot: root)
        let maker = Place(item.made.file, item.made.line)
        entry.evidence = [Facts.Evidence(Place(module.path, item.line), "adds to the app of \(maker)")]
        add(
            EntryCandidate(
                entry: entry,
                rank: 4.9,
                framework: item.made.framework,
                file: module.path,
                key: item.made.key
            )
        )
    }
}
