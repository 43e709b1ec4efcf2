import Model

/// Folders that hold a project of their own: a file that declares its dependencies stands right there.
enum ManifestFolders {
    static func find(in context: ScanContext, tree: ProjectTree) -> Set<String> {
        var result: Set<String> = []
        for path in context.project.files where isManifest(path, in: context) {
            var folder = TreePath.folder(of: path)
            // `requirements/prod.txt` is about the folder above.
            if TreePath.name(of: folder) == "requirements" { folder = TreePath.folder(of: folder) }
            result.insert(folder)
        }
        return result
    }

    /// Whether a folder's manifests speak of a web framework or a server, or gather the projects that do.
    static func mentionsServer(_ folder: String, in context: ScanContext) -> Bool {
        let names = [
            "pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "Pipfile", "environment.yml",
            "requirements.in",
        ]
        let folders = [folder, TreePath.joined(folder, "requirements")]
        let files = folders.flatMap { place in names.map { TreePath.joined(place, $0) } }
        return files.contains { path in
            guard let text = context.project.text(path) else { return false }
            return telling.contains { text.contains($0) }
        }
    }

    /// Whether a folder is a package that others install.
    static func isPackage(_ folder: String, in context: ScanContext) -> Bool {
        if context.project.has(TreePath.joined(folder, "setup.py")) { return true }
        return context.document(TreePath.joined(folder, "pyproject.toml"))?["build-system"] != nil
    }

    // MARK: - Private

    private static let telling = [
        "fastapi", "uvicorn", "starlette", "gunicorn", "hypercorn", "flask", "Flask", "litestar", "quart", "streamlit",
        "jango", "tool.uv.workspace",
    ]

    private static func isManifest(_ path: String, in context: ScanContext) -> Bool {
        let name = TreePath.name(of: path)
        switch name {
        case "requirements.txt", "setup.py", "Pipfile", "Pipfile.lock", "poetry.lock", "pdm.lock", "uv.lock",
            "requirements.in",
            "environment.yml", "environment.yaml", "conda-lock.yml", "pixi.toml":
            return true
        case "setup.cfg": return context.project.text(path)?.contains("install_requires") == true
        case "pyproject.toml":
            // One that only configures tools declares nothing.
            guard let root = context.document(path) else { return false }
            return root["project"] != nil || root.at("tool", "poetry") != nil || root.at("tool", "uv") != nil
                || root.at("tool", "pdm") != nil || root["dependency-groups"] != nil
                || root.at("tool", "fastapi") != nil
        default:
            guard name.hasSuffix(".txt") else { return false }
            return name.hasPrefix("requirements") || TreePath.name(of: TreePath.folder(of: path)) == "requirements"
        }
    }
}
