import Model
import Toolkit

/// An image of the project's own Dockerfile that the app's code does not come into, or not as it can be imported.
struct MissingCode: Equatable {
    /// The Dockerfile, with the line that takes the code apart.
    var place: Place
    /// Where a Compose file mounts the code that the image lacks.
    var mountedAt: Place?
    /// The line takes the files out of their folders.
    var isFlat = false

    /// What is wrong with the image that the facts name; nil when it has the code, and when that can't be told.
    static func find(_ facts: Facts, _ project: Project, _ python: PythonSources) -> MissingCode? {
        guard let path = facts.existing.dockerfile, let text = project.text(path), !Stamp.isIn(text),
            facts.recipe == nil, let code = file(of: facts, project)
        else { return nil }
        let file = Dockerfile.parse(text, path: path)
        guard let stage = file.stage(target: facts.existing.dockerTarget) else { return nil }
        let context = facts.existing.dockerContext ?? TreePath.folder(of: path)
        let parts = ProductionImage.contributing(stage, in: file)
        guard !parts.contains(where: { bringsOthers($0, in: file) }) else { return nil }
        let tree = ProjectTree(project)
        // What another stage has may be installed there, and copied as packages.
        let hasCode = parts.contains { part in
            ImageFiles(tree, of: part, in: file, context: context).path(of: code) != nil
        }
        guard hasCode else {
            return MissingCode(place: Place(path, stage.line), mountedAt: mount(of: facts, project, path))
        }
        let copies = ProductionImage.copies(in: parts)
        let sources = copies.flatMap { copy in
            copy.sources.map { (item: copy.item, path: TreePath.joined(context, TreePath.joined("", $0))) }
        }
        // A line that takes the folder as it is makes up for one that does not.
        guard !sources.contains(where: { !$0.path.contains("*") && TreePath.lies(code, in: $0.path) }) else {
            return nil
        }
        let flat = sources.first { source in
            guard source.path.hasSuffix("/*") else { return false }
            return breaks(String(source.path.dropLast(2)), code, python)
        }
        return flat.map { MissingCode(place: Place(path, $0.item.line), isFlat: true) }
    }

    /// What each text of this has.
    static let word = " leaves the app's code "

    /// `Dockerfile:1 leaves the app's code out (compose.yaml:8 mounts it)`.
    var text: String {
        let start = Quoting.comment(place.description) + Self.word
        if isFlat { return start + "in one folder, without those that its imports name" }
        return start + "out of its image" + (mountedAt.map { " (\(Quoting.comment($0.description)) mounts it)" } ?? "")
    }

    // MARK: - Private

    /// The file that the server imports.
    private static func file(of facts: Facts, _ project: Project) -> String? {
        guard let entry = facts.entry, !entry.module.isEmpty else { return nil }
        let root = TreePath.joined(facts.root, entry.importRoot)
        let path = TreePath.joined(root, entry.module.split(separator: ".").joined(separator: "/"))
        return [path + ".py", TreePath.joined(path, "__init__.py")].first(where: project.has)
    }

    /// Whether a stage may have code from elsewhere: an image that nobody here knows, a download, a name that a build fills in.
    private static func bringsOthers(_ stage: Dockerfile.Stage, in file: Dockerfile) -> Bool {
        let bare = [
            "python", "debian", "ubuntu", "alpine", "uv", "node", "miniconda3", "micromamba",
            "uvicorn-gunicorn-fastapi",
            "uvicorn-gunicorn",
        ]
        let base = file.image(of: stage).base
        let name = base.split(separator: "/").last?.prefix { $0 != ":" && $0 != "@" } ?? ""
        if !bare.contains(String(name)) { return true }
        return stage.instructions.contains { item in
            if item.word == "RUN" {
                let mounts = item.flags.filter { $0.name == "mount" }.map(\.value)
                if mounts.contains(where: { $0.contains("type=bind") && !$0.contains("from=") }) { return true }
                // The project itself, from where it is published.
                let installs = ["pip install", "uv pip", "pipx ", "uv tool"].contains(where: item.text.contains)
                if installs, item.text.contains("git+") || item.text.contains("://") { return true }
                return ["git clone", "git archive", "wget ", "curl ", "svn ", "unzip "].contains(
                    where: item.text.contains
                )
                    && ["clone", "tar", "zip"].contains(where: item.text.contains)
            }
            guard item.word == "COPY" || item.word == "ADD" else { return false }
            return !item.heredocs.isEmpty || item.text.contains("$") || item.text.contains("://")
        }
    }

    /// Whether the content of a folder, without the folders in it, is no longer what the app imports.
    private static func breaks(_ folder: String, _ code: String, _ python: PythonSources) -> Bool {
        guard TreePath.lies(code, in: folder), !folder.isEmpty else { return false }
        let inner = code.dropFirst(folder.count + 1)
        if inner.contains("/") { return true }
        let modules = python.modules.filter { $0.path.hasPrefix(folder + "/") }
        let packages = Set(
            modules.compactMap { module -> Substring? in
                let parts = module.path.dropFirst(folder.count + 1).split(separator: "/")
                return parts.count > 1 ? parts.first : nil
            }
        )
        let top = modules.filter { TreePath.folder(of: $0.path) == folder }
        return top.flatMap(\.imports).contains { item in
            (item.level ?? 0) == 0 && item.target.split(separator: ".").first.map(packages.contains) == true
        }
    }

    /// Where a service of a Compose file that runs this image mounts a folder of the project.
    private static func mount(of facts: Facts, _ project: Project, _ dockerfile: String) -> Place? {
        for path in facts.existing.compose {
            guard let text = project.text(path),
                let root = try? ConfigFormat(path: path).parse(Array(text.utf8), file: path)
            else { continue }
            let compose = Compose(root, path: path)
            for service in compose.services where compose.build(of: service)?.dockerfile == dockerfile {
                if let volume = service.volumes.first(where: \.isBind) { return Place(path, volume.line) }
            }
        }
        return nil
    }
}
