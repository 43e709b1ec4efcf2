import Model
import Toolkit

extension MigrationFinder {
    func aerich() -> Facts.Migrations? {
        for path in nearby(named: ["pyproject.toml", "aerich.ini"]) {
            let folder = TreePath.folder(of: path)
            var location: String?
            var line: Int?
            if path.hasSuffix(".ini") {
                guard let text = context.project.text(path), let section = INIFile(text).sections["aerich"] else {
                    continue
                }
                location = section["location"]?.text
                line = section["location"]?.line
            } else {
                guard let table = context.tree(path)?.at("tool", "aerich") else { continue }
                location = table["location"]?.string
                line = table.position.line
            }
            return made(.aerich, ["aerich", "upgrade"], in: folder, path, line, location ?? "migrations")
        }
        return nil
    }

    func piccolo() -> Facts.Migrations? {
        for path in nearby(named: ["piccolo_conf.py"]) {
            guard context.project.text(path)?.contains("APP_REGISTRY") == true else { continue }
            let folder = TreePath.folder(of: path)
            let migrations = context.project.files(under: folder).first { $0.contains("piccolo_migrations/") }
            let location = migrations.map { TreePath.folder(of: $0) }
            let words = ["piccolo", "migrations", "forwards", "all"]
            var found = made(.piccolo, words, in: folder, path, nil, nil)
            found.location = location.map(relative)
            return found
        }
        return nil
    }

    func yoyo() -> Facts.Migrations? {
        for path in nearby(named: ["yoyo.ini", "pyproject.toml"]) {
            let folder = TreePath.folder(of: path)
            var sources: String?
            if path.hasSuffix(".ini") {
                guard let text = context.project.text(path) else { continue }
                let file = INIFile(text)
                sources = file["DEFAULT", "sources"]?.text ?? file["yoyo", "sources"]?.text
            } else {
                guard let table = context.tree(path)?.at("tool", "yoyo") else { continue }
                sources = table["sources"]?.string ?? table["sources"]?.items.first?.string
            }
            let location = sources?.replacing("%(here)s/", with: "").split { $0.isWhitespace || $0 == "," }.first.map(
                String.init
            )
            return made(.yoyo, ["yoyo", "apply", "--batch"], in: folder, path, nil, location ?? "migrations")
        }
        return written(.yoyo)
    }

    func beanie() -> Facts.Migrations? {
        if let found = written(.beanie) { return found }
        let module = resolver.modules.first { module in
            module.functions.contains { function in
                function.decorators.contains { decorator in
                    ["iterative_migration", "free_fall_migration"].contains(decorator.call?.method ?? "")
                }
            }
        }
        guard let module else { return nil }
        let location = relative(TreePath.folder(of: module.path))
        let address = context.facts.database?.variable ?? "MONGODB_URL"
        var found = Facts.Migrations(
            .beanie,
            command: ["sh", "-c", "beanie migrate -uri \"$\(address)\" -p \(location)"]
        )
        // A folder's name that a shell would take apart can't stand in its text.
        if !location.allSatisfy({ $0.isLetter || $0.isNumber || "._-/".contains($0) }) { return nil }
        found.location = location
        found.evidence = [.init(Place(module.path), "a migration of Beanie")]
        return found
    }

    func prisma() -> Facts.Migrations? {
        guard context.depends(on: "prisma") else { return nil }
        for path in context.project.files(under: context.root) where TreePath.name(of: path) == "schema.prisma" {
            let folder = TreePath.folder(of: path)
            guard
                context.project.files(under: TreePath.joined(folder, "migrations")).contains(where: {
                    $0.hasSuffix(".sql")
                })
            else {
                continue
            }
            let base = TreePath.name(of: folder) == "prisma" ? TreePath.folder(of: folder) : context.root
            var words = ["prisma", "migrate", "deploy"]
            if TreePath.name(of: folder) != "prisma" { words += ["--schema", TreePath.relative(path, to: base)] }
            var found = Facts.Migrations(.prisma, command: words)
            found.workingDirectory = relative(base)
            found.config = relative(path)
            found.location = relative(TreePath.joined(folder, "migrations"))
            found.evidence = [.init(Place(path), "Prisma's schema")]
            return found
        }
        return nil
    }

    /// The app migrates at its start with code of its own.
    func inApp() -> Facts.Migrations? {
        for (call, scope) in startup.calls {
            let words = HealthWords.words(of: call.method)
            guard words.contains(where: { $0.hasPrefix("migrat") }), !words.contains("create"),
                !words.contains("include")
            else {
                continue
            }
            let target = resolver.targets(of: call.function, in: scope).lazy.compactMap { target -> String? in
                if case .function(_, let path) = target { path } else { nil }
            }.first
            guard let target, resolver.code.isReached(resolver.index.module(at: scope.path) ?? resolver.modules[0])
            else { continue }
            let named = resolver.modules.map(\.path).filter { TreePath.name(of: $0) == "migrations.py" }
            let file = named.min { ($0.split(separator: "/").count, $0) < ($1.split(separator: "/").count, $1) }
            var found = Facts.Migrations(.inApp, command: [])
            found.location = relative(file ?? target)
            found.evidence = [.init(Place(scope.path, call.line), "\(call.method)() at the app's start")]
            return found
        }
        return nil
    }

    /// A folder of SQL files that a script or a tool runs.
    func sqlFiles() -> Facts.Migrations? {
        let folders = sqlFolders()
        if var found = written(.sqlFiles) {
            found.location = folders.first.map(relative)
            return found
        }
        guard let folder = folders.first else { return nil }
        if TreePath.name(of: TreePath.folder(of: folder)) == "supabase" {
            return made(
                .sqlFiles,
                ["supabase", "db", "push"],
                in: TreePath.folder(of: TreePath.folder(of: folder)),
                folder,
                nil,
                "supabase/migrations"
            )
        }
        guard let (script, words) = script(for: folder) else { return nil }
        var found = Facts.Migrations(.sqlFiles, command: words)
        found.config = relative(script)
        found.location = relative(folder)
        found.evidence = [.init(Place(script), "runs the SQL files of \(folder)")]
        return found
    }

    // MARK: - Private

    /// Files of the app's folder and those above it, the nearest first.
    private func nearby(named names: [String]) -> [String] {
        let inside = context.project.files(under: context.root).filter { path in
            names.contains(TreePath.name(of: path)) && !AppCode.isAside(path, context.root)
        }
        let above = TreePath.ancestors(of: context.root).dropFirst().flatMap { folder in
            names.map { TreePath.joined(folder, $0) }.filter { context.project.has($0) }
        }
        return inside.sorted { ($0.split(separator: "/").count, $0) < ($1.split(separator: "/").count, $1) } + above
    }

    private func made(
        _ tool: Facts.Migrations.Tool,
        _ words: [String],
        in folder: String,
        _ file: String,
        _ line: Int?,
        _ location: String?
    ) -> Facts.Migrations {
        var found = Facts.Migrations(tool, command: words)
        found.workingDirectory = relative(folder)
        found.config = relative(file)
        found.location = location.map { relative(TreePath.joined(folder, $0)) }
        found.evidence = [.init(Place(file, line), "\(tool.rawValue)'s configuration")]
        return found
    }

    /// As a command of the project has it.
    private func written(_ tool: Facts.Migrations.Tool) -> Facts.Migrations? {
        let found = commands.filter { $0.migration.tool == tool }
            .min { ($0.found.weight, $0.found.place) < ($1.found.weight, $1.found.place) }?.migration
        guard let found else { return nil }
        var made = Facts.Migrations(tool, command: found.words)
        made.workingDirectory = relative(found.folder)
        made.evidence = [.init(found.place, found.words.joined(separator: " "))]
        return made
    }

    /// Folders named for migrations that hold SQL, in the app's folder first, then beside it.
    private func sqlFolders() -> [String] {
        var folders: Set<String> = []
        for path in context.project.files where path.hasSuffix(".sql") {
            let folder = TreePath.folder(of: path)
            let isNamed = folder.split(separator: "/").suffix(2).contains { $0.lowercased().contains("migration") }
            if isNamed, !AppCode.isAside(path, context.root), !path.contains("/archive") { folders.insert(folder) }
        }
        let above = TreePath.folder(of: context.root)
        let near = folders.filter { TreePath.lies($0, in: context.root) || TreePath.lies($0, in: above) }
        return near.sorted { left, right in
            let inside = (TreePath.lies(left, in: context.root) ? 0 : 1, TreePath.lies(right, in: context.root) ? 0 : 1)
            return (inside.0, left.count, left) < (inside.1, right.count, right)
        }
    }

    /// Whether a module is a program that reads files and executes what stands in them; one that only names them is none.
    private static func runsFiles(_ text: String) -> Bool {
        let reads = ["open(", ".read_text(", "glob(", "iterdir(", "listdir(", "scandir("]
        return text.contains("execute") && text.contains("__main__") && reads.contains(where: text.contains)
    }

    /// The program that runs the files, and how the project itself starts it.
    private func script(for folder: String) -> (path: String, words: [String])? {
        let name = TreePath.name(of: folder)
        let runners = context.project.files.filter { path in
            guard path.hasSuffix(".sh") || path.hasSuffix(".py"),
                !AppCode.isAside(path, context.root) || path.hasSuffix(".sh")
            else {
                return false
            }
            guard TreePath.lies(path, in: TreePath.folder(of: context.root)) || TreePath.lies(path, in: context.root),
                let text = context.project.text(path), text.contains(name), text.contains(".sql")
            else { return false }
            return path.hasSuffix(".sh")
                ? text.contains("psql") || text.contains("mysql") || text.contains("sqlite3") : Self.runsFiles(text)
        }
        let best = runners.min { left, right in
            let named = (left.contains("migrat") ? 0 : 1, right.contains("migrat") ? 0 : 1)
            return (named.0, left.count, left) < (named.1, right.count, right)
        }
        guard let best else { return nil }
        return (best, started(best) ?? (best.hasSuffix(".py") ? ["python", relative(best)] : ["sh", relative(best)]))
    }

    /// The words with which a Compose service or a container runs a script.
    private func started(_ script: String) -> [String]? {
        let name = TreePath.name(of: script)
        for path in context.documents.keys.sorted() {
            for document in context.documents[path] ?? [] {
                for service in document["services"]?.entries ?? [] {
                    for key in ["entrypoint", "command"] {
                        let node = service.node[key]
                        let words =
                            node?.string.map { $0.split(separator: " ").map(String.init) }
                            ?? node?.items.compactMap(\.scalar)
                        if let words, words.contains(where: { CommandWrappers.name($0) == name }) { return words }
                    }
                }
            }
        }
        return nil
    }
}
