import Model
import Toolkit

/// The configuration files that rules read, those of the scan and those that only an audit needs.
enum DeployDocuments {
    /// Parsed files by path; what does not parse is absent.
    static func read(_ scan: ScanContext) -> [String: [ConfigNode]] {
        var trees = scan.documents
        for path in scan.project.files where trees[path] == nil && isWanted(path) {
            guard trees.count < maximumFiles, let text = scan.project.text(path), text.utf8.count <= maximumBytes else {
                continue
            }
            guard isNamed(path) || holdsObjects(text, path) else { continue }
            if path.hasSuffix(".toml") {
                trees[path] = (try? TOML.parse(text, file: path)).map { [$0] }
            } else {
                trees[path] = try? YAML.documents(text, file: path)
            }
        }
        return trees
    }

    /// Files of the root that say something to the audit itself.
    static let own = ".roost-audit.toml"

    // MARK: - Private

    private static let maximumFiles = 3_000
    private static let maximumBytes = 512 << 10

    private static func isWanted(_ path: String) -> Bool {
        path.hasSuffix(".yml") || path.hasSuffix(".yaml") || path.hasSuffix(".json") || isNamed(path)
    }

    private static func isNamed(_ path: String) -> Bool {
        let name = TreePath.name(of: path)
        return name == own || ["traefik.toml", "traefik.yml", "traefik.yaml", "traefik_dynamic.yml"].contains(name)
            || FlyFile.isOne(path)
    }

    /// Whether a file holds objects of Kubernetes or a task definition of ECS: a look before the costly parse.
    private static func holdsObjects(_ text: String, _ path: String) -> Bool {
        if path.hasSuffix(".json") { return TextSearch.contains(text, "\"containerDefinitions\"") }
        return TextSearch.contains(text, "apiVersion:") && TextSearch.contains(text, "kind:")
    }
}
