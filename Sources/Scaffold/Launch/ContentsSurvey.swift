/// Goes through the top of a project and decides what its image needs of it.
struct ContentsSurvey {
    let facts: Facts
    let layout: BuildLayout
    let tree: Project
    var folders: Set<String> = []
    var files: Set<String> = []

    init(facts: Facts, layout: BuildLayout, tree: Project) {
        self.facts = facts
        self.layout = layout
        self.tree = tree
    }

    mutating func run() {
        var places = [layout.importRoot]
        if layout.importRoot != layout.project { places.append(layout.project) }
        var others: [(path: String, isFolder: Bool)] = []
        for place in places {
            for (name, isFolder) in top(of: place) {
                let path = TreePath.joined(place, name)
                let isCode = isFolder ? holdsPython(path) : name.hasSuffix(".py")
                if isCode, !Self.isAside(name), place == layout.importRoot {
                    add(path, isFolder)
                } else if isFolder, Self.known.contains(name) {
                    add(path, true)
                } else if !Self.isNever(name), !isFrontend(path),
                    place != layout.importRoot || !Self.holds(layout.importRoot, path)
                {
                    others.append((path, isFolder))
                }
            }
        }
        if let first = facts.entry?.module.split(separator: ".").first {
            addNamed(TreePath.joined(layout.importRoot, String(first)))
            addNamed(TreePath.joined(layout.importRoot, "\(first).py"))
        }
        for path in ImageContents.named(facts).map({ layout.ofProject($0) }) { addNamed(path) }
        for path in NamedData.paths(facts, layout, tree) { addData(path) }
        for word in (facts.processes.flatMap(\.command) + (facts.migrations?.command ?? []))
        where word.contains(".") || word.contains("/") {
            addNamed(layout.ofProject(word))
        }
        addOthers(others)
    }

    // MARK: - Private

    private mutating func add(_ path: String, _ isFolder: Bool) {
        guard !path.isEmpty else { return }
        if isFolder { folders.insert(path) } else { files.insert(path) }
    }

    /// A path that commands name, when it is there.
    private mutating func addNamed(_ path: String) {
        guard !path.isEmpty else { return }
        if tree.has(path) {
            files.insert(path)
        } else if tree.files.contains(where: { $0.hasPrefix(path + "/") }) {
            folders.insert(path)
        }
    }

    /// A file or folder that a variable names: with what lies beside it, since models and the like are of several files.
    private mutating func addData(_ path: String) {
        let name = TreePath.name(of: path)
        guard !Self.isNever(name) else { return }
        let folder = TreePath.folder(of: path)
        let isFile = tree.has(path)
        if isFile, !folder.isEmpty, folder != layout.project, folder != layout.importRoot {
            folders.insert(folder)
        } else {
            addNamed(path)
        }
    }

    /// What the code names as a path, and folders for tests and tools that the code imports all the same.
    private mutating func addOthers(_ others: [(path: String, isFolder: Bool)]) {
        guard !others.isEmpty else { return }
        var words = CodeWords()
        for path in tree.files where path.hasSuffix(".py") {
            let isCopied =
                files.contains(path) || TreePath.ancestors(of: path).dropFirst().contains { folders.contains($0) }
            if isCopied, let text = tree.text(path) { words.add(text) }
        }
        for (path, isFolder) in others {
            let name = TreePath.name(of: path)
            let module = name.hasSuffix(".py") ? String(name.dropLast(3)) : name
            let isNamed = isFolder ? words.folders.contains(name) : words.files.contains(name)
            if words.modules.contains(module) || (isNamed && !Self.isAside(name)) { add(path, isFolder) }
        }
    }

    /// Names in a folder, folders marked as such, sorted.
    private func top(of folder: String) -> [(name: String, isFolder: Bool)] {
        var found: [String: Bool] = [:]
        let skip = folder.isEmpty ? 0 : folder.utf8.count + 1
        for path in tree.files(under: folder) {
            let rest = path.utf8.dropFirst(skip)
            let name = String(Substring(rest.prefix { $0 != UInt8(ascii: "/") }))
            found[name] = name.utf8.count < rest.count
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func holdsPython(_ folder: String) -> Bool {
        tree.files.contains { $0.hasSuffix(".py") && $0.hasPrefix(folder + "/") }
    }

    private func isFrontend(_ path: String) -> Bool {
        facts.frontend.flatMap { layout.inner($0.directory) } == path
    }

    private static func holds(_ inner: String, _ folder: String) -> Bool {
        TreePath.lies(inner, in: folder) && inner != folder
    }

    /// Copied whatever the code says, since frameworks look there.
    private static let known: Set<String> = ["templates", "static", "locale", "locales"]

    private static let aside = Vocabulary.testFolders.union(Vocabulary.exampleFolders).union([
        "scripts", "tools", "infra", "deploy", "terraform", "k8s", "setup.py", "conftest.py", "noxfile.py",
        "fabfile.py", "locustfile.py", "tests.py",
    ])

    /// Not copied unless something names it.
    private static func isAside(_ name: String) -> Bool {
        aside.contains(name.lowercased()) || name.hasPrefix("test_") || name.hasSuffix("_test.py")
    }

    /// Of no use in an image, however often the code has the word.
    private static func isNever(_ name: String) -> Bool {
        let names: Set<String> = [
            "Makefile", "Procfile", "fly.toml", "Dockerfile", "README.md", "LICENSE", "docker-compose.yml",
            "compose.yaml",
            "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "node_modules", "package.json", "package-lock.json",
        ]
        let endings = [".db", ".sqlite", ".sqlite3", ".log", ".md", ".lock"]
        return name.hasPrefix(".") || names.contains(name) || endings.contains { name.lowercased().hasSuffix($0) }
    }
}
