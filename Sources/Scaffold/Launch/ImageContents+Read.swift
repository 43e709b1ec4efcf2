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
        var survey = ContentsSurvey(facts: facts, layout: layout, tree: tree)
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

    /// All files that the first one includes, by the reader that finds the dependencies as well.
    private mutating func readRequirements(_ first: String, _ tree: Project) {
        guard let file = RequirementsFile.read(first, in: tree) else { return }
        requirements = Set(file.files + file.constraints.filter { tree.has($0) }).sorted()
        requirementsNeedProject =
            !file.locals.isEmpty || file.requirements.contains { $0.version.hasPrefix("@ file:") }
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
