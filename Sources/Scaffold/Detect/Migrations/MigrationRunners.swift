import Model
import Toolkit

/// Finds who brings the schema up to date already, so that nothing does it twice.
struct MigrationRunners {
    private let context: ScanContext
    private let resolver: NameResolver
    private let startup: StartupCode

    init(_ context: ScanContext, resolver: NameResolver, startup: StartupCode) {
        self.context = context
        self.resolver = resolver
        self.startup = startup
    }

    /// In the order of their places, one for each kind and file.
    func runners(of migrations: Facts.Migrations) -> [Facts.Migrations.Runner] {
        var found: [Facts.Migrations.Runner] = []
        for command in context.commands where command.concerns(context) {
            guard isMeant(command, migrations), let kind = kind(of: command) else { continue }
            found.append(.init(kind, command.place))
        }
        found += atStart(migrations)
        var seen: Set<String> = []
        return found.filter { seen.insert("\($0.kind.rawValue) \($0.place.file)").inserted }
            .sorted { ($0.place, $0.kind.rawValue) < ($1.place, $1.kind.rawValue) }
    }

    // MARK: - Private

    private func isMeant(_ command: FoundCommand, _ migrations: Facts.Migrations) -> Bool {
        if command.words == migrations.command, !command.words.isEmpty { return true }
        if let found = MigrationCommand.of(command) {
            return found.tool == migrations.tool || found.tool == .flaskMigrate && migrations.tool == .alembic
        }
        if migrations.tool == .sqlFiles, let script = migrations.config {
            let path = TreePath.joined(context.root, script)
            return command.place.file == path
                || command.words.contains { CommandWrappers.name($0) == TreePath.name(of: script) }
        }
        return runsCode(command, migrations)
    }

    /// `python init_db.py`, whose code migrates.
    private func runsCode(_ command: FoundCommand, _ migrations: Facts.Migrations) -> Bool {
        guard let first = command.words.first, CommandWrappers.isPython(first), command.words.count > 1 else {
            return false
        }
        var module: PythonModule?
        if command.words[1] == "-m", command.words.count > 2 {
            let roots = [command.folder, context.root] + resolver.code.roots
            module = resolver.index.find(command.words[2], in: roots)?.module
            if let package = module, TreePath.name(of: package.path) == "__init__.py" {
                module =
                    resolver.index.module(at: TreePath.joined(TreePath.folder(of: package.path), "__main__.py"))
                    ?? module
            }
        } else if command.words[1].hasSuffix(".py") {
            module = resolver.index.module(at: TreePath.joined(command.folder, command.words[1]))
        }
        guard let module else { return false }
        var seen: Set<NameResolver.Scope> = []
        var level = [NameResolver.Scope(module.path)]
        for _ in 0..<4 {
            var next: [NameResolver.Scope] = []
            for scope in level where seen.insert(scope).inserted && seen.count < 200 {
                for call in calls(in: scope, of: module) {
                    if Self.migrates(call, migrations.tool) { return true }
                    next += StartupCode.called(by: call, in: scope, resolver)
                }
            }
            level = next
        }
        return false
    }

    /// The calls of a function; of a module that is no part of the app's code too.
    private func calls(in scope: NameResolver.Scope, of module: PythonModule) -> [PythonCall] {
        scope.path == module.path ? module.calls.filter { $0.scope == scope.name } : resolver.calls(in: scope)
    }

    private func kind(of command: FoundCommand) -> Facts.Migrations.Runner.Kind? {
        let isPrestart = TreePath.name(of: command.place.file).hasPrefix("prestart")
        switch command.source {
        case .procfile, .fly, .render, .railway, .heroku, .appYAML, .cloudbuild:
            return Self.isStep(command.name ?? "") ? .release : .entrypoint
        case .dockerfile, .supervisor: return isPrestart ? .prestart : .entrypoint
        case .compose: return .compose
        case .kubernetes: return .initContainer
        case .workflow: return .ci
        case .script: return startsImage(command.place.file) ? (isPrestart ? .prestart : .entrypoint) : nil
        case .makefile, .pyproject: return nil
        }
    }

    /// Whether a name says that its command runs once, before or after a deploy, and not at each start: `release`, and
    /// `postdeploy` of Heroku's review apps.
    private static func isStep(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["release", "migrat", "predeploy", "pre_deploy", "postdeploy", "post_deploy"].contains(
            where: name.contains
        )
            || ["jobs", "job", "init", "setup"].contains(name)
    }

    /// A script that an image's own start may run: the base image does, or a Dockerfile names it.
    private func startsImage(_ path: String) -> Bool {
        let name = TreePath.name(of: path)
        let starts = context.dockerfiles.flatMap { file in
            file.stages.flatMap(\.instructions).filter { ["CMD", "ENTRYPOINT"].contains($0.word) }
        }
        if starts.contains(where: { $0.text.contains(name) }) { return true }
        let bases = context.dockerfiles.flatMap { $0.stages.map(\.base) }
        return name == "prestart.sh" && bases.contains { $0.contains("tiangolo/") }
    }

    /// The app's own code does it when it starts.
    private func atStart(_ migrations: Facts.Migrations) -> [Facts.Migrations.Runner] {
        if migrations.tool == .inApp {
            return migrations.evidence.first.map { [.init(.lifespan, $0.place)] } ?? []
        }
        return startup.calls.filter { Self.migrates($0.call, migrations.tool) }.map { call, scope in
            .init(.lifespan, Place(scope.path, call.line))
        }
    }

    /// A call that migrates, by the tool's own library or by its program.
    static func migrates(_ call: PythonCall, _ tool: Facts.Migrations.Tool) -> Bool {
        let name = call.function
        switch name {
        case "alembic.command.upgrade", "flask_migrate.upgrade": return true
        case "command.upgrade": return tool == .alembic
        case "django.core.management.call_command": return call.arguments.first?.text == "migrate"
        case "alembic.config.main": return texts(in: call).contains("upgrade")
        default: break
        }
        if tool == .aerich, name.hasSuffix(".upgrade"), name.contains("aerich") || name.hasPrefix("command.") {
            return true
        }
        if tool == .piccolo, name.hasSuffix("run_forwards") || name.hasSuffix("forwards") { return true }
        if tool == .yoyo, call.method == "apply_migrations" { return true }
        let starters: Set<String> = [
            "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen",
            "os.system",
            "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "os.execvp", "sh.alembic",
            "anyio.run_process",
        ]
        guard starters.contains(name) else { return false }
        let words = texts(in: call).flatMap { $0.split(separator: " ").map(String.init) }
        return words.contains("upgrade") && words.contains { $0 == "alembic" || $0 == "aerich" || $0 == "db" }
            || words.contains("migrate") && words.contains { $0.hasSuffix("manage.py") }
    }

    private static func texts(in call: PythonCall) -> [String] {
        (call.arguments + call.keywords.map(\.value)).flatMap { $0.elements ?? [$0] }.compactMap(\.text)
    }
}

extension PythonCall {
    /// It makes the tables that are missing by what the models say, without a migration.
    var makesTables: Bool {
        if self["generate_schemas"]?.bool == true { return true }
        return function.hasSuffix("Tortoise.generate_schemas") || function.hasSuffix("metadata.create_all")
            || arguments.contains { $0.name?.hasSuffix("metadata.create_all") == true }
    }
}
