import Model

extension EntrySearch {
    /// Names at the top of modules that are apps, and functions that make one where nothing is assigned.
    func readAssigned() {
        var assigned: Set<String> = []
        var factories: [(PythonModule, PythonModule.Function, Facts.Framework)] = []
        for module in context.python.modules where !isTest(module.path) {
            for name in names(in: module) {
                guard let made = resolver.app(named: name, in: module), !made.isFactory, made.file == module.path else {
                    continue
                }
                guard !isLocalOnly(name, in: module) else { continue }
                add(module, name: made.name, line: made.line, framework: made.framework, rank: 5)
                if let call = module.assigns.last(where: { $0.scope.isEmpty && $0.target == name })?.value?.call,
                    let found = resolver.definition(call.function, in: module)
                {
                    assigned.insert("\(found.module.path):\(found.name)")
                }
            }
            for function in module.functions where !function.name.contains(".") && !AppResolver.requires(function) {
                guard let framework = resolver.made(by: function, in: module, depth: 5) else { continue }
                factories.append((module, function, framework))
            }
        }
        // What another one calls is a part of it.
        for (module, function, _) in factories {
            for call in module.calls where call.scope == function.name {
                guard let inner = resolver.definition(call.function, in: module) else { continue }
                let key = "\(inner.module.path):\(inner.name)"
                if key != "\(module.path):\(function.name)" { assigned.insert(key) }
            }
        }
        for (module, function, framework) in factories where !assigned.contains("\(module.path):\(function.name)") {
            add(module, name: function.name, line: function.line, framework: framework, rank: 7)
        }
    }

    /// Django's projects, Streamlit's pages.
    func readOthers() {
        for path in tree.files(named: "manage.py") where !path.contains("{{") {
            guard let found = djangoTarget(manage: path) else { continue }
            add(candidate(found, rank: 4.5, at: Place(path), what: "manage.py of Django"))
        }
        for module in context.python.modules where isStreamlit(module) {
            let root = TreePath.folder(of: module.path)
            var entry = Facts.Entry(
                kind: .script,
                target: ImportRoots.module(of: module.path, in: root),
                importRoot: root
            )
            entry.command = ["streamlit", "run", TreePath.name(of: module.path)]
            let line = module.calls.first { $0.function.hasPrefix("streamlit.") }?.line
            entry.evidence = [Facts.Evidence(Place(module.path, line), "a page of Streamlit")]
            add(
                EntryCandidate(
                    entry: entry,
                    rank: 6,
                    framework: .streamlit,
                    file: module.path,
                    key: "\(module.path):streamlit"
                )
            )
        }
    }

    /// The app of a Django project, by the settings that its `manage.py` names.
    func djangoTarget(manage path: String) -> FoundTarget? {
        guard let module = module(at: path) else { return nil }
        let folder = TreePath.folder(of: path)
        let settings = module.calls.lazy.filter { $0.method == "setdefault" || $0.method == "putenv" }
            .filter { $0.arguments.first?.text == "DJANGO_SETTINGS_MODULE" }
            .compactMap { $0.arguments.dropFirst().first?.text }.first
        guard let settings else { return nil }
        let package = settings.split(separator: ".").prefix { $0 != "settings" && $0 != "config_settings" }
        let parts = package.isEmpty ? settings.split(separator: ".").prefix(1) : package
        let isASGI = context.project.files.contains { file in
            TreePath.lies(file, in: folder) && file.contains("settings") && file.hasSuffix(".py")
                && context.project.text(file)?.contains("ASGI_APPLICATION") == true
        }
        for name in isASGI ? ["asgi", "wsgi"] : ["wsgi", "asgi"] {
            let dotted = (parts.map(String.init) + [name]).joined(separator: ".")
            let target = "\(dotted):application"
            if var found = resolve(target, TargetSearch(folder: folder)) {
                found.framework = .django
                return found
            }
        }
        return nil
    }

    /// Console scripts by name: what they call, and the folder they are imported from.
    func findConsoleScripts() -> [String: (target: String, folder: String)] {
        var result: [String: (target: String, folder: String)] = [:]
        for path in tree.files(named: "pyproject.toml") {
            guard let root = context.document(path) else { continue }
            let folder = TreePath.folder(of: path)
            let tables = [root.at("project", "scripts"), root.at("tool", "poetry", "scripts")]
            for entry in tables.compactMap({ $0 }).flatMap(\.entries) {
                guard
                    let target = entry.node.string ?? entry.node["reference"]?.string ?? entry.node["callable"]?.string
                else {
                    continue
                }
                if result[entry.key] == nil || folder.isEmpty { result[entry.key] = (target, folder) }
            }
        }
        for name in ["setup.py", "setup.cfg"] {
            for path in tree.files(named: name).prefix(40) {
                for (script, target) in SetupScripts.read(context.project.text(path) ?? "") where result[script] == nil
                {
                    result[script] = (target, TreePath.folder(of: path))
                }
            }
        }
        return result
    }

    // MARK: - Private

    private func names(in module: PythonModule) -> [String] {
        var seen: Set<String> = []
        return module.assigns.filter { assign in
            guard assign.scope.isEmpty, !assign.target.contains("."), let value = assign.value else { return false }
            switch value {
            case .call, .conditional, .or: break
            case .name(let name): guard name.contains(".") else { return false }
            default: return false
            }
            return seen.insert(assign.target).inserted
        }.map(\.target)
    }

    /// Made under the main guard only, so that an import does not have it.
    private func isLocalOnly(_ name: String, in module: PythonModule) -> Bool {
        module.assigns.filter { $0.scope.isEmpty && $0.target == name }.allSatisfy { $0.inMainGuard == true }
    }

    private func add(
        _ module: PythonModule,
        name: String,
        line: Int,
        framework: Facts.Framework,
        rank: Double
    ) {
        let root = roots.root(of: module.path)
        let kind: Facts.Entry.Kind = rank == 7 ? .factory : .app
        let target = "\(ImportRoots.module(of: module.path, in: root)):\(name)"
        var entry = Facts.Entry(kind: kind, target: target, importRoot: root)
        let what = kind == .app ? "\(name) = \(framework.rawValue) app" : "\(name)() makes a \(framework.rawValue) app"
        entry.evidence = [Facts.Evidence(Place(module.path, line), what)]
        add(
            EntryCandidate(
                entry: entry,
                rank: rank,
                framework: framework,
                file: module.path,
                key: "\(module.path):\(name)"
            )
        )
    }

    private func isStreamlit(_ module: PythonModule) -> Bool {
        guard module.imports.contains(where: { $0.target == "streamlit" || $0.target.hasPrefix("streamlit.") }) else {
            return false
        }
        // Pages stand beside the program that is run.
        if TreePath.name(of: TreePath.folder(of: module.path)) == "pages" || isTest(module.path) { return false }
        let telling = [
            "set_page_config", "title", "navigation", "header", "sidebar", "write", "markdown", "text_input",
            "chat_input",
            "file_uploader",
        ]
        // The name that Streamlit's own cloud looks for.
        let isNamed = TreePath.name(of: module.path) == "streamlit_app.py"
        return module.calls.contains { call in
            call.function.hasPrefix("streamlit.") && (isNamed || telling.contains(call.method))
                && (call.scope.isEmpty || call.scope == "main")
        }
    }
}

/// Console scripts of `setup.py` and `setup.cfg`, as lines of text.
enum SetupScripts {
    static func read(_ text: String) -> [(name: String, target: String)] {
        guard let start = text.firstRange(of: "console_scripts")?.upperBound else { return [] }
        let rest = text[start...].prefix(4_000)
        return rest.split(whereSeparator: { $0.isNewline || $0 == "," || $0 == "[" || $0 == "]" }).prefix(60).compactMap
        { part in
            let plain = part.filter { !"\"' ()".contains($0) }
            guard let equals = plain.firstIndex(of: "="), plain[plain.index(after: equals)...].contains(":") else {
                return nil
            }
            let name = plain[..<equals]
            let target = plain[plain.index(after: equals)...]
            guard !name.isEmpty, CommandOptions.isTarget(String(target)) else { return nil }
            return (String(name), String(target))
        }
    }
}
