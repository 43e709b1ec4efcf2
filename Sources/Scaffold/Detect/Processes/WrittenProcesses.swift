import Model

/// Processes that the project's own files start.
struct WrittenProcesses {
    struct Item {
        var command: WorkerCommand
        var found: FoundCommand
    }

    private let context: ScanContext
    private let resolver: NameResolver

    init(_ context: ScanContext, _ resolver: NameResolver) {
        self.context = context
        self.resolver = resolver
    }

    /// For each kind, those of the file that is nearest to production.
    func items() -> [Item] {
        var byKind: [Facts.Process.Kind: [Item]] = [:]
        for item in all() { byKind[item.command.kind, default: []].append(item) }
        return byKind.keys.sorted { $0.rawValue < $1.rawValue }.flatMap { kind in chosen(byKind[kind] ?? []) }
    }

    // MARK: - Private

    private func all() -> [Item] {
        var items: [Item] = []
        // Of a script only what it ends with goes on running.
        var last: [String: FoundCommand] = [:]
        for command in context.commands where command.concerns(context) {
            guard command.source != .workflow, command.source != .makefile, command.source != .pyproject else {
                continue
            }
            guard !isScheduledJob(command) else { continue }
            if let worker = WorkerCommand.of(command.words) {
                items.append(Item(command: worker, found: command))
            } else {
                last["\(command.source.rawValue) \(command.name ?? "") \((command.runBy ?? command.place).file)"] =
                    command
            }
        }
        for key in last.keys.sorted() {
            guard let command = last[key], let worker = other(command) else { continue }
            items.append(Item(command: worker, found: command))
        }
        return items
    }

    private func chosen(_ items: [Item]) -> [Item] {
        func rank(_ item: Item) -> [Int] {
            let file = TreePath.name(of: (item.found.runBy ?? item.found.place).file).lowercased()
            return [item.found.weight, file.contains("prod") ? 0 : 1, file.split(separator: "/").count]
        }
        let sorted = items.sorted { left, right in
            rank(left) == rank(right)
                ? left.found.place < right.found.place : rank(left).lexicographicallyPrecedes(rank(right))
        }
        guard let best = sorted.first else { return [] }
        let file = (best.found.runBy ?? best.found.place).file
        var seen: Set<[String]> = []
        return sorted.filter { item in
            // Objects of Kubernetes and Dockerfiles stand in a file each.
            let isBeside =
                [.kubernetes, .dockerfile].contains(best.found.source) && item.found.source == best.found.source
            guard
                isBeside && item.found.isDevelopment == best.found.isDevelopment
                    || (item.found.runBy ?? item.found.place).file == file
            else { return false }
            return seen.insert(item.command.words).inserted
        }
    }

    /// A program of the project that is started beside the web server.
    private func other(_ command: FoundCommand) -> WorkerCommand? {
        guard let first = command.words.first, isProcess(command), MigrationCommand.of(command) == nil else {
            return nil
        }
        guard let module = module(of: command) else {
            // In a Procfile everything is a process; elsewhere only what is the project's own.
            let isListed = [.procfile, .fly, .supervisor].contains(command.source) && !command.isDevelopment
            guard isListed, !Self.tools.contains(CommandWrappers.name(first)) else { return nil }
            return WorkerCommand(kind: .other, words: command.words)
        }
        if let entry = context.facts.entry {
            if entry.command == command.words { return nil }
            if resolver.index.find(entry.module, in: resolver.code.roots)?.module.path == module.path { return nil }
        }
        let isClock = module.calls.contains { InProcess.isScheduler($0.function) }
        return WorkerCommand(kind: isClock ? .scheduler : .other, isSingleton: isClock, words: command.words)
    }

    private static let tools: Set<String> = [
        "sh", "bash", "sleep", "tail", "echo", "true", "nginx", "redis-server", "postgres", "mysqld", "node", "npm",
        "yarn", "pnpm",
        "npx", "caddy", "traefik", "mongod", "rabbitmq-server", "memcached", "minio", "supervisord", "honcho",
        "foreman", "sshd",
        "docker", "pg_ctl", "bun", "deno", "cat", "rails", "bundle", "java", "git", "wget", "curl", "pip", "pytest",
        "rm", "mkdir",
        "cp", "mv", "ls", "chmod", "chown", "cd", "psql", "createdb", "find", "touch", "exit", "kill", "ln", "source",
        ".",
    ]
    private static let servers = Vocabulary.starters.union(Vocabulary.frameworks).union([
        "waitress-serve", "mkdocs", "jupyter", "ipython", "locust", "pytest", "ruff", "mypy", "black", "tox",
    ])

    private func isProcess(_ command: FoundCommand) -> Bool {
        let name = (command.name ?? "").lowercased()
        let first = CommandWrappers.name(command.words.first ?? "")
        guard !Self.servers.contains(first), !command.isDevelopment || command.source == .compose else { return false }
        let words = Set(HealthWords.words(of: name))
        let once: Set<String> = [
            "release", "migrate", "migration", "migrations", "init", "initdb", "prestart", "seed", "seeder", "setup",
            "test", "tests",
            "lint", "docs", "fixtures", "bootstrap", "backup", "createsuperuser", "web", "app", "api", "server",
            "backend", "frontend",
            "db", "fastapi", "load", "import", "build", "notebook", "shell", "main",
        ]
        guard words.isDisjoint(with: once) else { return false }
        switch command.source {
        case .procfile, .fly, .supervisor, .render, .appYAML, .kubernetes, .heroku: return true
        case .compose: return command.dockerfile != nil || !command.folder.isEmpty || context.root.isEmpty
        default: return false
        }
    }

    /// The module that `python x.py` or `python -m x` runs, when it is the project's.
    private func module(of command: FoundCommand) -> PythonModule? {
        guard let first = command.words.first, CommandWrappers.isPython(first), command.words.count > 1 else {
            return nil
        }
        let roots = [command.folder, context.root] + resolver.code.roots
        if command.words[1] == "-m" {
            guard command.words.count > 2, let found = resolver.index.find(command.words[2], in: roots),
                found.rest.isEmpty
            else {
                return nil
            }
            let folder = TreePath.folder(of: found.module.path)
            let isPackage = TreePath.name(of: found.module.path) == "__init__.py"
            return isPackage
                ? resolver.index.module(at: TreePath.joined(folder, "__main__.py")) ?? found.module : found.module
        }
        guard command.words[1].hasSuffix(".py") else { return nil }
        let path = command.words[1]
        for root in roots {
            if let found = resolver.index.module(at: TreePath.joined(root, path)) { return found }
        }
        // A path in the image.
        return resolver.modules.first { path.hasPrefix("/") && path.hasSuffix("/" + $0.path) }
    }

    /// A container of a `CronJob` or a `Job` runs now and then, not always.
    private func isScheduledJob(_ command: FoundCommand) -> Bool {
        guard command.source == .kubernetes, let documents = context.documents[command.place.file] else { return false }
        return documents.contains { document in
            guard let kind = document["kind"]?.string, kind == "CronJob" || kind == "Job" else { return false }
            let line = command.place.line ?? 0
            let next = documents.map(\.position.line).filter { $0 > document.position.line }.min() ?? .max
            return document.position.line <= line && line < next
        }
    }
}
