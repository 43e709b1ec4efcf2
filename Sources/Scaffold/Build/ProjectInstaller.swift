import Model
import Toolkit

/// Decides how a project's dependencies, and the project itself, get into its virtual environment.
///
/// What a lock says is installed, by uv alone: the locks of poetry, pdm and pipenv are read here, so that none of these
/// programs has to be there.
struct ProjectInstaller {
    let context: ScanContext
    let facts: Facts
    let minor: Int
    var installs: [PythonBuild.Install] = []
    var notes: [String] = []
    /// A dependency is fetched by git.
    var needsGit = false

    init(context: ScanContext, facts: Facts, minor: Int) {
        self.context = context
        self.facts = facts
        self.minor = minor
    }

    /// The most bytes of a lock that is read.
    static let maximumLock = 16 << 20

    mutating func run() {
        guard let manager = facts.manager else { return }
        needsGit = facts.dependencies.contains { $0.version.hasPrefix("@ git+") }
        switch manager.name {
        case .uv where manager.lock != nil: sync(manager)
        case .poetry, .pdm, .pipenv:
            if !locked(manager) { declared(manager) }
        case .pip where manager.lock != nil: requirements(manager)
        case .conda: listed(manager, note: "conda's packages are installed from PyPI, under their names there")
        case .uv, .pip, .hatch: declared(manager)
        }
        installProject(manager)
    }

    // MARK: - uv

    private mutating func sync(_ manager: Facts.Manager) {
        let folder = manager.workspace ?? TreePath.folder(of: manager.lock ?? "")
        var words = ["sync", "--frozen", "--no-dev"]
        if let member = manager.member { words += ["--package", member] }
        words += manager.groups.flatMap { ["--group", $0] } + manager.extras.flatMap { ["--extra", $0] }
        var files = [manager.lock, manager.manifest].compactMap { $0 }
        files += ["pyproject.toml", "uv.toml"].map { TreePath.joined(folder, $0) }.filter { context.project.has($0) }
        let namesFolders = lockText(manager).map(Self.namesFolders) ?? false
        // Members of a workspace are installed where they lie, and the project itself afterwards.
        words.append(manager.workspace == nil ? "--no-install-project" : "--no-install-package")
        if manager.workspace != nil {
            if let member = manager.member { words.append(member) } else { words.removeLast() }
        }
        var install = PythonBuild.Install(words, folder: folder, files: Set(files).sorted())
        if namesFolders || manager.workspace != nil {
            install.files = nil
            install.decisive = metadata(of: [folder] + memberFolders(in: folder))
        }
        installs.append(install)
    }

    private func lockText(_ manager: Facts.Manager) -> String? {
        manager.lock.flatMap { context.project.text($0, limit: Self.maximumLock) }
    }

    /// `source = { directory = "libs/common" }` and the like; the project itself is `"."`.
    static func namesFolders(_ lock: String) -> Bool {
        let kinds = ["directory", "editable", "virtual", "path"]
        return lock.textLines.contains { line in
            line.hasPrefix("source = {")
                && kinds.contains { line.contains("\($0) = \"") && !line.contains("\($0) = \".\"") }
        }
    }

    /// Folders of the tree that have a manifest of their own.
    private func memberFolders(in folder: String) -> [String] {
        let manifests: Set<String> = ["pyproject.toml", "setup.py"]
        let found = context.project.files(under: folder).filter { manifests.contains(TreePath.name(of: $0)) }
        return found.map { TreePath.folder(of: $0) }
    }

    // MARK: - Locks of other managers

    /// False when there is none that can be read.
    private mutating func locked(_ manager: Facts.Manager) -> Bool {
        guard let path = manager.lock, let text = lockText(manager) else { return false }
        var choice = LockedPackages.Choice(minor: minor)
        choice.groups = Set(manager.groups)
        choice.extras = Set(manager.extras)
        choice.folder = TreePath.folder(of: path)
        guard let packages = Self.read(text, path, manager.name, wanted: wanted(manager), choice),
            !packages.packages.isEmpty
        else {
            notes.append("\(Quoting.comment(path)) can't be read: versions are chosen anew")
            return false
        }
        let have = Set(packages.packages.map(\.name))
        let lacking = wanted(manager).filter {
            Marker.holds($0.marker, in: choice.environment) && !have.contains($0.name) && !Self.isLocal($0)
        }
        // One that lacks nothing is all there is to install; what another lacks is chosen, and what that needs in turn.
        let absent = packages.missing.subtracting(have)
        let isWhole = lacking.isEmpty && absent.isEmpty
        if !isWhole {
            let names = Set(lacking.map(\.name)).union(absent).sorted().prefix(5).joined(separator: ", ")
            notes.append("\(Quoting.comment(path)) does not have \(names): versions of these are chosen anew")
        }
        let words = ["pip", "install"] + (isWhole ? ["--no-deps"] : []) + packages.options
        var install = PythonBuild.Install(words + ["-r", PythonBuild.listPath])
        install.list = packages.list + lines(lacking).map { $0 + "\n" }.joined()
        see(packages.locals, &install)
        if packages.list.contains(" @ git+") { needsGit = true }
        installs.append(install)
        return true
    }

    /// A folder of the project: locks write it in ways of their own.
    private static func isLocal(_ requirement: Requirement) -> Bool { requirement.version.hasPrefix("@ file:") }

    static func read(
        _ text: String,
        _ path: String,
        _ manager: Facts.Manager.Name,
        wanted: [Requirement],
        _ choice: LockedPackages.Choice
    ) -> LockedPackages? {
        let isJSON = manager == .pipenv
        let root =
            isJSON
            ? try? ConfigJSON.parse(text, file: path, limit: maximumLock)
            : try? TOML.parse(text, file: path, limit: maximumLock)
        guard let root else { return nil }
        switch manager {
        case .poetry: return PoetryLock.read(root, wanted: wanted, choice)
        case .pdm: return PDMLock.read(root, choice)
        case .pipenv: return PipfileLock.read(root, choice)
        case .uv, .pip, .hatch, .conda: return nil
        }
    }

    /// What the manifest itself wants, with the groups and extras that were chosen.
    private func wanted(_ manager: Facts.Manager) -> [Requirement] {
        guard let manifest = ManifestChoice.find(in: context)?.manifest else { return [] }
        return manifest.main + manager.groups.flatMap { manifest.groups[$0] ?? [] }
            + manager.extras.flatMap { manifest.extras[$0] ?? [] }
    }

    // MARK: - Requirements

    private mutating func requirements(_ manager: Facts.Manager) {
        guard let path = manager.lock, let file = RequirementsFile.read(path, in: context.project) else { return }
        var words = ["pip", "install"]
        if manager.hashed { words.append("--require-hashes") }
        words += ["-r", TreePath.name(of: path)]
        var files = file.files + file.constraints.filter { context.project.has($0) }
        let beside = TreePath.joined(TreePath.folder(of: path), "constraints.txt")
        if context.project.has(beside), !files.contains(beside) {
            words += ["-c", "constraints.txt"]
            files.append(beside)
        }
        let settings = TreePath.joined(TreePath.folder(of: path), "uv.toml")
        if context.project.has(settings) {
            files.append(settings)
        } else if file.hasMoreIndexes {
            // The file is pip's, which takes the best version of all indexes; uv by itself stops at the first.
            words += ["--index-strategy", "unsafe-best-match"]
            notes.append(
                "\(Quoting.comment(path)) names several indexes: versions come from all of them, as with pip "
                    + "(index-strategy in a uv.toml decides otherwise)"
            )
        }
        var install = PythonBuild.Install(words, folder: TreePath.folder(of: path), files: Set(files).sorted())
        if file.namesPlaces {
            install.files = nil
        } else {
            see(file.locals, &install)
        }
        notes += file.missing.map { "\($0) includes a file that is not there" }
        installs.append(install)
    }

    // MARK: - Manifests without a lock

    private mutating func declared(_ manager: Facts.Manager) {
        guard let manifest = manager.manifest, manifest.hasSuffix("pyproject.toml") else {
            let name = manager.manifest.map { TreePath.name(of: $0) } ?? ""
            guard ["setup.py", "setup.cfg"].contains(name) else { return listed(manager) }
            return
        }
        guard let file = Pyproject(manifest, in: context) else { return }
        let project = file.root["project"]
        let isDynamic = (project?["dynamic"]?.items ?? []).contains { $0.string == "dependencies" }
        // Groups beside PEP 735's are known to their tool alone.
        let groups = Set((file.root["dependency-groups"]?.entries ?? []).map(\.key))
        let isStandard = project != nil && !isDynamic && manager.groups.allSatisfy(groups.contains)
        guard isStandard else { return listed(manager, unlessNothingIn: file) }
        noteUnlocked()
        var words = ["pip", "install", "-r", "pyproject.toml"]
        words += manager.extras.flatMap { ["--extra", $0] } + manager.groups.flatMap { ["--group", $0] }
        var install = PythonBuild.Install(words, folder: file.folder)
        let sources = file.root.at("tool", "uv", "sources")?.entries ?? []
        if sources.contains(where: { $0.node["path"] != nil || $0.node["workspace"] != nil }) {
            install.decisive = metadata(of: [file.folder] + memberFolders(in: ""))
        } else {
            let settings = TreePath.joined(file.folder, "uv.toml")
            install.files = [manifest] + (context.project.has(settings) ? [settings] : [])
        }
        installs.append(install)
    }

    /// By a list of what the manifest declares; what only the build backend knows is left to it.
    private mutating func listed(
        _ manager: Facts.Manager,
        note: String? = nil,
        unlessNothingIn file: Pyproject? = nil
    ) {
        let requirements = wanted(manager).filter { Marker.holds($0.marker, in: .init(minor: minor)) }
        if requirements.isEmpty, let file {
            // Dependencies that the backend finds out by itself.
            installs.append(.init(["pip", "install", "-r", "pyproject.toml"], folder: file.folder))
            return noteUnlocked()
        }
        guard !requirements.isEmpty else { return }
        noteUnlocked()
        if let note { notes.append(note) }
        var install = PythonBuild.Install(["pip", "install", "-r", PythonBuild.listPath], files: [])
        install.list = lines(requirements).joined(separator: "\n") + "\n"
        see(ManifestChoice.find(in: context)?.manifest.locals ?? [], &install)
        installs.append(install)
    }

    /// Requirements as pip has them, each once.
    func lines(_ requirements: [Requirement]) -> [String] {
        var seen: Set<String> = []
        return requirements.map(line).filter { seen.insert($0).inserted }
    }

    private func line(_ requirement: Requirement) -> String {
        let extras = requirement.extras.isEmpty ? "" : "[\(requirement.extras.joined(separator: ","))]"
        let local = "@ file://\(PythonBuild.home)/"
        guard requirement.version.hasPrefix("@") else {
            return requirement.name + extras + Specifier.standard(requirement.version)
        }
        if requirement.version.hasPrefix(local) {
            let path = String(requirement.version.dropFirst(local.count))
            // Code of the project itself is used where it lies.
            if !context.project.has(path) { return "-e \(PythonBuild.home)/\(path)\(extras)" }
        }
        return "\(requirement.name)\(extras) \(requirement.version)"
    }

    private mutating func noteUnlocked() {
        notes.append("no lock file: each build may install other versions; a uv.lock, made by `uv lock`, pins them")
    }
}
