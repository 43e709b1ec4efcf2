import Model
import Toolkit

/// What Compose files, platforms and workflows say about how Dockerfiles are built.
enum DeclaredBuilds {
    static func find(in context: ScanContext) -> [DeclaredBuild] {
        context.documents.sorted { $0.key < $1.key }.flatMap { path, documents -> [DeclaredBuild] in
            guard let root = documents.first else { return [] }
            let folder = TreePath.folder(of: path)
            if ComposeFile.isOne(path) { return compose(root, path) }
            switch TreePath.name(of: path) {
            case "render.yaml", "render.yml":
                return (root["services"]?.items ?? []).compactMap { render($0, path) }
            case "railway.json", "railway.toml":
                return build(root.at("build", "dockerfilePath"), in: folder, path)
            case let name where FlyFile.isOne(name):
                return build(root.at("build", "dockerfile"), in: folder, path).map { one in
                    var one = one
                    one.target = root.at("build", "build-target")?.string
                    one.isDevelopment = ProductionStage.isAside(name)
                    return one
                }
            default: return path.hasPrefix(".github/workflows/") ? workflow(root, path) : []
            }
        }
    }

    /// The build of one Compose service, when it has one.
    static func build(of service: ConfigNode, name: String, file path: String) -> DeclaredBuild? {
        guard let build = service["build"] else { return nil }
        let folder = TreePath.folder(of: path)
        let written = build.string ?? build["context"]?.string ?? "."
        let plain = Variables.expand(written) { _ in nil }
        guard !plain.contains("://"), !plain.contains("$") else { return nil }
        let context = TreePath.joined(folder, plain)
        let file = Variables.expand(build["dockerfile"]?.string ?? "Dockerfile") { _ in nil }
        let target = build["target"]?.string.map { Variables.expand($0) { _ in nil } }
        return DeclaredBuild(
            dockerfile: TreePath.joined(context, file),
            context: context,
            target: target?.contains("$") == true ? nil : target,
            service: name,
            isDevelopment: ProductionStage.isAsidePath(path) || ProductionStage.isAside(name),
            place: Place(path, build.position.line)
        )
    }

    // MARK: - Private

    private static func compose(_ root: ConfigNode, _ path: String) -> [DeclaredBuild] {
        Compose(root, path: path).services.compactMap(\.build)
    }

    private static func render(_ service: ConfigNode, _ path: String) -> DeclaredBuild? {
        guard let file = service["dockerfilePath"]?.string else { return nil }
        let root = service["rootDir"]?.string ?? ""
        let context = TreePath.joined(root, service["dockerContext"]?.string ?? ".")
        let place = Place(path, service.position.line)
        return DeclaredBuild(dockerfile: TreePath.joined(root, file), context: context, place: place)
    }

    private static func build(_ file: ConfigNode?, in folder: String, _ path: String) -> [DeclaredBuild] {
        guard let file, let name = file.string else { return [] }
        let place = Place(path, file.position.line)
        return [DeclaredBuild(dockerfile: TreePath.joined(folder, name), context: folder, place: place)]
    }

    /// `docker/build-push-action` with `context` and `file`, and `docker build -f x y` in a step.
    private static func workflow(_ root: ConfigNode, _ path: String) -> [DeclaredBuild] {
        let steps = (root["jobs"]?.entries ?? []).flatMap { $0.node["steps"]?.items ?? [] }
        return steps.flatMap { step -> [DeclaredBuild] in
            if step["uses"]?.string?.hasPrefix("docker/build-push-action") == true, let with = step["with"] {
                let context = with["context"]?.string ?? "."
                guard !context.contains("{{") else { return [] }
                let file = with["file"]?.string ?? TreePath.joined(context, "Dockerfile")
                return [one(file, context, with["target"]?.string, Place(path, step.position.line))]
            }
            guard let run = step["run"]?.string, run.contains("docker") else { return [] }
            return ShellScript.lines(of: run).compactMap { line in
                let words = line.words
                guard words.first == "docker", let verb = words.firstIndex(of: "build") else { return nil }
                let options = CommandOptions(
                    Array(words[(verb + 1)...]),
                    flags: ["--no-cache", "--pull", "--push", "--load"]
                )
                guard let context = options.plain.last, !context.contains("$") else { return nil }
                let file = options["-f"] ?? options["--file"] ?? TreePath.joined(context, "Dockerfile")
                return one(file, context, options["--target"], Place(path, step.position.line))
            }
        }
    }

    private static func one(_ file: String, _ context: String, _ target: String?, _ place: Place) -> DeclaredBuild {
        DeclaredBuild(
            dockerfile: TreePath.joined("", file),
            context: TreePath.joined("", context),
            target: target?.contains("{{") == true ? nil : target,
            isDevelopment: ProductionStage.isAsidePath(place.file),
            place: place
        )
    }
}
