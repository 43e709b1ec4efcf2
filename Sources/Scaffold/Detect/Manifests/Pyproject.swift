import Model

/// A `pyproject.toml`: which tools it is for, and what it declares.
///
/// > Source: Python Packaging User Guide, "pyproject.toml specification" and "Dependency Groups"; the documents of
/// > poetry, pdm, uv and hatch for their tables.
struct Pyproject: Sendable {
    var path: String
    var root: ConfigNode
    var folder: String { TreePath.folder(of: path) }

    init?(_ path: String, in context: ScanContext) {
        guard context.project.has(path), let root = context.tree(path) else { return nil }
        self.path = path
        self.root = root
    }

    /// It describes a project and is not only a place for the settings of tools.
    var isManifest: Bool { root["project"] != nil || isPoetry }
    var isPoetry: Bool { root.at("tool", "poetry", "dependencies") != nil || root.at("tool", "poetry", "name") != nil }
    var hasUV: Bool { root.at("tool", "uv") != nil }
    var hasPDM: Bool { root.at("tool", "pdm") != nil }
    var hasHatchEnvironments: Bool { root.at("tool", "hatch", "envs") != nil }
    var buildBackend: String? { root.at("build-system", "build-backend")?.string }

    /// Patterns of the folders that belong to its uv workspace; nil when it is no workspace's root.
    var workspaceMembers: [String]? {
        guard let workspace = root.at("tool", "uv", "workspace") else { return nil }
        return workspace["members"]?.items.compactMap(\.string) ?? []
    }

    /// Whether its uv workspace has a folder, given relative to what was scanned.
    func workspaceHas(_ member: String) -> Bool {
        guard let members = workspaceMembers, TreePath.lies(member, in: folder), member != folder else { return false }
        let relative = folder.isEmpty ? member : String(member.dropFirst(folder.count + 1))
        let excluded = root.at("tool", "uv", "workspace", "exclude")?.items.compactMap(\.string) ?? []
        return members.contains { TreePath.matches(relative, pattern: $0) }
            && !excluded.contains { TreePath.matches(relative, pattern: $0) }
    }

    /// The project is not to be installed although it has a manifest.
    var refusesInstallation: Bool {
        root.at("tool", "uv", "package")?.value == .boolean(false)
            || root.at("tool", "poetry", "package-mode")?.value == .boolean(false)
            || root.at("tool", "pdm", "distribution")?.value == .boolean(false)
    }

    /// Whether Poetry's own build would find nothing to make a package of: no folder or file of the project's name.
    func lacksPackage(in project: Project) -> Bool {
        guard buildBackend?.hasPrefix("poetry") == true, root.at("tool", "poetry", "packages") == nil,
            let name = root.at("project", "name")?.string ?? root.at("tool", "poetry", "name")?.string
        else { return false }
        let module = name.lowercased().replacing("-", with: "_").replacing(".", with: "_")
        let prefixes = ["", "src/"].map { TreePath.joined(folder, $0 + module).lowercased() }
        return !project.files(under: folder).contains { path in
            let path = path.lowercased()
            return prefixes.contains { path == $0 + ".py" || path.hasPrefix($0 + "/") }
        }
    }

    /// All that its tables declare.
    func manifest(in context: ScanContext) -> Manifest {
        var manifest = Manifest(path: path)
        addProject(to: &manifest)
        addGroups(to: &manifest)
        addTools(to: &manifest)
        addPoetry(to: &manifest)
        addDynamic(to: &manifest, in: context)
        manifest.buildBackend = buildBackend
        expandOwnExtras(of: &manifest)
        return manifest
    }

    // MARK: - Private

    private func addProject(to manifest: inout Manifest) {
        guard let project = root["project"] else { return }
        manifest.name = project["name"]?.string.map { Requirement.normalised($0) }
        manifest.main += requirements(project["dependencies"])
        for entry in project["optional-dependencies"]?.entries ?? [] where Requirement.isGroupName(entry.key) {
            manifest.extras[entry.key, default: []] += requirements(entry.node)
        }
        if let bound = project["requires-python"], let text = bound.string {
            manifest.python.append(.init(text: text, syntax: .pep440, place: Place(path, bound.position.line)))
        }
        manifest.hasScripts = project["scripts"] != nil
    }

    private func addGroups(to manifest: inout Manifest) {
        let table = root["dependency-groups"]?.entries ?? []
        let groups = Dictionary(table.map { ($0.key, $0.node) }, uniquingKeysWith: { first, _ in first })
        for name in groups.keys where Requirement.isGroupName(name) {
            var seen: Set<String> = []
            manifest.groups[name, default: []] += members(of: name, in: groups, seen: &seen)
        }
    }

    /// The requirements of a group and of those that it includes.
    private func members(of name: String, in groups: [String: ConfigNode], seen: inout Set<String>) -> [Requirement] {
        guard seen.insert(Requirement.normalised(name)).inserted else { return [] }
        let node =
            groups[name] ?? groups.first { Requirement.normalised($0.key) == Requirement.normalised(name) }?.value
        var result: [Requirement] = []
        for item in node?.items ?? [] {
            if let text = item.string, let requirement = Requirement(text) {
                result.append(requirement)
            } else if let included = item["include-group"]?.string {
                result += members(of: included, in: groups, seen: &seen)
            }
        }
        return result
    }

    private func addTools(to manifest: inout Manifest) {
        manifest.groups["dev", default: []] += requirements(root.at("tool", "uv", "dev-dependencies"))
        for entry in root.at("tool", "pdm", "dev-dependencies")?.entries ?? [] where Requirement.isGroupName(entry.key)
        {
            manifest.groups[entry.key, default: []] += requirements(entry.node)
        }
        for entry in root.at("tool", "hatch", "envs")?.entries ?? [] where Requirement.isGroupName(entry.key) {
            let own = requirements(entry.node["dependencies"]) + requirements(entry.node["extra-dependencies"])
            if !own.isEmpty { manifest.groups[entry.key, default: []] += own }
        }
        for entry in root.at("tool", "uv", "sources")?.entries ?? [] {
            if let local = entry.node["path"]?.string { manifest.locals.append(TreePath.joined(folder, local)) }
        }
        if manifest.groups["dev"]?.isEmpty == true { manifest.groups["dev"] = nil }
    }

    /// What setuptools and hatch take from other files.
    private func addDynamic(to manifest: inout Manifest, in context: ScanContext) {
        let setuptools = root.at("tool", "setuptools", "dynamic")
        var main = files(setuptools?.at("dependencies", "file"))
        main += files(root.at("tool", "hatch", "metadata", "hooks", "requirements_txt", "files"))
        for file in main {
            guard let read = RequirementsFile.read(TreePath.joined(folder, file), in: context.project) else { continue }
            manifest.main += read.requirements
        }
        for entry in setuptools?["optional-dependencies"]?.entries ?? [] where Requirement.isGroupName(entry.key) {
            for file in files(entry.node["file"]) {
                let read = RequirementsFile.read(TreePath.joined(folder, file), in: context.project)
                manifest.extras[entry.key, default: []] += read?.requirements ?? []
            }
        }
    }

    private func files(_ node: ConfigNode?) -> [String] {
        node?.string.map { [$0] } ?? node?.items.compactMap(\.string) ?? []
    }

    private func requirements(_ node: ConfigNode?) -> [Requirement] {
        (node?.items ?? []).compactMap { $0.string.flatMap { Requirement($0) } }.filter(\.appliesToLinux)
    }

    /// An extra may name the project itself: `full = ["shop[web,postgres]"]`.
    private func expandOwnExtras(of manifest: inout Manifest) {
        guard let name = manifest.name else { return }
        let extras = manifest.extras
        func all(_ extra: String, _ seen: inout Set<String>) -> [Requirement] {
            guard seen.insert(Requirement.normalised(extra)).inserted else { return [] }
            let own = extras.first { Requirement.normalised($0.key) == Requirement.normalised(extra) }?.value ?? []
            return own.flatMap { $0.name == name ? $0.extras.flatMap { all($0, &seen) } : [$0] }
        }
        for extra in extras.keys {
            var seen: Set<String> = []
            manifest.extras[extra] = all(extra, &seen)
        }
        for group in manifest.groups.keys {
            manifest.groups[group] = manifest.groups[group]?.flatMap { requirement -> [Requirement] in
                var seen: Set<String> = []
                return requirement.name == name ? requirement.extras.flatMap { all($0, &seen) } : [requirement]
            }
        }
    }
}
