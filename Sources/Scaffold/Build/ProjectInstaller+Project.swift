import Model

extension ProjectInstaller {
    /// Lets an install see folders and files of the project that it installs from, beside what it sees already.
    func see(_ locals: [String], _ install: inout PythonBuild.Install) {
        let files = locals.filter { context.project.has($0) }
        let folders = locals.filter { !context.project.has($0) }
        guard folders.isEmpty else {
            install.files = nil
            install.decisive = (install.decisive ?? []) + metadata(of: folders) + files
            return
        }
        install.files = Set((install.files ?? []) + files).sorted()
    }

    /// The project itself, when it has a build system: its scripts, entry points and metadata exist then.
    ///
    /// Its code stays where it is, so that there are no two of it. What the app does not need for its start may fail.
    mutating func installProject(_ manager: Facts.Manager) {
        let path = manager.manifest ?? manager.lock ?? ""
        let folder = TreePath.folder(of: path)
        let setup = ["setup.py", "setup.cfg"].contains(TreePath.name(of: path))
        let file = Pyproject(TreePath.joined(folder, "pyproject.toml"), in: context)
        guard setup || file?.buildBackend != nil, file?.refusesInstallation != true else { return }
        if let file, lacksPackage(file) { return }
        // A list of requirements beside a manifest is all that is wanted, unless a command needs the project.
        if manager.lock?.hasSuffix(".txt") == true, !manager.installsProject, facts.entry?.kind != .script { return }
        let isWhole = setup || hasExtensions(folder, file)
        var target = isWhole && !setup ? ["."] : ["-e", "."]
        if setup, !manager.extras.isEmpty { target = ["-e", ".[\(manager.extras.joined(separator: ","))]"] }
        let words = ["pip", "install"] + (setup ? [] : ["--no-deps"]) + target
        var install = PythonBuild.Install(words, folder: folder)
        if !hasExtensions(folder, file) { install.decisive = metadata(of: [folder]) + named(in: file) }
        install.placeholders = placeholders(file)
        install.isOptional = !setup && !manager.installsProject
        installs.append(install)
    }

    /// What a project's metadata is made of: the files beside its manifest, without code.
    func metadata(of folders: [String]) -> [String] {
        let wanted = Set(folders)
        return context.project.files.filter { path in
            guard wanted.contains(TreePath.folder(of: path)) else { return false }
            let name = TreePath.name(of: path)
            return !name.hasSuffix(".py") || name == "setup.py"
        }
    }

    // MARK: - Private

    /// Code that is compiled can't be used where it lies.
    private func hasExtensions(_ folder: String, _ file: Pyproject?) -> Bool {
        let backend = file?.buildBackend ?? ""
        if ["maturin", "scikit_build", "mesonpy", "setuptools_rust"].contains(where: backend.hasPrefix) { return true }
        let script = context.project.text(TreePath.joined(folder, "setup.py")) ?? ""
        return ["ext_modules", "cythonize", "rust_extensions"].contains(where: script.contains)
    }

    /// Whether Poetry finds nothing to install: the manifest names no package, and nothing has the project's name.
    ///
    /// Older versions of it say so and go on, today's backend fails.
    private func lacksPackage(_ file: Pyproject) -> Bool {
        guard file.buildBackend?.hasPrefix("poetry.") == true, file.root.at("tool", "poetry", "packages") == nil,
            let name = (file.root.at("project", "name") ?? file.root.at("tool", "poetry", "name"))?.string
        else { return false }
        let words = name.lowercased().split { "-_.".contains($0) }
        let module = words.joined(separator: "_")
        return !["", "src"].contains { folder in
            let path = TreePath.joined(TreePath.joined(file.folder, folder), module)
            return context.project.exists(path) || context.project.has(path + ".py")
        }
    }

    /// Files that the manifest names, such as the one with the version.
    private func named(in file: Pyproject?) -> [String] {
        guard let file else { return [] }
        var found: Set<String> = []
        var waiting = [file.root]
        while let node = waiting.popLast(), found.count < 1000 {
            if let text = node.string {
                let path = TreePath.joined(file.folder, text)
                if context.project.has(path) { found.insert(path) }
                // `attr = "shop.__version__"`
                let module = TreePath.joined(file.folder, text.split(separator: ".").dropLast().joined(separator: "/"))
                for name in ["\(module).py", "\(module)/__init__.py"] {
                    for place in [name, TreePath.joined(TreePath.joined(file.folder, "src"), name)]
                    where context.project.has(place) { found.insert(place) }
                }
            }
            // Those of commands name code, which is used where it lies.
            let others = node.entries.filter { !["scripts", "gui-scripts", "entry-points"].contains($0.key) }
            waiting += node.items + others.map(\.node)
        }
        return found.sorted()
    }

    /// Texts that a manifest names and a build refuses to go without; an ignore file may have left them out.
    private func placeholders(_ file: Pyproject?) -> [String] {
        guard let file else { return [] }
        let nodes = [
            file.root.at("project", "readme"), file.root.at("project", "readme", "file"),
            file.root.at("project", "license", "file"), file.root.at("tool", "poetry", "readme"),
        ]
        var names = nodes.compactMap { $0?.string }
        names += file.root.at("tool", "poetry", "readme")?.items.compactMap(\.string) ?? []
        return names.map { TreePath.joined(file.folder, $0) }.filter { !$0.isEmpty && Quoting.isPlainPath($0) }
    }
}
