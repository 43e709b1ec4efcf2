/// How a project's packages get into `/opt/venv`, in the build stage of an image.
///
/// The lock is enforced, groups for development are left out, and the project itself is copied later instead of being
/// installed, unless it has to be: two importable copies of it would be a source of errors.
struct PythonInstall {
    /// Stages before the build stage.
    var stages: [String] = []
    /// Lines that bring in the tool and make the environment.
    var tool: [String] = []
    /// Lines that install the dependencies, from mounted files.
    var dependencies: [String] = []
    /// Lines that need the whole context copied first.
    var project: [String] = []
    var notes: [String] = []

    let facts: Facts
    let manager: Facts.Manager
    let layout: BuildLayout
    let contents: ImageContents
    let base: BaseImage

    init(_ facts: Facts, _ contents: ImageContents, _ base: BaseImage) {
        self.facts = facts
        self.contents = contents
        self.base = base
        layout = BuildLayout(facts)
        manager = facts.manager ?? Facts.Manager(.pip)
        switch manager.name {
        case .uv: uv()
        case .poetry: poetry()
        case .pdm: pdm()
        case .pipenv: pipenv()
        case .conda: break
        case .pip: pip()
        case .hatch: declared()
        }
    }

    static let environment = "/opt/venv"

    /// Whether the project is installed as a package, and its code not copied.
    ///
    /// Only with a `src` layout, where the folder above is not importable, or for a script that the package brings.
    var installsProject: Bool {
        guard manager.installsProject, let entry = facts.entry else { return false }
        let isOwnScript = entry.kind == .script && entry.command?.first?.hasPrefix("python") == false
        return layout.importRoot != layout.project || isOwnScript
    }

    /// The manifest's folder in the image: where its tool is run.
    var folder: String {
        let path = manager.workspace ?? (manager.manifest ?? manager.lock).map { TreePath.folder(of: $0) } ?? facts.root
        return layout.image(layout.inner(path) ?? "")
    }

    /// A `RUN` line with mounted files and a cache, which none of them leaves behind.
    func run(_ commands: [String], cache: String, files: [String?]) -> String {
        var lines = ["RUN --mount=type=cache,target=/root/.cache/\(cache)"]
        for file in files.compactMap({ $0 }) {
            lines.append("    --mount=type=bind,source=\(file),target=\(layout.image(file))")
        }
        lines.append("    " + commands.joined(separator: " \\\n    && "))
        return lines.joined(separator: " \\\n")
    }

    /// The manager's files as the context has them; nil when one can't be mounted by its name.
    var mounted: [String]? {
        var paths = [manager.lock].compactMap { $0 }
        if let workspace = manager.workspace { paths.append(TreePath.joined(workspace, "pyproject.toml")) }
        if let manifest { paths.append(manifest) }
        var result: [String] = []
        for path in paths {
            guard let inner = layout.inner(path), Quoting.isPlainPath(inner) else { return nil }
            if !result.contains(inner) { result.append(inner) }
        }
        return result
    }

    /// The manifest, which tools that lock have beside the lock.
    private var manifest: String? {
        if let manifest = manager.manifest { return manifest }
        let folder = TreePath.folder(of: manager.lock ?? TreePath.joined(facts.root, "x"))
        switch manager.name {
        case .uv, .poetry, .pdm: return TreePath.joined(folder, "pyproject.toml")
        case .pipenv: return TreePath.joined(folder, "Pipfile")
        case .pip, .hatch, .conda: return nil
        }
    }

    /// Puts the install where its files are: before the code when they can be mounted, else after it.
    mutating func install(_ commands: [String], cache: String, files: [String]?) {
        if let files {
            dependencies.append(run(commands, cache: cache, files: files))
        } else {
            project.append(run(commands, cache: cache, files: []))
        }
    }

    func options(_ flag: String, _ names: [String]) -> [String] {
        names.flatMap { [flag, Quoting.run($0)] }
    }

    mutating func noteUnlocked(_ advice: String) {
        guard manager.lock == nil else { return }
        notes.append("no lock file: each build may install other versions; \(advice)")
    }
}
