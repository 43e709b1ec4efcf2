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
            let found = requirements(entry, &manifest)
            let extras = found.first.flatMap { optional[$0.name] } ?? []
            for extra in extras { manifest.extras[extra, default: []] += found }
            let isOptional = entry.node["optional"]?.value == .boolean(true)
            if extras.isEmpty || !isOptional { manifest.main += found }
        }
        var tables = (poetry["group"]?.entries ?? []).map { ($0.key, $0.node["dependencies"]) }
        tables.append(("dev", poetry["dev-dependencies"]))
        for (name, table) in tables where Requirement.isGroupName(name) {
            for entry in table?.entries ?? [] {
                manifest.groups[name, default: []] += requirements(entry, &manifest)
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

    /// `"^1.0"`, `{ version = "^1.0", extras = ["x"] }`, `{ git = "…" }`, `{ path = "../core" }` or a list of such, each for
    /// other versions of Python.
    private func requirements(_ entry: ConfigNode.Entry, _ manifest: inout Manifest) -> [Requirement] {
        guard let name = Requirement(entry.key)?.name else { return [] }
        let nodes = entry.node.items.isEmpty ? [entry.node] : entry.node.items
        return nodes.compactMap { requirement(name, $0, &manifest) }
    }

    private func requirement(_ name: String, _ node: ConfigNode, _ manifest: inout Manifest) -> Requirement? {
        if let version = node.string { return Requirement(name: name, version: Requirement.plainVersion(version)) }
        let extras = (node["extras"]?.items ?? []).compactMap(\.string).flatMap { Requirement.extras($0) }
        var version = Requirement.plainVersion(node["version"]?.string ?? "")
        if let local = node["path"]?.string {
            let place = TreePath.joined(folder, local)
            manifest.locals.append(place)
            // A package of that name may well be on the index, and is another one.
            version = Requirement("\(name) @ file://\(PythonBuild.home)/\(place)")?.version ?? ""
        } else if let git = node["git"]?.string ?? node["url"]?.string {
            let base = node["git"] != nil ? LockedPackages.git(git) : git
            let reference = (node["rev"] ?? node["tag"] ?? node["branch"])?.string
            let address = LockedPackages.address(base, reference: reference, subdirectory: node["subdirectory"]?.string)
            version = address.flatMap { Requirement("\(name) @ \($0)")?.version } ?? ""
        }
        let requirement = Requirement(name: name, extras: extras, version: version, marker: marker(node))
        return requirement.appliesToLinux ? requirement : nil
    }

    /// Conditions of both kinds: `markers` as PEP 508 has them, `python` as a range.
    private func marker(_ node: ConfigNode) -> String? {
        var parts = [node["markers"]?.string].compactMap { $0 }
        let range = node["python"]?.string.map { Specifier.standard($0) } ?? ""
        for clause in range.split(separator: ",") {
            let sign = clause.prefix { "<>=!~".contains($0) }
            if !sign.isEmpty { parts.append("python_version \(sign) \"\(clause.dropFirst(sign.count))\"") }
        }
        return parts.isEmpty ? nil : parts.map { parts.count > 1 ? "(\($0))" : $0 }.joined(separator: " and ")
    }
}
