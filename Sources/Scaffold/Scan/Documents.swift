import Model
import Toolkit

/// Reads the configuration files that detectors ask for, by their names.
enum Documents {
    /// Parsed files by path, and a warning for each that does not parse.
    static func read(_ project: Project) -> (trees: [String: [ConfigNode]], warnings: [Facts.Warning]) {
        var trees: [String: [ConfigNode]] = [:]
        var warnings: [Facts.Warning] = []
        for path in project.files where isWanted(path) {
            guard trees.count < maximumFiles, let text = project.text(path) else { continue }
            guard text.utf8.count <= maximumBytes else {
                let message = "\(path.prefix(200)) is larger than \(maximumBytes >> 10) KiB: the file was left out"
                warnings.append(Facts.Warning(message, at: Place(path)))
                continue
            }
            do {
                trees[path] = try parse(text, path)
            } catch  where isTemplate(path, text) {
                // A chart's or a generator's template is no YAML yet.
                continue
            } catch {
                warnings.append(Facts.Warning("\(error.message): the file was left out", at: Place(path)))
            }
        }
        return (trees, warnings)
    }

    // MARK: - Private

    private static let maximumFiles = 2_000
    private static let maximumBytes = 512 << 10

    private static let names: Set<String> = [
        "pyproject.toml", "Pipfile", "uv.toml", "mise.toml", ".mise.toml", "render.yaml", "render.yml", "railway.json",
        "railway.toml", "nixpacks.toml", "app.yaml", "app.yml", "app.json", "apprunner.yaml", ".platform.app.yaml",
        "heroku.yml", "heroku.yaml", "package.json", "vercel.json", "skaffold.yaml", "pixi.toml", "serverless.yml",
        "config.toml", "Chart.yaml", "values.yaml",
    ]

    private static let clusters: Set<String> = [
        "k8s", "kubernetes", "kube", "kustomize", "manifests", "manifest", "deploy", "deployment", "deployments",
        "infra", "base",
        "overlays", "helm", "charts", "argocd", "gke", "eks", "openshift",
    ]

    static func isWanted(_ path: String) -> Bool {
        let name = TreePath.name(of: path)
        if names.contains(name) || ComposeFile.isOne(path) { return true }
        if FlyFile.isOne(path) { return true }
        if name.hasPrefix("environment") || name.hasPrefix("env."), isYAML(name) { return true }
        guard isYAML(name) else { return false }
        if name.hasPrefix("cloudbuild") || path.hasPrefix(".github/workflows/") { return true }
        return TreePath.folder(of: path).split(separator: "/").contains { clusters.contains($0.lowercased()) }
    }

    private static func isYAML(_ name: String) -> Bool { name.hasSuffix(".yml") || name.hasSuffix(".yaml") }

    private static func isTemplate(_ path: String, _ text: String) -> Bool {
        text.contains("{{") || path.contains("{{") || text.contains("{%")
    }

    private static func parse(_ text: String, _ path: String) throws(Fault) -> [ConfigNode] {
        if path.hasSuffix(".toml") || TreePath.name(of: path) == "Pipfile" { return [try TOML.parse(text, file: path)] }
        // JSON is YAML as well.
        return try YAML.documents(text, file: path)
    }
}
