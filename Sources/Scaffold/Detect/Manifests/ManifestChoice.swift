import Model
import Toolkit

/// The manager that a project is kept with, and the manifest that says what it needs.
struct ManifestChoice: Sendable {
    var manager: Facts.Manager
    var manifest: Manifest
    /// The command that decided it, when one did.
    var command: InstallCommand?

    /// Names that make a Python project a web app.
    static let frameworks: Set<String> = [
        "fastapi", "fastapi-slim", "starlette", "litestar", "flask", "django", "streamlit", "quart", "sanic", "falcon",
        "aiohttp", "tornado", "bottle", "robyn", "blacksheep", "gradio", "dash", "responder", "esmerald", "ravyn",
        "panel",
    ]

    /// What an install command says, else the first manifest in the app's folder, above it, or below it.
    static func find(in context: ScanContext) -> ManifestChoice? {
        let commands = InstallCommand.production(in: context)
        for command in commands where !command.isWeak && command.weight > 1 {
            if var choice = choice(by: command, all: commands, in: context) {
                choice.command = command
                choice.manager.evidence.insert(.init(command.place, short(command.text)), at: 0)
                return choice
            }
        }
        for folder in TreePath.ancestors(of: context.root) {
            if let choice = choice(in: folder, of: context) { return choice }
        }
        return below(context) ?? inline(commands)
    }

    // MARK: - Private

    /// The manifest that a command reads; nil when the tree does not have it.
    private static func choice(
        by command: InstallCommand,
        all: [InstallCommand],
        in context: ScanContext
    ) -> ManifestChoice? {
        switch command.manager {
        case .pip where !command.files.isEmpty: return requirements(of: command, all: all, in: context)
        case .pip: return project(of: command, in: context)
        case .conda:
            for file in command.files {
                if let path = resolve(file, in: context), let manifest = OtherManifests.conda(path, in: context) {
                    return ManifestChoice(make(.conda, manifest, lock: nil))
                }
            }
            return nil
        case .uv, .poetry, .pdm, .pipenv, .hatch:
            for folder in TreePath.ancestors(of: context.root) {
                if let choice = lockedChoice(command.manager, in: folder, of: context) { return choice }
            }
            return nil
        }
    }

    private init(_ pair: (Facts.Manager, Manifest)) {
        (manager, manifest) = pair
    }

    /// The files of all `pip install -r`; the one with the framework is the one that counts.
    private static func requirements(
        of command: InstallCommand,
        all: [InstallCommand],
        in context: ScanContext
    ) -> ManifestChoice? {
        var seen: Set<String> = []
        let paths = all.filter { $0.manager == .pip && !$0.isWeak }.flatMap(\.files)
            .compactMap { resolve($0, in: context) }.filter { seen.insert($0).inserted }
        let manifests = paths.compactMap { OtherManifests.requirements($0, in: context) }
        let production = manifests.filter { !isForDevelopment($0.path) }
        let pool = production.isEmpty ? manifests : production
        guard var chosen = pool.first(where: { $0.needs(frameworks) }) ?? pool.first else { return nil }
        for other in pool where other.path != chosen.path { chosen.merge(other) }
        return ManifestChoice(requirementsPair(chosen, in: context))
    }

    /// `pip install .`, in the folder of a `pyproject.toml` or `setup.py`.
    ///
    /// Where that manifest has a lock, its manager installs the same, and what was tested.
    private static func project(of command: InstallCommand, in context: ScanContext) -> ManifestChoice? {
        guard command.installsProject else { return nil }
        for folder in TreePath.ancestors(of: context.root) {
            guard let manifest = packageManifest(in: folder, of: context) else { continue }
            for manager in [Facts.Manager.Name.uv, .poetry, .pdm] {
                if let choice = lockedChoice(manager, in: folder, of: context), choice.manager.lock != nil {
                    return choice
                }
            }
            return ManifestChoice(make(.pip, manifest, lock: nil))
        }
        return nil
    }

    /// By the files of one folder, in the order of what they say.
    private static func choice(in folder: String, of context: ScanContext) -> ManifestChoice? {
        for manager in [Facts.Manager.Name.uv, .poetry, .pdm, .pipenv] {
            if let choice = lockedChoice(manager, in: folder, of: context, declaredOnly: true) { return choice }
        }
        if let choice = conda(in: folder, of: context) { return choice }
        let package = packageManifest(in: folder, of: context)
        if let found = requirementFiles(in: folder, of: context).first, package == nil || found.needs(frameworks) {
            return ManifestChoice(requirementsPair(found, in: context))
        }
        guard let package else { return nil }
        let isHatch = Pyproject(package.path, in: context)?.hasHatchEnvironments == true
        return ManifestChoice(make(isHatch ? .hatch : .pip, package, lock: nil))
    }

    /// The choice of a manager with a lock of its own, when a folder is kept with it.
    ///
    /// With `declaredOnly` a lock or a table of the manager has to be there; else a manifest is enough.
    private static func lockedChoice(
        _ manager: Facts.Manager.Name,
        in folder: String,
        of context: ScanContext,
        declaredOnly: Bool = false
    ) -> ManifestChoice? {
        func path(_ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }
        if manager == .pipenv {
            guard let manifest = OtherManifests.pipfile(path("Pipfile"), in: context) else { return nil }
            return ManifestChoice(make(.pipenv, manifest, lock: existing(path("Pipfile.lock"), context)))
        }
        guard let file = Pyproject(path("pyproject.toml"), in: context) else { return nil }
        let lock = existing(path("\(manager.rawValue).lock"), context)
        let workspace = manager == .uv ? workspaceRoot(above: folder, of: context) : nil
        guard file.isManifest || lock != nil || file.workspaceMembers != nil else { return nil }
        let isDeclared =
            switch manager {
            case .uv: lock != nil || file.hasUV || workspace != nil
            case .poetry: lock != nil || file.isPoetry
            case .pdm: lock != nil || file.hasPDM
            default: file.hasHatchEnvironments
            }
        guard isDeclared || !declaredOnly else { return nil }
        var pair = make(manager, file.manifest(in: context), lock: lock)
        if let workspace {
            pair.0.workspace = workspace.folder
            pair.0.member = pair.1.name
            pair.0.lock = lock ?? existing(TreePath.joined(workspace.folder, "uv.lock"), context)
        } else if manager == .uv, file.workspaceMembers != nil {
            pair.0.workspace = folder
            adoptMember(of: file, into: &pair, in: context)
        }
        return ManifestChoice(pair)
    }

    /// A workspace's root that is no project itself: the member that holds the entry point is meant.
    private static func adoptMember(
        of file: Pyproject,
        into pair: inout (Facts.Manager, Manifest),
        in context: ScanContext
    ) {
        guard !pair.1.needs(frameworks), let entry = context.facts.entry else { return }
        let start = TreePath.joined(context.root, entry.importRoot)
        for folder in TreePath.ancestors(of: start) where file.workspaceHas(folder) {
            guard let member = Pyproject("\(folder)/pyproject.toml", in: context) else { continue }
            pair.1 = member.manifest(in: context)
            pair.0.manifest = member.path
            pair.0.member = pair.1.name
            return
        }
    }

    private static func workspaceRoot(above folder: String, of context: ScanContext) -> Pyproject? {
        for above in TreePath.ancestors(of: folder).dropFirst() {
            let path = above.isEmpty ? "pyproject.toml" : "\(above)/pyproject.toml"
            if let file = Pyproject(path, in: context), file.workspaceHas(folder) { return file }
        }
        return nil
    }

    private static func conda(in folder: String, of context: ScanContext) -> ManifestChoice? {
        let names = context.project.files(under: folder).filter {
            TreePath.folder(of: $0) == folder && isConda(TreePath.name(of: $0))
        }
        let manifests = names.compactMap { OtherManifests.conda($0, in: context) }
        guard let manifest = manifests.first(where: { $0.needs(frameworks) }) else { return nil }
        let lock = ["conda-lock.yml", "conda-lock.yaml"].compactMap { existing(TreePath.joined(folder, $0), context) }
            .first
        return ManifestChoice(make(.conda, manifest, lock: lock))
    }

    private static func isConda(_ name: String) -> Bool {
        (name.hasSuffix(".yml") || name.hasSuffix(".yaml")) && (name.hasPrefix("env") || name.hasPrefix("conda"))
            && !name.hasPrefix("conda-lock")
    }

    /// `pyproject.toml` with a project, else `setup.cfg` and `setup.py`.
    static func packageManifest(in folder: String, of context: ScanContext) -> Manifest? {
        func path(_ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }
        if let file = Pyproject(path("pyproject.toml"), in: context), file.isManifest {
            return file.manifest(in: context)
        }
        let script = SetupScript(path("setup.py"), in: context)?.manifest(in: context)
        guard var manifest = OtherManifests.setupConfiguration(path("setup.cfg"), in: context) else { return script }
        if let script { manifest.merge(script) }
        return manifest
    }

    /// No manifest in the app's folder or above: the nearest one below it that names a framework.
    private static func below(_ context: ScanContext) -> ManifestChoice? {
        let names = ["pyproject.toml", "requirements.txt", "Pipfile", "setup.py", "environment.yml"]
        let start = context.root.split(separator: "/").count
        var folders: Set<String> = []
        for path in context.project.files(under: context.root) {
            var folder = TreePath.folder(of: path)
            let isSplit = TreePath.name(of: folder).hasPrefix("requirement") && path.hasSuffix(".txt")
            guard isSplit || names.contains(TreePath.name(of: path)) else { continue }
            if isSplit { folder = TreePath.folder(of: folder) }
            if folder.split(separator: "/").count - start <= 2 { folders.insert(folder) }
        }
        let ordered = folders.sorted {
            let left = $0.split(separator: "/").count
            let right = $1.split(separator: "/").count
            return (left, $0) < (right, $1)
        }
        for folder in ordered {
            if let choice = choice(in: folder, of: context), choice.manifest.needs(frameworks) { return choice }
        }
        return nil
    }

    /// `pip install fastapi uvicorn` in the Dockerfile, and no manifest at all.
    private static func inline(_ commands: [InstallCommand]) -> ManifestChoice? {
        let named = commands.filter { $0.manager == .pip && !$0.packages.isEmpty }
        let tools: Set<String> = ["pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pdm", "hatch", "pip-tools"]
        let packages = named.flatMap(\.packages).filter { !tools.contains($0.name) }
        guard let first = named.first, packages.contains(where: { frameworks.contains($0.name) }) else { return nil }
        var manifest = Manifest(path: first.place.file)
        manifest.main = packages
        var manager = Facts.Manager(.pip)
        manager.evidence = [.init(first.place, short(first.text))]
        return ManifestChoice((manager, manifest))
    }

    private static func make(
        _ name: Facts.Manager.Name,
        _ manifest: Manifest,
        lock: String?
    ) -> (Facts.Manager, Manifest) {
        var manager = Facts.Manager(name)
        manager.lock = lock
        manager.manifest = manifest.path
        if let lock { manager.evidence.append(.init(Place(lock), "a lock file")) }
        manager.evidence.append(.init(Place(manifest.path), "declares the dependencies"))
        return (manager, manifest)
    }

    /// The first 80 characters of a command.
    private static func short(_ text: String) -> String {
        (text.count > 80 ? text.prefix(79) + "…" : text).withoutControls
    }

    private static func existing(_ path: String, _ context: ScanContext) -> String? {
        context.project.has(path) ? path : nil
    }
}

extension ManifestChoice {
    /// The requirement files of a folder, the one for production first.
    static func requirementFiles(in folder: String, of context: ScanContext) -> [Manifest] {
        var paths = context.project.files(under: folder).filter { path in
            let inner = folder.isEmpty ? path : String(path.dropFirst(folder.count + 1))
            let parts = inner.split(separator: "/")
            guard let name = parts.last, name.hasSuffix(".txt") || name.hasSuffix(".in") else { return false }
            if parts.count == 1 { return name.hasPrefix("requirement") || name.hasPrefix("requires") }
            return parts.count == 2 && (parts[0].hasPrefix("requirement") || parts[0] == "reqs")
        }
        if paths.isEmpty { paths = pinLists(in: folder, of: context) }
        let compiled = Set(paths)
        let usable = paths.filter { path in
            // A compiled file stands for its source.
            !(path.hasSuffix(".in") && compiled.contains(path.dropLast(2) + "txt")) && !isForDevelopment(path)
        }
        return usable.prefix(60).compactMap { OtherManifests.requirements($0, in: context) }
            .map { (score($0, in: context), $0) }
            .sorted { ($0.0, $0.1.path) < ($1.0, $1.1.path) }.map(\.1)
    }

    /// Lists of pinned packages under names of their own: `pip_install.txt`, a misspelt `requeriments.txt`.
    private static func pinLists(in folder: String, of context: ScanContext) -> [String] {
        context.project.files(under: folder).filter { path in
            guard path.hasSuffix(".txt"), TreePath.folder(of: path) == folder, let text = context.project.text(path)
            else {
                return false
            }
            let lines = text.textLines.map(\.blanksTrimmed).filter { !$0.isEmpty && !$0.hasPrefix("#") }
            let pin = /[A-Za-z0-9][\w.\-]*(\[[\w,. \-]*\])?\s*(==|>=|~=)\s*[\w.*+!]+.*/
            return (2..<1000).contains(lines.count) && lines.allSatisfy { $0.wholeMatch(of: pin) != nil }
        }
    }

    /// Whether a file's name says that it is not for production.
    static func isForDevelopment(_ path: String) -> Bool {
        let words = TreePath.name(of: path).lowercased().split { !$0.isLetter }
        let others: Set<String> = [
            "ci", "local", "mypy", "notebook", "build", "bench", "constraints", "optional", "training", "train",
            "conda", "freeze", "frontend",
        ]
        return words.map(String.init).contains { Vocabulary.development.contains($0) || others.contains($0) }
    }

    static func requirementsPair(_ manifest: Manifest, in context: ScanContext) -> (Facts.Manager, Manifest) {
        var pair = make(.pip, manifest, lock: manifest.path)
        pair.0.evidence.removeFirst()
        pair.0.hashed = manifest.hashed
        let source = manifest.path.hasSuffix(".txt") ? manifest.path.dropLast(3) + "in" : ""
        if context.project.has(String(source)) { pair.0.manifest = String(source) }
        return pair
    }

    /// The file in the tree that a command means, which may name a copy of it in the image.
    static func resolve(_ name: String, in context: ScanContext) -> String? {
        let image = ProductionDockerfile.choose(in: context)
        let home = image.map { TreePath.folder(of: $0.file.path) } ?? ""
        var bases = [context.facts.existing.dockerContext, context.root, home].compactMap { $0 }
        bases += TreePath.ancestors(of: context.root) + TreePath.ancestors(of: home)
        for source in image?.sources(of: name) ?? [] {
            for base in bases {
                let path = TreePath.joined(base, source)
                if context.project.has(path) { return path }
            }
        }
        let parts = name.split(separator: "/").filter { $0 != "." }
        for count in stride(from: parts.count, through: 1, by: -1) {
            let tail = parts.suffix(count).joined(separator: "/")
            for base in bases {
                let path = TreePath.joined(base, tail)
                if context.project.has(path) { return path }
            }
        }
        return nil
    }

    // MARK: - Private

    private static func score(_ manifest: Manifest, in context: ScanContext) -> Int {
        let name = TreePath.name(of: manifest.path).lowercased()
        var score = manifest.needs(frameworks) ? 0 : 10
        if name == "requirements.txt" {
            score += 1
        } else if name.contains("prod") {
            // One that includes the common file says more than that.
            score +=
                RequirementsFile.read(manifest.path, in: context.project).map { $0.files.count > 1 } == true ? 0 : 2
        } else {
            score += ["base", "main", "common", "app", "backend", "api"].contains { name.contains($0) } ? 3 : 4
        }
        return score
    }
}
