import Model
import Toolkit

/// Files of variables that are committed and that the app is started with: those that its service in a Compose file names,
/// those that its Dockerfile copies by name, and a `.env` beside code that reads one.
///
/// None of them is sent: what they say has to be set.
enum CommittedEnvironment {
    /// Their paths, the most telling first.
    static func files(_ facts: Facts, _ project: Project) -> [String] {
        var found: [String] = []
        func add(_ path: String) {
            guard !found.contains(path), project.has(path), !EnvironmentFiles.isExample(TreePath.name(of: path)) else {
                return
            }
            found.append(path)
        }
        let dockerfile = facts.existing.dockerfile
        for path in facts.existing.compose where !ProductionStage.isAsidePath(path) {
            guard let compose = Compose.read(path, project) else { continue }
            for service in compose.services where !ProductionStage.isAside(service.name) {
                guard let build = compose.build(of: service), build.dockerfile == dockerfile else { continue }
                for file in service.environmentFiles { add(TreePath.joined(TreePath.folder(of: path), file)) }
            }
        }
        if let dockerfile, let text = project.text(dockerfile) {
            let file = Dockerfile.parse(text, path: dockerfile)
            let folder = facts.existing.dockerContext ?? TreePath.folder(of: dockerfile)
            if let stage = file.stage(target: facts.existing.dockerTarget) {
                let parts = ProductionImage.contributing(stage, in: file)
                for source in ProductionImage.copies(in: parts).flatMap({ $0.sources })
                where isOne(TreePath.name(of: source)) {
                    add(TreePath.joined(folder, TreePath.joined("", source)))
                }
            }
        }
        for path in project.files(under: facts.root) where TreePath.name(of: path) == ".env" {
            let folder = TreePath.folder(of: path)
            guard !ProductionStage.isAsidePath(path) else { continue }
            if folder == facts.root || readsOne(folder, project) { add(path) }
        }
        return found
    }

    // MARK: - Private

    private static func isOne(_ name: String) -> Bool { name == ".env" || name.hasPrefix(".env.") }

    /// Whether a module of a folder takes variables from a file.
    private static func readsOne(_ folder: String, _ project: Project) -> Bool {
        project.files(under: folder).contains { path in
            guard TreePath.folder(of: path) == folder, path.hasSuffix(".py"), let text = project.text(path) else {
                return false
            }
            return text.contains("load_dotenv") || text.contains("env_file")
        }
    }
}

extension Compose.Service {
    /// The files of variables that it names, as written.
    var environmentFiles: [String] {
        let named = node["env_file"]
        if let one = named?.string { return [one] }
        return (named?.items ?? []).compactMap { $0.string ?? $0["path"]?.string }.filter { !$0.contains("$") }
    }
}

extension Compose {
    /// A Compose file of a project; nil where it can't be read.
    static func read(_ path: String, _ project: Project) -> Compose? {
        guard let text = project.text(path),
            let root = try? ConfigFormat(path: path).parse(Array(text.utf8), file: path)
        else { return nil }
        return Compose(root, path: path)
    }
}
