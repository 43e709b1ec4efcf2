import Model

extension Pyproject {
    /// Adds what `[tool.poetry]` declares.
    ///
    /// > Source: python-poetry.org/docs/dependency-specification and …/managing-dependencies.
    func addPoetry(to manifest: inout Manifest) {
        guard let poetry = root.at("tool", "poetry") else { return }
        manifest.name = manifest.name ?? poetry["name"]?.string.map { Requirement.normalised($0) }
        manifest.hasScripts = manifest.hasScripts || poetry["scripts"] != nil
        let optional = optionalNames(poetry)
        for entry in poetry["dependencies"]?.entries ?? [] {
            if Requirement.normalised(entry.key) == "python" {
                addBound(entry.node, to: &manifest)
                continue
            }
            guard let requirement = requirement(entry, &manifest) else { continue }
            let extras = optional[requirement.name] ?? []
            for extra in extras { manifest.extras[extra, default: []].append(requirement) }
            let isOptional = entry.node["optional"]?.value == .boolean(true)
            if extras.isEmpty || !isOptional { manifest.main.append(requirement) }
        }
        var tables = (poetry["group"]?.entries ?? []).map { ($0.key, $0.node["dependencies"]) }
        tables.append(("dev", poetry["dev-dependencies"]))
        for (name, table) in tables where Requirement.isGroupName(name) {
            for entry in table?.entries ?? [] {
                guard let requirement = requirement(entry, &manifest) else { continue }
                manifest.groups[name, default: []].append(requirement)
            }
        }
    }

    // MARK: - Private

    /// By name of a dependency, the extras that bring it.
    private func optionalNames(_ poetry: ConfigNode) -> [String: [String]] {
        var result: [String: [String]] = [:]
        for entry in poetry["extras"]?.entries ?? [] where Requirement.isGroupName(entry.key) {
            for name in entry.node.items.compactMap(\.string) {
                guard let requirement = Requirement(name) else { continue }
                result[requirement.name, default: []].append(entry.key)
            }
        }
        return result
    }

    private func addBound(_ node: ConfigNode, to manifest: inout Manifest) {
        guard let text = node.string ?? node["version"]?.string else { return }
        manifest.python.append(.init(text: text, syntax: .poetry, place: Place(path, node.position.line)))
    }

    /// `"^1.0"`, `{ version = "^1.0", extras = ["x"] }`, `{ git = "…" }`, `{ path = "../core" }` or a list of such.
    private func requirement(_ entry: ConfigNode.Entry, _ manifest: inout Manifest) -> Requirement? {
        guard let name = Requirement(entry.key)?.name else { return nil }
        guard let node = entry.node.items.first ?? Optional(entry.node) else { return nil }
        if let version = node.string { return Requirement(name: name, version: Requirement.plainVersion(version)) }
        let extras = (node["extras"]?.items ?? []).compactMap(\.string).flatMap { Requirement.extras($0) }
        if let local = node["path"]?.string { manifest.locals.append(TreePath.joined(folder, local)) }
        var version = Requirement.plainVersion(node["version"]?.string ?? "")
        if let git = node["git"]?.string ?? node["url"]?.string {
            let prefix = node["git"] != nil && !git.hasPrefix("git+") ? "git+" : ""
            version = Requirement("\(name) @ \(prefix)\(git)")?.version ?? ""
        }
        let requirement = Requirement(name: name, extras: extras, version: version, marker: node["markers"]?.string)
        return requirement.appliesToLinux ? requirement : nil
    }
}
