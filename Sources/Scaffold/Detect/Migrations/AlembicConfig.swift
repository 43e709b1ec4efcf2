import Model

/// One configuration of Alembic: a file, and the section in it when it is not the usual one.
struct AlembicConfig: Sendable {
    /// The file, relative to the scanned folder.
    var path: String
    var line: Int?
    /// Other than `alembic`.
    var section: String?
    /// The folder that holds `env.py`, relative to the scanned folder.
    var location: String
    /// Folders of revisions.
    var versions: [String]
    /// The folder to run it in, relative to the scanned folder.
    var workingDirectory: String

    /// All that can be used from an app's folder, the best first.
    static func all(in context: ScanContext) -> [AlembicConfig] {
        let tree = ProjectTree(context.project)
        let found = context.project.files.flatMap { path -> [AlembicConfig] in
            guard !path.contains("{{"), !isAside(path, context.root) else { return [] }
            if path.hasSuffix(".ini") || path.hasSuffix(".cfg") && path.contains("alembic") {
                return read(path, context, tree)
            }
            guard TreePath.name(of: path) == "pyproject.toml",
                let table = context.document(path)?.at("tool", "alembic"),
                let location = table["script_location"]?.string
            else { return [] }
            return make(path, table.position.line, nil, location, [], context, tree).map { [$0] } ?? []
        }
        let ranked = found.compactMap { config in rank(config, context).map { ($0, config) } }
        return ranked.sorted { left, right in
            left.0 == right.0
                ? (left.1.path, left.1.section ?? "") < (right.1.path, right.1.section ?? "")
                : left.0.lexicographicallyPrecedes(right.0)
        }.map(\.1)
    }

    /// The words that bring a database up to date: to `head`, or to `heads` when there are several.
    func command(target: String) -> [String] {
        let folder = TreePath.folder(of: path)
        var words = ["alembic"]
        let isUsual = ["alembic.ini", "pyproject.toml"].contains(TreePath.name(of: path)) && folder == workingDirectory
        if !isUsual { words += ["-c", TreePath.relative(path, to: workingDirectory)] }
        if let section { words += ["-n", section] }
        return words + ["upgrade", target]
    }

    /// The revisions that no other follows.
    func heads(in project: Project) -> Set<String> {
        var revisions: Set<String> = []
        var followed: Set<String> = []
        let files = project.files.filter { file in
            file.hasSuffix(".py") && versions.contains { TreePath.lies(file, in: $0) }
        }
        for file in files.prefix(5_000) {
            guard let text = project.text(file) else { continue }
            for (name, values) in Self.assignments(in: text) {
                if name == "revision" { revisions.formUnion(values.prefix(1)) } else { followed.formUnion(values) }
            }
        }
        return revisions.subtracting(followed)
    }

    // MARK: - Private

    private static func read(_ path: String, _ context: ScanContext, _ tree: ProjectTree) -> [AlembicConfig] {
        guard let text = context.project.text(path), text.contains("alembic") || text.contains("script_location") else {
            return []
        }
        let file = INIFile(text)
        return file.sections.keys.sorted().compactMap { section in
            let value = file[section, "script_location"]
            // Flask-Migrate's file names no folder: it stands in it.
            let isBare =
                section == "alembic" && value == nil
                && context.project.has(TreePath.joined(TreePath.folder(of: path), "env.py"))
            guard let location = value?.text ?? (isBare ? "%(here)s" : nil) else { return nil }
            let more =
                file[section, "version_locations"]?.text.split { $0.isWhitespace || $0 == ":" || $0 == ";" } ?? []
            let name = section == "alembic" ? nil : section
            return make(path, value?.line, name, location, more.map(String.init), context, tree)
        }
    }

    private static func make(
        _ path: String,
        _ line: Int?,
        _ section: String?,
        _ location: String,
        _ more: [String],
        _ context: ScanContext,
        _ tree: ProjectTree
    ) -> AlembicConfig? {
        let own = TreePath.folder(of: path)
        guard let (folder, base) = resolve(location, own: own, context, tree) else { return nil }
        var versions = [TreePath.joined(folder, "versions")]
        for item in more {
            if let (other, _) = resolve(item, own: own, context, tree), !versions.contains(other) {
                versions.append(other)
            }
        }
        return AlembicConfig(
            path: path,
            line: line,
            section: section,
            location: folder,
            versions: versions.filter { tree.folders.contains($0) },
            workingDirectory: base
        )
    }

    /// The folder that a location means, and the folder it has to be seen from.
    private static func resolve(
        _ location: String,
        own: String,
        _ context: ScanContext,
        _ tree: ProjectTree
    ) -> (folder: String, base: String)? {
        func holds(_ folder: String) -> Bool {
            context.project.has(TreePath.joined(folder, "env.py"))
                || tree.folders.contains(TreePath.joined(folder, "versions"))
        }
        let runFrom = TreePath.lies(own, in: context.root) ? context.root : own
        if location.contains("%(here)s") {
            let folder = TreePath.joined("", location.replacing("%(here)s", with: own))
            guard holds(folder) || tree.folders.contains(folder) else { return nil }
            // It works from everywhere, so the project's own folder is best: the app can be imported from there.
            if isPackage(own, for: folder, context) { return (folder, TreePath.folder(of: own)) }
            return (folder, own == folder ? runFrom : own)
        }
        if let colon = location.firstIndex(of: ":") {
            let name = location[..<colon].split(separator: ".").joined(separator: "/")
            let rest = String(location[location.index(after: colon)...])
            let roots = [
                own, context.root, TreePath.joined(context.root, context.facts.entry?.importRoot ?? ""),
                TreePath.joined(context.root, "src"), TreePath.joined(own, "src"),
            ]
            for root in roots {
                let folder = TreePath.joined(TreePath.joined(root, name), rest)
                if holds(folder) { return (folder, runFrom) }
            }
            return nil
        }
        if location.hasPrefix("/") {
            // A path in the image: the longest end of it that the project has.
            let parts = location.split(separator: "/")
            for count in stride(from: parts.count, through: 1, by: -1) {
                let end = parts.suffix(count).joined(separator: "/")
                for root in [context.root, own, ""] where holds(TreePath.joined(root, end)) {
                    return (TreePath.joined(root, end), runFrom)
                }
            }
            return nil
        }
        for base in [own, context.root] + TreePath.ancestors(of: own).dropFirst() {
            let folder = TreePath.joined(base, location)
            if holds(folder) { return (folder, base) }
        }
        // The configuration may lie in the folder that it names.
        return holds(own) ? (own, TreePath.folder(of: own)) : nil
    }

    /// Whether `env.py` imports the folder of the configuration itself as a package, which only the folder above it can.
    private static func isPackage(_ own: String, for scripts: String, _ context: ScanContext) -> Bool {
        let name = TreePath.name(of: own)
        guard !name.isEmpty, let text = context.project.text(TreePath.joined(scripts, "env.py")) else { return false }
        return ["from \(name).", "from \(name) import", "import \(name).", "import \(name)\n"].contains(
            where: text.contains
        )
    }

    /// The smaller the better; nil when it belongs to another project.
    private static func rank(_ config: AlembicConfig, _ context: ScanContext) -> [Int]? {
        let folder = TreePath.folder(of: config.path)
        let nearness: Int
        if TreePath.lies(config.path, in: context.root) {
            nearness = 0
        } else if TreePath.lies(context.root, in: folder) {
            nearness = 1
        } else if isUsed(config, context) {
            nearness = 2
        } else {
            return nil
        }
        let isOther = context.facts.roots.contains {
            $0.folder != context.root && $0.folder.count > context.root.count
                && TreePath.lies(config.path, in: $0.folder)
        }
        let depth = folder.split(separator: "/").count
        let isUsual = TreePath.name(of: config.path) == "alembic.ini" || config.path.hasSuffix("pyproject.toml")
        return [
            nearness, isOther ? 1 : 0, config.versions.isEmpty ? 1 : 0, isWritten(config, context) ? 0 : 1,
            isUsual ? 0 : 1, depth,
        ]
    }

    /// Beside the app, but its `env.py` imports the app's code.
    private static func isUsed(_ config: AlembicConfig, _ context: ScanContext) -> Bool {
        guard let module = context.index.module(at: TreePath.joined(config.location, "env.py")) else { return false }
        let roots = [TreePath.joined(context.root, context.facts.entry?.importRoot ?? ""), context.root]
        return module.imports.contains { item in
            context.index.find(item.target, in: roots).map { TreePath.lies($0.module.path, in: context.root) } ?? false
        }
    }

    private static func isWritten(_ config: AlembicConfig, _ context: ScanContext) -> Bool {
        context.commands.contains { MigrationCommand.alembic($0)?.runs(config) == true }
    }

    private static let aside = Vocabulary.testFolders.union(Vocabulary.exampleFolders).union([
        "fixtures", "node_modules", "site-packages",
    ])

    private static func isAside(_ path: String, _ root: String) -> Bool {
        let inner = TreePath.lies(path, in: root) && !root.isEmpty ? path.dropFirst(root.count + 1) : path[...]
        return inner.split(separator: "/").dropLast().contains { aside.contains(String($0)) }
    }

    /// The strings that `revision` and `down_revision` are set to.
    private static func assignments(in text: String) -> [(name: String, values: [String])] {
        var result: [(name: String, values: [String])] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where line.hasPrefix("revision") || line.hasPrefix("down_revision") {
            let name = String(line.prefix { $0.isLetter || $0 == "_" })
            guard name == "revision" || name == "down_revision", let equals = line.firstIndex(of: "=") else { continue }
            var value = String(line[line.index(after: equals)...])
            // A tuple may go on for some lines.
            if value.contains("("), !value.contains(")") {
                for more in lines[(index + 1)...].prefix(20) {
                    value += more
                    if more.contains(")") { break }
                }
            }
            let parts = value.prefix { $0 != "#" }.split(omittingEmptySubsequences: false) { $0 == "\"" || $0 == "'" }
            let strings = parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
            result.append((name, strings))
        }
        return result
    }
}

extension TreePath {
    /// A path as it is written from a folder: `../migrations`.
    static func relative(_ path: String, to folder: String) -> String {
        let parts = path.split(separator: "/")
        let base = folder.split(separator: "/")
        let common = zip(parts, base).prefix { $0 == $1 }.count
        return (Array(repeating: "..", count: base.count - common) + parts.dropFirst(common)).joined(separator: "/")
    }
}
