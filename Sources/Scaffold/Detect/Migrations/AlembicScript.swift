import Model
import Toolkit

/// What Alembic's `env.py` asks of the place that it is run in, and of the address that it is given.
struct AlembicScript {
    private let context: ScanContext
    private let migrations: Facts.Migrations
    private let module: PythonModule
    private let text: String

    /// Nil for another tool, and where the script can't be read.
    init?(_ context: ScanContext, _ migrations: Facts.Migrations) {
        guard migrations.tool == .alembic, let location = migrations.location else { return nil }
        let path = TreePath.joined(TreePath.joined(context.root, location), "env.py")
        guard let module = context.python.modules.first(where: { $0.path == path }),
            let text = context.project.text(path)
        else { return nil }
        (self.context, self.migrations, self.module, self.text) = (context, migrations, module, text)
    }

    /// Whether it imports modules of the folder that it is run in, which no program of an environment's `bin` finds there.
    var lacksPath: Bool {
        guard !text.contains("sys.path"), !hasPrepended else { return false }
        let folder = TreePath.joined(context.root, migrations.workingDirectory)
        return module.imports.contains { item in
            guard (item.level ?? 0) == 0, let first = item.target.split(separator: ".").first, first != "alembic" else {
                return false
            }
            let path = TreePath.joined(folder, String(first))
            return context.project.has(path + ".py")
                || context.project.files.contains { $0.hasPrefix(path + "/") && $0.hasSuffix(".py") }
        }
    }

    /// How it opens the database; nil when it makes another address of the one that it is given.
    var opening: Facts.Migrations.Opening? {
        let methods = Set(module.calls.map(\.method))
        let awaits = !methods.isDisjoint(with: ["async_engine_from_config", "create_async_engine", "AsyncEngine"])
        let blocks = !methods.isDisjoint(with: ["engine_from_config", "create_engine"])
        // asyncpg's own way of serving who waits without a loop.
        guard awaits || blocks, !text.contains("async_fallback"), !isChanged(awaits) else { return nil }
        return awaits ? .awaiting : .blocking
    }

    // MARK: - Private

    private var hasPrepended: Bool {
        guard let config = migrations.config else { return false }
        let path = TreePath.joined(context.root, config)
        if TreePath.name(of: path) == "pyproject.toml" {
            return context.document(path)?.at("tool", "alembic")?["prepend_sys_path"] != nil
        }
        return context.project.text(path).map { INIFile($0)["alembic", "prepend_sys_path"] != nil } ?? false
    }

    /// Whether the script, or what it imports of the project, turns the address into the form that it wants.
    private func isChanged(_ awaits: Bool) -> Bool {
        // `settings.sync_database_url` is one for it alone.
        let words = text.lowercased().split { !$0.isLetter && $0 != "_" }
        let own = awaits ? "async" : "sync"
        if words.contains(where: { $0.contains("url") && $0.split(separator: "_").contains(own[...]) }) { return true }
        let roots = [
            TreePath.joined(context.root, migrations.workingDirectory), context.root,
            TreePath.joined(context.root, context.facts.entry?.importRoot ?? ""),
        ]
        let imported = module.imports.compactMap { context.index.find($0.target, in: roots)?.module }
        return ([module] + imported).contains { one in
            one.calls.contains { call in
                if call["drivername"] != nil, call.method == "set" { return true }
                guard ["replace", "sub"].contains(call.method), let first = call.arguments.first?.text else {
                    return false
                }
                let second = call.arguments.dropFirst().first?.text ?? ""
                let (from, to) = (Self.isAwaiting(first), Self.isAwaiting(second))
                return awaits ? to && !from : from && !to
            }
        }
    }

    private static func isAwaiting(_ text: String) -> Bool {
        MigrationScheme.awaiting.contains(where: text.contains)
    }
}
