import Model
import Toolkit

/// Finds what brings the database's schema up to date, and who runs it already.
package enum MigrationDetector {
    /// Sets ``Facts/migrations``; none when a library is only declared and nothing is set up for it.
    package static func detect(_ context: inout ScanContext) {
        let resolver = context.resolver
        let startup = StartupCode(context, resolver)
        let finder = MigrationFinder(context, resolver: resolver, startup: startup)
        guard var found = finder.find() else {
            context.facts.migrations = nil
            return
        }
        found.importRoots = finder.importRoots(of: found)
        if let script = AlembicScript(context, found) {
            if script.lacksPath { found.lacksPath = true }
            found.opening = script.opening
        }
        found.runBy = MigrationRunners(context, resolver: resolver, startup: startup).runners(of: found)
        if found.tool != .inApp { found.tablesMadeAt = tables(resolver) }
        context.facts.migrations = found
    }

    /// The first call of the app's code that makes tables, other than that of a program of its own.
    private static func tables(_ resolver: NameResolver) -> Place? {
        resolver.modules.filter { resolver.code.isReached($0) }.lazy.compactMap { module in
            module.calls.first { !$0.inMainGuard && $0.makesTables }.map { Place(module.path, $0.line) }
        }.min()
    }
}

/// Tries one tool after the other.
struct MigrationFinder {
    let context: ScanContext
    let resolver: NameResolver
    let startup: StartupCode
    /// Those that are about the app's folder.
    let commands: [(found: FoundCommand, migration: MigrationCommand)]

    init(_ context: ScanContext, resolver: NameResolver, startup: StartupCode) {
        self.context = context
        self.resolver = resolver
        self.startup = startup
        commands = context.commands.filter { $0.concerns(context) }.compactMap { command in
            MigrationCommand.of(command).map { (command, $0) }
        }
    }

    func find() -> Facts.Migrations? {
        let tools: [() -> Facts.Migrations?] = [
            django, flask, alembic, aerich, piccolo, yoyo, beanie, prisma, inApp, sqlFiles, own,
        ]
        return tools.lazy.compactMap { $0() }.first
    }

    /// A path from the scanned folder as the facts have it, relative to the project.
    func relative(_ path: String) -> String { TreePath.relative(path, to: context.root) }

    // MARK: - Private

    private func alembic() -> Facts.Migrations? {
        let all = AlembicConfig.all(in: context)
        guard let first = all.first else { return nil }
        let written = commands.filter { $0.migration.tool == .alembic && $0.migration.runs(first) }
            .min { ($0.found.weight, $0.found.place) < ($1.found.weight, $1.found.place) }?.migration
        let target = first.heads(in: context.project).count > 1 ? "heads" : "head"
        var made = Facts.Migrations(.alembic, command: first.command(target: target))
        made.workingDirectory = relative(first.workingDirectory)
        if let written, isUsable(written, first) {
            // Where the file says `head` and there are several, it fails.
            made.command = written.words.map { $0 == "head" ? target : $0 }
            made.workingDirectory = relative(written.folder)
        }
        let sections = all.filter { $0.path == first.path && $0.section != nil }
        if first.section != nil, sections.count > 1, written == nil {
            let lines = sections.map { config in
                let several = config.heads(in: context.project).count > 1
                return config.command(target: several ? "heads" : "head").joined(separator: " ")
            }
            made.command = ["sh", "-c", lines.joined(separator: " && ")]
        }
        made.config = relative(first.path)
        made.location = relative(first.location)
        made.changesMissing = AlembicTables(first.versions, context.project).missing?.place
        made.evidence = [.init(Place(first.path, first.line), "Alembic's configuration")]
        let isHidden = TreePath.folder(of: first.path) != context.root || sections.count > 1
        if written == nil, isHidden, let own = ownCommand() {
            made.command = own.words
            made.workingDirectory = relative(own.folder)
            made.evidence.append(.init(own.place, own.words.joined(separator: " ")))
        }
        return made
    }

    /// What is written down works from the folder that it is run in.
    private func isUsable(_ command: MigrationCommand, _ config: AlembicConfig) -> Bool {
        guard !command.words.contains(where: { $0.contains("$") }), !(command.config ?? "").hasPrefix("/") else {
            return false
        }
        return context.project.has(TreePath.joined(command.folder, command.config ?? "alembic.ini"))
            || command.config == nil && TreePath.folder(of: config.path) == command.folder
    }

    private func django() -> Facts.Migrations? {
        let kinds: [Facts.Framework?] = [nil, .asgi, .wsgi, .python, .django]
        guard kinds.contains(context.facts.framework) || context.depends(on: "django") else { return nil }
        let files = context.project.files(under: context.root).filter { path in
            TreePath.name(of: path) == "manage.py"
                && context.project.text(path)?.lowercased().contains("django") == true
        }
        guard let file = files.min(by: { ($0.split(separator: "/").count, $0) < ($1.split(separator: "/").count, $1) })
        else {
            return nil
        }
        let written = commands.filter { $0.migration.tool == .django && !$0.found.isDevelopment }
            .min { ($0.found.weight, $0.found.place) < ($1.found.weight, $1.found.place) }?.migration
        var made = Facts.Migrations(.django, command: ["python", "manage.py", "migrate", "--noinput"])
        if let written, written.words.contains("migrate_schemas") { made.command[2] = "migrate_schemas" }
        made.workingDirectory = relative(TreePath.folder(of: file))
        made.config = relative(file)
        made.evidence = [.init(Place(file), "Django's manage.py")]
        return made
    }

    private func flask() -> Facts.Migrations? {
        // Left over from before a change of framework, it stands in code that the app no longer imports.
        let reached = resolver.modules.filter { context.facts.framework == .flask || resolver.code.isReached($0) }
        let made = reached.lazy.compactMap { module -> (PythonModule, PythonCall)? in
            module.calls.first { $0.function == "flask_migrate.Migrate" }.map { (module, $0) }
        }.first
        guard let (module, call) = made else { return nil }
        let named = call["directory"].flatMap { resolver.text($0, in: NameResolver.Scope(module.path, call.scope)) }
        let written = commands.filter { $0.migration.tool == .flaskMigrate }
            .min { ($0.found.weight, $0.found.place) < ($1.found.weight, $1.found.place) }?.migration
        let folders = [named, "migrations"].compactMap { $0 }
        let roots = [
            context.root, TreePath.folder(of: module.path), TreePath.folder(of: TreePath.folder(of: module.path)),
        ]
        let found = roots.flatMap { root in folders.map { TreePath.joined(root, $0) } }
            .first { context.project.has(TreePath.joined($0, "env.py")) }
        guard let found else { return nil }
        var result = Facts.Migrations(.flaskMigrate, command: written?.words ?? ["flask", "db", "upgrade"])
        if written == nil, TreePath.name(of: found) != "migrations" {
            result.command += ["--directory", relative(found)]
        }
        if written == nil, let entry = context.facts.entry, !["app", "wsgi"].contains(entry.module) {
            let app = entry.kind == .factory ? "\(entry.module):\(entry.attribute)()" : entry.target
            result.command.insert(contentsOf: ["--app", app], at: 1)
        }
        result.workingDirectory = written.map { relative($0.folder) } ?? context.facts.entry?.importRoot ?? ""
        result.location = relative(found)
        result.evidence = [.init(Place(module.path, call.line), "Flask-Migrate")]
        return result
    }

    /// A command of the project itself that migrates: `dispatch database upgrade`.
    func ownCommand() -> MigrationCommand? {
        let found = context.commands.filter { $0.concerns(context) && !$0.isDevelopment && Self.isOwn($0, context) }
        return found.min { ($0.weight, $0.place) < ($1.weight, $1.place) }.map { command in
            MigrationCommand(tool: .own, words: command.words, folder: command.folder, place: command.place)
        }
    }

    private func own() -> Facts.Migrations? {
        guard let command = ownCommand() else { return nil }
        var made = Facts.Migrations(.own, command: command.words)
        made.workingDirectory = relative(command.folder)
        made.evidence = [.init(command.place, command.words.joined(separator: " "))]
        return made
    }

    private static func isOwn(_ command: FoundCommand, _ context: ScanContext) -> Bool {
        guard command.source != .workflow, command.source != .makefile, let first = command.words.first else {
            return false
        }
        let foreign: Set<String> = [
            "pip", "uv", "poetry", "npm", "npx", "yarn", "pnpm", "apt-get", "apt", "apk", "brew", "helm", "kubectl",
            "docker",
            "docker-compose", "git", "curl", "wget", "rm", "cp", "mv", "mkdir", "chmod", "chown", "cat", "ls", "psql",
            "find",
            "aws", "gcloud", "terraform", "echo", "pytest", "celery", "sed", "grep", "systemctl", "sudo", "pg_upgrade",
            "supabase",
            "ansible-playbook", "flyctl", "fly", "heroku", "railway", "python3-pip", "conda", "rsync", "scp", "ssh",
            "tar", "exec",
        ]
        guard !foreign.contains(CommandWrappers.name(first)), MigrationCommand.of(command) == nil else { return false }
        var rest = Array(command.words.dropFirst())
        let isPython = CommandWrappers.isPython(first)
        if isPython, rest.first == "-m" { rest.removeFirst() }
        // `python -m pip install --upgrade` and the like.
        guard !isPython || !["pip", "venv", "compileall", "pytest", "-c"].contains(rest.first ?? "") else {
            return false
        }
        let plain = (isPython ? rest : [first] + rest).filter { !$0.hasPrefix("-") }.prefix(4)
        let words = plain.flatMap { HealthWords.words(of: TreePath.name(of: $0.replacing(".py", with: ""))) }
        if words.contains("makemigrations") || words.contains("revision") || words.contains("create") { return false }
        if words.contains("migrate") || words.contains("migration") || words.contains("migrations") { return true }
        return words.contains("upgrade")
            && (words.contains("db") || words.contains("database") || words.contains("schema"))
    }
}

extension FoundCommand {
    /// The smaller the nearer to what production runs.
    var weight: Int {
        let source: Int =
            switch source {
            case .procfile, .fly, .render, .railway, .heroku, .appYAML, .cloudbuild: 0
            case .kubernetes: 1
            case .dockerfile, .supervisor: 2
            case .compose: 3
            case .script: 4
            case .pyproject, .makefile: 5
            case .workflow: 6
            }
        return source + (isDevelopment ? 10 : 0)
    }

    /// Whether it is run in the app's folder, or above or below it, and not for another app of the tree.
    func concerns(_ context: ScanContext) -> Bool {
        let root = context.root
        if TreePath.lies(folder, in: root) || TreePath.lies(place.file, in: root) {
            return !context.facts.roots.contains { other in
                other.folder != root && other.folder.count > root.count && TreePath.lies(folder, in: other.folder)
            }
        }
        guard TreePath.lies(root, in: folder) else { return false }
        // A file at the top of a tree of several apps is about all of them, or about the one that it is named for.
        let own = TreePath.name(of: root)
        return !folder.isEmpty || context.facts.roots.count < 2 || place.file.contains(own)
            || name?.contains(own) == true
    }
}
