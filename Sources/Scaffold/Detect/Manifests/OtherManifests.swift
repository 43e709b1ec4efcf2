import Model

/// Manifests that are no `pyproject.toml`, each read into the same shape.
enum OtherManifests {
    /// A `requirements.txt` with what it includes.
    static func requirements(_ path: String, in context: ScanContext) -> Manifest? {
        guard let file = RequirementsFile.read(path, in: context.project) else { return nil }
        var manifest = Manifest(path: path)
        manifest.main = file.requirements
        manifest.hashed = file.hashed
        manifest.locals = file.locals
        manifest.compiledWith = file.compiledWith
        return manifest
    }

    /// A `Pipfile`.
    ///
    /// > Source: pipenv.pypa.io, "Pipfile & Pipfile.lock".
    static func pipfile(_ path: String, in context: ScanContext) -> Manifest? {
        guard let text = context.project.text(path), let root = context.document(path) ?? Manifest.tree(text, path)
        else {
            return nil
        }
        var manifest = Manifest(path: path)
        manifest.main = packages(root["packages"], path, &manifest)
        let development = packages(root["dev-packages"], path, &manifest)
        if !development.isEmpty { manifest.groups["dev"] = development }
        let fixed = ["requires", "packages", "dev-packages", "source", "scripts", "pipenv"]
        for entry in root.entries where !fixed.contains(entry.key) && Requirement.isGroupName(entry.key) {
            let group = packages(entry.node, path, &manifest)
            if !group.isEmpty { manifest.groups[entry.key] = group }
        }
        for key in ["python_full_version", "python_version"] {
            guard let node = root.at("requires", key), let version = node.scalar else { continue }
            manifest.python.append(.init(text: version, syntax: .bare, place: Place(path, node.position.line)))
            break
        }
        return manifest
    }

    /// A conda `environment.yml`.
    static func conda(_ path: String, in context: ScanContext) -> Manifest? {
        guard let root = context.tree(path), root["dependencies"] != nil else { return nil }
        var manifest = Manifest(path: path)
        for item in root["dependencies"]?.items ?? [] {
            if let text = item.string {
                add(conda: text, at: Place(path, item.position.line), to: &manifest)
            } else {
                let lines = (item["pip"]?.items ?? []).compactMap(\.string)
                manifest.main += lines.compactMap { Requirement($0) }.filter(\.appliesToLinux)
                for line in lines where line.hasPrefix("-r ") || line.hasPrefix("--requirement ") {
                    let name = line.split(separator: " ").last.map(String.init) ?? ""
                    let file = TreePath.joined(TreePath.folder(of: path), name)
                    manifest.main += RequirementsFile.read(file, in: context.project)?.requirements ?? []
                }
            }
        }
        return manifest
    }

    /// A `setup.cfg` with `[options]`.
    static func setupConfiguration(_ path: String, in context: ScanContext) -> Manifest? {
        guard let text = context.project.text(path) else { return nil }
        let file = INIFile(text)
        guard file.sections["options"] != nil || file["metadata", "name"] != nil else { return nil }
        var manifest = Manifest(path: path)
        manifest.name = file["metadata", "name"].map { Requirement.normalised($0.text) }
        manifest.main = requirements(file["options", "install_requires"], path, context)
        for (extra, value) in file.sections["options.extras_require"] ?? [:] where Requirement.isGroupName(extra) {
            manifest.extras[extra] = requirements(value, path, context)
        }
        if let bound = file["options", "python_requires"] {
            manifest.python.append(.init(text: bound.text, syntax: .pep440, place: Place(path, bound.line)))
        }
        manifest.hasScripts = file["options.entry_points", "console_scripts"] != nil
        manifest.buildBackend = "setuptools.build_meta"
        return manifest
    }

    // MARK: - Private

    private static func requirements(_ value: INIFile.Value?, _ path: String, _ context: ScanContext) -> [Requirement] {
        guard let value else { return [] }
        if value.text.hasPrefix("file:") {
            return value.text.dropFirst(5).split(separator: ",").flatMap { name in
                let file = TreePath.joined(TreePath.folder(of: path), name.blanksTrimmed)
                return RequirementsFile.read(file, in: context.project)?.requirements ?? []
            }
        }
        return value.lines.flatMap { $0.contains(";") ? [$0] : $0.split(separator: ";") }
            .compactMap { Requirement($0) }.filter(\.appliesToLinux)
    }

    private static func packages(_ table: ConfigNode?, _ path: String, _ manifest: inout Manifest) -> [Requirement] {
        var result: [Requirement] = []
        for entry in table?.entries ?? [] {
            let version = entry.node.string ?? entry.node["version"]?.string ?? ""
            let extras = (entry.node["extras"]?.items ?? []).compactMap(\.string).flatMap { Requirement.extras($0) }
            if let local = entry.node["path"]?.string {
                manifest.locals.append(TreePath.joined(TreePath.folder(of: path), local))
            }
            guard var requirement = Requirement(entry.key) else { continue }
            requirement.extras = extras
            requirement.version = Requirement.plainVersion(version)
            if let git = entry.node["git"]?.string {
                requirement.version = Requirement("\(requirement.name) @ git+\(git)")?.version ?? ""
            }
            requirement.marker =
                entry.node["markers"]?.string ?? entry.node["sys_platform"]?.string.map { "sys_platform \($0)" }
            if requirement.appliesToLinux { result.append(requirement) }
        }
        return result
    }

    /// `conda-forge::fastapi>=0.100`, `python=3.11`, `numpy 1.26.*`, `pip`.
    private static func add(conda text: String, at place: Place, to manifest: inout Manifest) {
        let plain = text.firstRange(of: "::").map { text[$0.upperBound...] } ?? text[...]
        let word = plain.blanksTrimmed
        let name = word.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }
        // A build string may follow the version: `python=3.11=h123_cpython`.
        var version = String(word.dropFirst(name.count).blanksTrimmed)
        if version.hasPrefix("[") { version = "" }
        let parts = version.split(separator: "=")
        if version.hasPrefix("="), parts.count == 2, !version.hasPrefix("==") { version = "=" + parts[0] }
        guard var requirement = Requirement(name) else { return }
        if requirement.name == "python" {
            let isPlain = version.hasPrefix("=") && !version.hasPrefix("==")
            manifest.python.append(
                .init(text: isPlain ? String(version.dropFirst()) : version, syntax: .conda, place: place)
            )
        } else if requirement.name != "pip" {
            if version.hasPrefix("="), !version.hasPrefix("==") { version = "=" + version + ".*" }
            requirement.version = Requirement("\(requirement.name)\(version)")?.version ?? ""
            manifest.main.append(requirement)
        }
    }
}
