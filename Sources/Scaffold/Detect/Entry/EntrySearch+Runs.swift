import Model

extension EntrySearch {
    /// What a call such as `uvicorn.run` starts, and whether the program has to be run for it.
    struct RunTarget {
        var found: FoundTarget
        var isScript: Bool
    }

    /// Calls in Python that start a server, wherever they stand.
    func readRuns() {
        for module in context.python.modules where !isTest(module.path) {
            for run in finder.all(in: module) {
                let own = TreePath.folder(of: module.path)
                var search = TargetSearch(folder: roots.root(of: module.path))
                // A file that is run has its own folder on the path.
                if run.call.inMainGuard || run.scope.isEmpty { search.extra = ["/" + own] }
                search.places = [own]
                guard let result = runTarget(run, search, isDeclared: false) else { continue }
                let rank = run.call.argument(0, "app")?.text == nil ? 4.2 : 4
                var one = candidate(result.found, rank: rank, at: Place(run.file, run.call.line), what: "")
                one.entry.evidence = [runEvidence(run)]
                one.run = run
                if result.isScript {
                    one.entry.kind = .script
                    one.entry.command = ["python", inRoot(run.file)]
                }
                add(one)
            }
        }
    }

    func runEvidence(_ run: RunCall) -> Facts.Evidence {
        Facts.Evidence(Place(run.file, run.call.line), "\(run.call.function)(…)")
    }

    func runTarget(_ run: RunCall, _ search: TargetSearch, isDeclared: Bool) -> RunTarget? {
        guard let module = module(at: run.file) else { return nil }
        if let receiver = receiver(of: run) { return named(receiver, run, module, isDeclared: isDeclared) }
        guard let value = run.call.argument(0, "app") ?? run.call["target"] else { return nil }
        return target(of: value, run, module, search, isDeclared: isDeclared)
    }

    func isTest(_ path: String) -> Bool {
        let name = TreePath.name(of: path)
        return name.hasPrefix("test_") || name.hasSuffix("_test.py") || name == "conftest.py" || name == "tests.py"
    }

    // MARK: - Private

    /// The file as one names it in the app's folder.
    private func inRoot(_ path: String) -> String {
        let folder = TreePath.ancestors(of: TreePath.folder(of: path)).first { roots.manifests.contains($0) } ?? ""
        return folder.isEmpty ? path : String(path.dropFirst(folder.count + 1))
    }

    /// `app` of `app.run()`.
    private func receiver(of run: RunCall) -> String? {
        guard AppNames.runners[run.call.function] == nil, let dot = run.call.function.lastIndex(of: ".") else {
            return nil
        }
        return String(run.call.function[..<dot])
    }

    private func target(
        of value: PythonValue,
        _ run: RunCall,
        _ module: PythonModule,
        _ search: TargetSearch,
        isDeclared: Bool
    ) -> RunTarget? {
        switch value {
        case .string(let text):
            guard var found = resolve(text.contains(":") ? text : text + ":app", search) else { return nil }
            if run.call["factory"]?.bool == true { found.isFactory = true }
            return RunTarget(found: found, isScript: false)
        case .formatted(let text):
            // `f"{Path(__file__).stem}:app"` is the file itself.
            guard text.hasPrefix("{"), let colon = text.lastIndex(of: ":") else { return nil }
            return named(String(text[text.index(after: colon)...]), run, module, isDeclared: isDeclared)
        case .name(let name): return named(name, run, module, isDeclared: isDeclared)
        case .call(let call): return made(by: call, run, module)
        case .conditional(let yes, let no, _):
            return target(of: yes, run, module, search, isDeclared: isDeclared)
                ?? target(of: no, run, module, search, isDeclared: isDeclared)
        default: return nil
        }
    }

    private func named(_ name: String, _ run: RunCall, _ module: PythonModule, isDeclared: Bool) -> RunTarget? {
        // A variable of the function that runs it exists only while that runs.
        let local = module.assigns.last {
            !run.scope.isEmpty && $0.scope == run.scope && $0.target == name && $0.value != nil
        }
        if let value = local?.value {
            if let call = value.call, let result = made(by: call, run, module) { return result }
            if case .string(let text) = value {
                let search = TargetSearch(folder: roots.root(of: run.file))
                return resolve(text, search).map { RunTarget(found: $0, isScript: false) }
            }
            guard let framework = resolver.framework(of: value, in: module, scope: run.scope, depth: 5) else {
                return nil
            }
            return RunTarget(found: whole(run, framework), isScript: true)
        }
        guard let place = extended(in: module, name) ?? place(of: name, in: module) else { return nil }
        let root = roots.root(of: place.module.path)
        let found = FoundTarget(
            target: "\(ImportRoots.module(of: place.module.path, in: root)):\(place.name)",
            root: root,
            file: place.module.path,
            key: place.made.key,
            framework: place.made.framework,
            isFactory: place.made.isFactory
        )
        let isScript = preparesState(run, module, isDeclared: isDeclared) || startsBot(run)
        if isScript, place.module.path != run.file {
            var whole = whole(run, place.made.framework)
            whole.key = place.made.key
            return RunTarget(found: whole, isScript: true)
        }
        return RunTarget(found: found, isScript: isScript)
    }

    /// The file itself where it adds to an app that it imports: the app's own module has not all of it.
    private func extended(
        in module: PythonModule,
        _ name: String
    ) -> (module: PythonModule, name: String, made: AppResolver.Made)? {
        guard let made = place(of: name, in: module)?.made, made.file != module.path else { return nil }
        return extensions(in: module).first { $0.made.key == made.key }.map { (module, $0.name, $0.made) }
    }

    /// The module that a name is imported from, else the file itself.
    private func place(
        of name: String,
        in module: PythonModule
    ) -> (module: PythonModule, name: String, made: AppResolver.Made)? {
        let first = String(name.prefix { $0 != "." })
        let isOwn = module.assigns.contains { $0.scope.isEmpty && $0.target == first }
        if isOwn || !name.contains(".") {
            return resolver.app(named: name, in: module).map { (module, name, $0) }
        }
        guard let found = context.index.find(name, in: roots.roots(for: module.path)), !found.rest.isEmpty else {
            return nil
        }
        return resolver.app(named: found.rest, in: found.module).map { (found.module, found.rest, $0) }
    }

    /// What a call in place of a name makes: `uvicorn.run(create_app())`.
    private func made(by call: PythonCall, _ run: RunCall, _ module: PythonModule) -> RunTarget? {
        guard let found = resolver.definition(call.function, in: module) else {
            let framework = resolver.framework(of: .call(call), in: module, scope: run.scope, depth: 5)
            return framework.map { RunTarget(found: whole(run, $0), isScript: true) }
        }
        guard let function = found.module.functions.first(where: { $0.name == found.name }),
            let framework = resolver.made(by: function, in: found.module, depth: 5)
        else { return nil }
        let isPlain =
            call.arguments.isEmpty && call.keywords.isEmpty && !AppResolver.requires(function)
            && !found.name.contains(".")
        guard isPlain else { return RunTarget(found: whole(run, framework), isScript: true) }
        let root = roots.root(of: found.module.path)
        let target = FoundTarget(
            target: "\(ImportRoots.module(of: found.module.path, in: root)):\(found.name)",
            root: root,
            file: found.module.path,
            key: "\(found.module.path):\(found.name)",
            framework: framework,
            isFactory: true
        )
        return RunTarget(found: target, isScript: false)
    }

    /// The program itself, when no name of a module is the app.
    private func whole(_ run: RunCall, _ framework: Facts.Framework) -> FoundTarget {
        let root = roots.root(of: run.file)
        return FoundTarget(
            target: ImportRoots.module(of: run.file, in: root),
            root: root,
            file: run.file,
            key: "\(run.file):\(run.scope)()",
            framework: framework
        )
    }

    /// Whether the program reads arguments or loads something before it starts the server, which the app then needs.
    private func preparesState(_ run: RunCall, _ module: PythonModule, isDeclared: Bool) -> Bool {
        let last = RunCall.Place(file: run.file, scope: run.scope, line: run.call.line)
        return (run.trail + [last]).contains { place in
            guard let here = self.module(at: place.file) else { return false }
            let inGuard = place.scope.isEmpty && here.calls.contains { $0.line == place.line && $0.inMainGuard }
            return preparesState(before: place, in: here, inGuard: inGuard, isDeclared: isDeclared)
        }
    }

    /// Whether the program runs a bot beside the server: the app alone would never start it.
    private func startsBot(_ run: RunCall) -> Bool {
        let last = RunCall.Place(file: run.file, scope: run.scope, line: run.call.line)
        return (run.trail + [last]).contains { place in
            guard let here = self.module(at: place.file) else { return false }
            let isProgram = place.scope.isEmpty
            return here.calls.contains { call in
                call.scope == place.scope && (!isProgram || call.inMainGuard) && polls(call, in: here, depth: 3)
            }
        }
    }

    /// Whether a call asks for a bot's messages, itself or by what it calls or is given.
    private func polls(_ call: PythonCall, in module: PythonModule, depth: Int) -> Bool {
        if Vocabulary.polling.contains(call.method) { return true }
        guard depth > 0 else { return false }
        let given = (call.arguments + call.keywords.map(\.value)).flatMap { $0.elements ?? [$0] }
        let names = [call.function] + given.compactMap { $0.name ?? $0.call?.function }
        if given.contains(where: { $0.call.map { Vocabulary.polling.contains($0.method) } ?? false }) { return true }
        return names.contains { name in
            guard let found = resolver.definition(name, in: module),
                found.module.functions.contains(where: { $0.name == found.name })
            else { return false }
            return found.module.calls.contains {
                $0.scope == found.name && polls($0, in: found.module, depth: depth - 1)
            }
        }
    }

    private func preparesState(
        before place: RunCall.Place,
        in module: PythonModule,
        inGuard: Bool,
        isDeclared: Bool
    ) -> Bool {
        // At the top of a file all is done by an import as well, but for what stands under the main guard.
        guard !place.scope.isEmpty || inGuard else { return false }
        let before = module.calls.filter { call in
            call.scope == place.scope && call.line <= place.line && (!place.scope.isEmpty || call.inMainGuard)
        }
        let own = Set(module.assigns.filter { $0.scope.isEmpty && $0.inMainGuard != true }.map(\.target))
        let setsGlobals = module.assigns.contains { assign in
            guard assign.line < place.line, assign.scope == place.scope else { return false }
            guard let target = assign.target.split(separator: ".").first.map(String.init) else { return false }
            if place.scope.isEmpty {
                return assign.inMainGuard == true && assign.target.contains(".") && own.contains(target)
            }
            return own.contains(target)
        }
        if setsGlobals || hasOwnOptions(before) { return true }
        guard isDeclared else { return false }
        // A person runs the program: what it calls first is there for a reason, unless it only speaks or logs.
        return before.contains { call in
            guard call.line < place.line, let found = resolver.definition(call.function, in: module) else {
                return false
            }
            let name = found.name.lowercased()
            let isOwn = found.module.functions.contains { $0.name == found.name }
            let quiet = [
                "log", "print", "banner", "setting", "config", "parse", "get_", "create_app", "version", "check",
            ]
            return isOwn && !quiet.contains { name.contains($0) }
        }
    }

    /// Options of argparse that are about more than the server.
    private func hasOwnOptions(_ calls: [PythonCall]) -> Bool {
        let usual: Set<String> = [
            "host", "port", "reload", "workers", "log_level", "log", "debug", "loglevel", "dev", "help", "verbose",
            "root_path",
        ]
        let options = calls.filter { $0.method == "add_argument" }.flatMap(\.arguments).compactMap(\.text)
        return options.filter { $0.hasPrefix("--") || !$0.hasPrefix("-") }.contains { option in
            let name = option.drop { $0 == "-" }.replacing("-", with: "_")
            return !usual.contains(String(name)) && !usual.contains { name.hasSuffix("_" + $0) }
        }
    }
}
