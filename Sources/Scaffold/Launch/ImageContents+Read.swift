extension ImageContents {
    /// Looks at the project for all that its code, its commands and its install need in the image.
    ///
    /// Folders and files beside the entry's package come along when they hold Python, and others when the code names them:
    /// a file too many does less harm than one that is missing. Tests, documentation and the like stay out.
    package static func read(_ facts: Facts, _ project: Project) -> ImageContents {
        let layout = BuildLayout(facts)
        let tree = project.sub(layout.context)
        var contents = ImageContents()
        contents.readInstall(facts, layout, tree)
        guard facts.recipe == nil else { return contents }
        var survey = Survey(facts: facts, layout: layout, tree: tree)
        survey.run()
        contents.keep(survey.folders, survey.files)
        return contents
    }

    // MARK: - Install

    private mutating func readInstall(_ facts: Facts, _ layout: BuildLayout, _ tree: Project) {
        if let manager = facts.manager {
            if manager.name == .pip, let lock = manager.lock.flatMap({ layout.inner($0) }) {
                readRequirements(lock, tree)
            }
            if manager.workspace != nil { members = Self.siblings(manager, layout, tree) }
        }
        if let frontend = facts.frontend, let folder = layout.inner(frontend.directory) {
            let names = [
                "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
            ]
            frontendLock = names.map { TreePath.joined(folder, $0) }.first { tree.has($0) }
        }
    }

    private mutating func readRequirements(_ first: String, _ tree: Project) {
        var waiting = [first]
        var seen: Set<String> = []
        while let path = waiting.popLast(), seen.count < 50 {
            guard seen.insert(path).inserted, let text = tree.text(path) else { continue }
            requirements.append(path)
            for line in text.split(whereSeparator: \.isNewline) {
                let words = line.split { $0 == " " || $0 == "\t" || $0 == "=" }.map(String.init)
                guard let word = words.first else { continue }
                if ["-r", "--requirement", "-c", "--constraint"].contains(word), words.count > 1 {
                    waiting.append(TreePath.joined(TreePath.folder(of: path), words[1]))
                } else if word.hasPrefix(".") || word.hasPrefix("file:") || ["-e", "--editable"].contains(word) {
                    requirementsNeedProject = true
                }
            }
        }
        requirements.sort()
        let beside = TreePath.joined(TreePath.folder(of: first), "constraints.txt")
        if tree.has(beside), !requirements.contains(beside) { constraints = beside }
    }

    /// Other members of the workspace, when this one depends on any.
    private static func siblings(_ manager: Facts.Manager, _ layout: BuildLayout, _ tree: Project) -> [String] {
        guard let own = manager.manifest.flatMap({ layout.inner($0) }), let text = tree.text(own),
            text.contains(/workspace\s*=\s*true/)
        else { return [] }
        let manifests = tree.files.filter { TreePath.name(of: $0) == "pyproject.toml" && $0 != own }
        return manifests.map { TreePath.folder(of: $0) }.filter { !$0.isEmpty && Quoting.isPlainPath($0) }
    }
}

/// Goes through the top of a project and decides what its image needs of it.
private struct Survey {
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
        for path in ImageContents.named(facts).map({ layout.ofProject($0) }) { addNamed(path) }
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

    /// What the code names in quotes or in a path, and folders for tests and tools that the code imports all the same.
    private mutating func addOthers(_ others: [(path: String, isFolder: Bool)]) {
        guard !others.isEmpty else { return }
        let words = wordsOfCode()
        for (path, isFolder) in others {
            let name = TreePath.name(of: path)
            let module = name.hasSuffix(".py") ? String(name.dropLast(3)) : name
            if words.paths.contains(name) || words.modules.contains(module) { add(path, isFolder) }
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

    /// Parts of paths in quotes, and modules that are imported, of all code that is copied.
    private func wordsOfCode() -> (paths: Set<String>, modules: Set<String>) {
        var paths: Set<String> = []
        var modules: Set<String> = []
        for path in tree.files where path.hasSuffix(".py") {
            let isCopied =
                files.contains(path) || TreePath.ancestors(of: path).dropFirst().contains { folders.contains($0) }
            guard isCopied, let text = tree.text(path) else { continue }
            collect(text, &paths, &modules)
        }
        return (paths, modules)
    }

    private func collect(_ text: String, _ paths: inout Set<String>, _ modules: inout Set<String>) {
        let bytes = Array(text.utf8)
        var start = 0
        var last: ArraySlice<UInt8> = []
        while start < bytes.count {
            guard let begin = bytes[start...].firstIndex(where: Self.isWord) else { return }
            let end = bytes[begin...].firstIndex { !Self.isWord($0) } ?? bytes.count
            let before = begin > 0 ? bytes[begin - 1] : 0
            let after = end < bytes.count ? bytes[end] : 0
            if Self.isEdge(before), Self.isEdge(after) {
                paths.insert(String(decoding: bytes[begin..<end], as: UTF8.self))
            }
            if last.elementsEqual("from".utf8) || last.elementsEqual("import".utf8) {
                let module = bytes[begin..<end].prefix { $0 != UInt8(ascii: ".") }
                modules.insert(String(decoding: module, as: UTF8.self))
            }
            last = bytes[begin..<end]
            start = end
        }
    }

    private static func isEdge(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x2F }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 0x5F, 0x2D, 0x2E, 0x80...0xFF: true
        default: false
        }
    }

    /// Copied whatever the code says, since frameworks look there.
    private static let known: Set<String> = ["templates", "static", "locale", "locales"]

    /// Not copied unless something names it.
    private static func isAside(_ name: String) -> Bool {
        let names: Set<String> = [
            "tests", "test", "testing", "docs", "doc", "examples", "example", "samples", "benchmarks", "benchmark",
            "notebooks",
            "scripts", "tools", "e2e", "infra", "deploy", "terraform", "k8s", "setup.py", "conftest.py", "noxfile.py",
            "fabfile.py", "locustfile.py", "tests.py",
        ]
        return names.contains(name.lowercased()) || name.hasPrefix("test_") || name.hasSuffix("_test.py")
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
