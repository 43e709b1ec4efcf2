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
