import Model

/// Modules that declare tasks for Celery and that a worker would never import: it would know none of them.
struct UnseenTasks {
    private let context: ScanContext
    private let resolver: NameResolver

    init(_ context: ScanContext, _ resolver: NameResolver) {
        self.context = context
        self.resolver = resolver
    }

    /// The words of a worker with `--include` for what nothing leads it to; nil where nothing is missing.
    func included(_ words: [String]) -> [String]? {
        let options = CommandOptions(Array(words.dropFirst()), flags: ["-B", "--beat", "-E"])
        guard CommandWrappers.name(words.first ?? "") == "celery", options["-I"] == nil, options["--include"] == nil,
            let name = options["-A"] ?? options["--app"],
            let start = resolver.index.find(name.replacing(":", with: "."), in: resolver.code.roots)?.module
        else { return nil }
        let names = missing(from: start)
        return names.isEmpty ? nil : words + ["--include=\(names.joined(separator: ","))"]
    }

    // MARK: - Private

    /// The dotted names, in their order.
    private func missing(from start: PythonModule) -> [String] {
        guard !findsTasks else { return [] }
        let seen = resolver.code.reach(from: start.path)
        let processes = CodeProcesses(context, resolver)
        return resolver.modules.filter { !seen.contains($0.path) && declaresTasks($0) && mayBeTold($0.path) }
            .map { processes.name(of: $0) }.sorted()
    }

    /// Whether some setting says where tasks are: it knows better.
    private var findsTasks: Bool {
        let names: Set<String> = ["imports", "include", "CELERY_IMPORTS", "CELERY_INCLUDE", "task_routes"]
        return resolver.modules.contains { module in
            module.calls.contains { call in
                ["autodiscover_tasks", "register_task", "config_from_object", "import_module"].contains(call.method)
                    || call["include"] != nil || call["imports"] != nil
            }
                || module.assigns.contains { assign in
                    names.contains(assign.target.split(separator: ".").last.map(String.init) ?? "")
                }
        }
    }

    private func declaresTasks(_ module: PythonModule) -> Bool {
        module.functions.contains { function in
            function.decorators.contains { decorator in
                let name = decorator.call?.function ?? decorator.name ?? ""
                if name == "celery.shared_task" { return true }
                // Its object has a name that says so: other libraries have tasks as well.
                guard name.hasSuffix(".task") else { return false }
                return name.dropLast(5).split(separator: ".").contains { $0.lowercased().contains("celery") }
            }
        }
    }

    private func mayBeTold(_ path: String) -> Bool { Quoting.isPlainPath(path) && !path.contains("-") }
}
