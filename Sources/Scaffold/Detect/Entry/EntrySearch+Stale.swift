import Model

/// Commands that name what can't be imported.
extension EntrySearch {
    /// Why a command can't import the app that it means, which the scan has found elsewhere; nil when it can, or when that
    /// can't be told.
    func unimportable(_ command: FoundCommand, _ server: ServerCommand, _ found: FoundTarget) -> String? {
        guard command.isPlaceKnown, server.appFolder == nil, command.environment["PYTHONPATH"] == nil,
            Self.startsInFolder.contains(server.server), found.root != command.folder,
            ImportRoots.file(of: module(of: server.target ?? ""), in: command.folder, context.project) == nil,
            !isInstalled(found.root)
        else { return nil }
        let place = TreePath.folder(of: found.file)
        return "which is in \(shown(place.isEmpty ? "the folder above" : place)), where it does not look"
    }

    /// Says of a command that what it names is nowhere in the project.
    func noteStale(_ command: FoundCommand, target: String) {
        let parts = target.split(separator: ":").map(String.init)
        let module = module(of: target)
        let base = command.folder
        if let path = ImportRoots.file(of: module, in: base, context.project), let read = self.module(at: path),
            read.error == nil, parts.count == 2
        {
            return noteStale(command, shown(target), "and \(path) has no \(shown(parts[1]))")
        }
        noteStale(command, shown(target), "which is not in the project", first: module)
    }

    /// The same of `python -m x` and `python x.py`.
    func noteStale(_ command: FoundCommand, program: ServerCommand) {
        guard command.isProduction, command.isPlaceKnown, let name = program.module ?? program.file,
            !name.contains("$"), program.module != nil || name.hasSuffix(".py")
        else { return }
        noteStale(command, shown(name), "which is not in the project", first: program.module ?? "")
    }

    func noteStale(_ command: FoundCommand, _ name: String, _ reason: String, first module: String = "") {
        let isBuiltElsewhere = command.source == .compose && command.dockerfile == nil
        guard !isBuiltElsewhere, AppNames.asideLevel(command.place.file) == 0,
            TreePath.lies(command.place.file, in: context.root), !isOfDependency(module)
        else { return }
        note("it names \(name), \(reason): left out as stale", at: command.place, isStale: command.isPlaceKnown)
    }

    // MARK: - Private

    /// Servers that import from the folder they are started in, and from nowhere else.
    private static let startsInFolder: Set<Facts.Server.Name> = [.uvicorn, .gunicorn, .hypercorn, .granian]

    private func module(of target: String) -> String {
        let name = String(target.prefix { $0 != ":" })
        return (name.hasSuffix(".py") ? String(name.dropLast(3)) : name).replacing("/", with: ".")
    }

    /// A folder whose packages an image may have installed: then they are importable from everywhere.
    private func isInstalled(_ root: String) -> Bool {
        let above = TreePath.name(of: root) == "src" ? [root, TreePath.folder(of: root)] : [root]
        return above.contains { folder in
            // Without a build system one is installed by the usual one.
            ManifestFolders.isPackage(folder, in: context)
                || context.document(TreePath.joined(folder, "pyproject.toml"))?["project"] != nil
        }
    }

    /// `titiler.application.main` is of the package `titiler-application`.
    private func isOfDependency(_ module: String) -> Bool {
        guard let first = module.split(separator: ".").first else { return false }
        let plain = Requirement.normalised(String(first))
        return !plain.isEmpty && requiredNames.contains { $0 == plain || $0.hasPrefix(plain + "-") }
    }

    /// What any manifest of the tree requires; the detectors of that run later.
    private var requiredNames: Set<String> {
        var names: Set<String> = []
        for path in context.project.files.filter({ $0.hasSuffix(".txt") || $0.hasSuffix(".toml") }).prefix(200) {
            let name = TreePath.name(of: path)
            if name == "pyproject.toml" {
                names.formUnion(Pyproject(path, in: context)?.manifest(in: context).main.map(\.name) ?? [])
            } else if name.hasPrefix("requirements"), name.hasSuffix(".txt") {
                names.formUnion(RequirementsFile.read(path, in: context.project)?.requirements.map(\.name) ?? [])
            }
        }
        return names
    }
}
