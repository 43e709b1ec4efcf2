import Model

/// Finds what a Python project depends on and which manager installs it.
package enum ManifestDetector {
    /// Sets ``Facts/manager`` and ``Facts/dependencies``.
    package static func detect(_ context: inout ScanContext) {
        guard let choice = ManifestChoice.find(in: context) else { return }
        var manager = choice.manager
        var manifest = choice.manifest
        addLocals(to: &manifest, choice: choice, in: context)
        let needed = neededSections(of: choice, manifest, in: context)
        manager.groups = needed.groups
        manager.extras = needed.extras
        manager.buildBackend = manifest.buildBackend
        manager.installsProject = installsProject(choice, in: context)
        context.facts.dependencies = dependencies(of: manifest)
        manager.tools = tools(in: manager, context)
        context.facts.manager = manager
        if manager.name == .pip, manager.lock != nil {
            context.facts.dependencies += asideDependencies(choice, in: context)
        }
    }

    // MARK: - Private

    /// What other packages bring in: gunicorn by uvicorn-worker.
    private static func tools(in manager: Facts.Manager, _ context: ScanContext) -> [String: String] {
        // A lock of pip's is the list of dependencies itself.
        guard manager.name != .pip, let lock = manager.lock, let text = context.project.text(lock) else { return [:] }
        var found: [String: String] = [:]
        for tool in ToolVersions.servers + ["alembic"] where !context.depends(on: tool) {
            found[tool] = PackageVersion.locked(tool, in: text)?.text
        }
        return found
    }

    private static let servers = Vocabulary.servers.union(["waitress", "uwsgi", "fastapi-cli", "robyn", "streamlit"])

    /// Groups that are never meant for production.
    private static let asideGroups = Vocabulary.development.union([
        "types", "mypy", "format", "ci", "debug", "notebook", "notebooks", "build", "release", "pre-commit", "style",
        "bench",
    ])

    /// Groups whose names say that production needs them.
    private static let productionGroups: Set<String> = [
        "prod", "production", "server", "deploy", "deployment", "runtime",
    ]

    private static func dependencies(of manifest: Manifest) -> [Facts.Dependency] {
        var result: [Facts.Dependency] = []
        var places: [String: Int] = [:]
        for (group, requirement) in manifest.declared {
            let key = "\(group ?? "") \(requirement.name)"
            if let index = places[key] {
                result[index].extras = Array(Set(result[index].extras + requirement.extras)).sorted()
                if result[index].version.isEmpty { result[index].version = requirement.version }
                continue
            }
            places[key] = result.count
            result.append(
                Facts.Dependency(
                    requirement.name,
                    extras: requirement.extras.sorted(),
                    version: requirement.version,
                    group: group
                )
            )
        }
        return result.sorted { ($0.group ?? "", $0.name) < ($1.group ?? "", $1.name) }
    }

    /// Requirement files beside the chosen one, each as a group: `requirements-dev.txt` is `dev`.
    private static func asideDependencies(_ choice: ManifestChoice, in context: ScanContext) -> [Facts.Dependency] {
        let folder = TreePath.folder(of: choice.manifest.path)
        let main = Set(choice.manifest.main.map(\.name))
        var result: [Facts.Dependency] = []
        for path in context.project.files(under: folder) where TreePath.folder(of: path) == folder {
            let name = TreePath.name(of: path)
            guard path != choice.manifest.path, name.hasPrefix("requirements"), name.hasSuffix(".txt") else { continue }
            let group = name.dropFirst(12).dropLast(4).drop { !$0.isLetter }
            guard Requirement.isGroupName(group), let other = OtherManifests.requirements(path, in: context) else {
                continue
            }
            for requirement in other.main where !main.contains(requirement.name) {
                result.append(
                    .init(
                        requirement.name,
                        extras: requirement.extras,
                        version: requirement.version,
                        group: String(group)
                    )
                )
            }
        }
        return result
    }

    /// Adds what projects of the same tree bring, which the manifest names by path or as members of its workspace.
    private static func addLocals(to manifest: inout Manifest, choice: ManifestChoice, in context: ScanContext) {
        let members = workspaceMembers(choice, in: context)
        // `-e .` in a requirements file means the project around it.
        let isList = manifest.path.hasSuffix(".txt") || manifest.path.hasSuffix(".in")
        var seen: Set<String> = isList ? [] : [TreePath.folder(of: manifest.path)]
        var waiting = manifest.locals + manifest.declared.compactMap { members[$0.requirement.name] }
        while let folder = waiting.popLast(), seen.count < 100 {
            guard seen.insert(folder).inserted else { continue }
            guard let local = ManifestChoice.packageManifest(in: folder, of: context) else { continue }
            manifest.main += local.main
            waiting += local.locals + local.main.compactMap { members[$0.name] }
        }
    }

    /// By name, the folders of the workspace that the project belongs to.
    private static func workspaceMembers(_ choice: ManifestChoice, in context: ScanContext) -> [String: String] {
        guard let folder = choice.manager.workspace else { return [:] }
        guard let root = Pyproject(TreePath.joined(folder, "pyproject.toml"), in: context) else { return [:] }
        var result: [String: String] = [:]
        for path in context.project.files(under: folder) where TreePath.name(of: path) == "pyproject.toml" {
            let member = TreePath.folder(of: path)
            guard root.workspaceHas(member), let file = Pyproject(path, in: context) else { continue }
            guard let name = file.root.at("project", "name")?.string else { continue }
            result[Requirement.normalised(name)] = member
        }
        return result
    }

    /// Groups and extras without which the framework, a server or what is meant for production would be missing.
    private static func neededSections(
        of choice: ManifestChoice,
        _ manifest: Manifest,
        in context: ScanContext
    ) -> (groups: [String], extras: [String]) {
        var manifest = manifest
        for name in choice.command?.without ?? [] { manifest.groups[name] = nil }
        var groups = named(choice.command?.groups, in: manifest.groups)
        var extras = named(choice.command?.extras, in: manifest.extras)
        groups += manifest.groups.keys.filter { productionGroups.contains(Requirement.normalised($0)) }
        extras += manifest.extras.keys.filter { ["prod", "production"].contains(Requirement.normalised($0)) }
        var have = manifest.main
        have += groups.flatMap { manifest.groups[$0] ?? [] } + extras.flatMap { manifest.extras[$0] ?? [] }
        let framework = context.facts.framework.map { [$0.rawValue] }.map(Set.init) ?? ManifestChoice.frameworks
        let wanted = framework.isDisjoint(with: ManifestChoice.frameworks) ? ManifestChoice.frameworks : framework
        for names in [wanted, servers] where !brings(have, names) {
            guard let best = bestSection(of: manifest, with: names) else { continue }
            if best.isExtra { extras.append(best.name) } else { groups.append(best.name) }
            have += manifest.groups[best.name] ?? []
            have += manifest.extras[best.name] ?? []
        }
        return (Set(groups).sorted(), Set(extras).sorted())
    }

    /// Those of a command's names that exist and are not for development, as the manifest writes them.
    private static func named(_ names: [String]?, in sections: [String: [Requirement]]) -> [String] {
        (names ?? []).compactMap { name in
            let plain = Requirement.normalised(name)
            guard !asideGroups.contains(plain) else { return nil }
            return sections.keys.sorted().first { Requirement.normalised($0) == plain }
        }
    }

    private static func brings(_ requirements: [Requirement], _ names: Set<String>) -> Bool {
        requirements.contains { requirement in
            names.contains(requirement.name)
                || requirement.name == "fastapi" && names.contains("uvicorn")
                    && !Set(requirement.extras).isDisjoint(with: ["standard", "all"])
        }
    }

    /// The section that is meant for it, else the smallest; one for development only when there is no other.
    private static func bestSection(of manifest: Manifest, with names: Set<String>) -> (name: String, isExtra: Bool)? {
        let groups = manifest.groups.map { ($0.key, $0.value, false) }
        let extras = manifest.extras.map { ($0.key, $0.value, true) }
        let telling = ["server", "api", "web", "app", "backend", "http", "prod", "full", "all"]
        let ranked = (groups + extras).filter { brings($0.1, names) }.map { name, items, isExtra in
            let plain = Requirement.normalised(name)
            let aside = asideGroups.contains(plain) ? 1000 : 0
            return (rank: aside + (telling.firstIndex(of: plain) ?? telling.count), count: items.count, name, isExtra)
        }
        return ranked.min { ($0.rank, $0.count, $0.2) < ($1.rank, $1.count, $1.2) }.map { ($0.2, $0.3) }
    }

    /// A project with a build system whose code is only importable, or only startable, once it is installed.
    private static func installsProject(_ choice: ManifestChoice, in context: ScanContext) -> Bool {
        let folder = TreePath.folder(of: choice.manifest.path)
        if choice.manifest.locals.contains(folder) { return true }
        guard choice.manifest.buildBackend != nil else { return false }
        let file = Pyproject(TreePath.joined(folder, "pyproject.toml"), in: context)
        if file?.refusesInstallation == true || file?.lacksPackage(in: context.project) == true { return false }
        if choice.manager.lock?.hasSuffix(".txt") == true { return choice.command?.installsProject == true }
        if choice.manager.member != nil || choice.manifest.hasScripts { return true }
        // `src/shop/__init__.py` without `src/__init__.py`.
        let source = TreePath.joined(folder, "src")
        guard !context.project.has("\(source)/__init__.py") else { return false }
        return context.project.files(under: source).contains {
            $0.hasSuffix("/__init__.py") && $0.split(separator: "/").count == source.split(separator: "/").count + 2
        }
    }
}
