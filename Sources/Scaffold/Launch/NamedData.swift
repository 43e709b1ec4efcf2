import Model
import Toolkit

/// Files and folders of a project that only the values of variables name: `PRICES_PATH=./prices/prices.json`.
///
/// Values are from defaults in the code, from examples of environment files, from Compose and `fly.toml`; one that names
/// nothing in the project is something else, and none of them is ever shown.
enum NamedData {
    /// In the context, sorted.
    static func paths(_ facts: Facts, _ layout: BuildLayout, _ tree: Project) -> [String] {
        let values = facts.environment.compactMap(\.defaultValue) + examples(layout, tree) + files(facts, layout, tree)
        var found: Set<String> = []
        for value in values.prefix(2_000) {
            if let path = path(value, layout, tree) { found.insert(path) }
        }
        return found.sorted()
    }

    // MARK: - Private

    /// What a value names in the project, from the image's working directory; nil when that is nothing.
    private static func path(_ value: String, _ layout: BuildLayout, _ tree: Project) -> String? {
        guard value.utf8.count < 300, !value.contains("://"),
            value.contains(where: { $0 == "/" || $0 == "." || $0 == "_" })
                || value.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" })
        else { return nil }
        var bases = [layout.project, layout.importRoot]
        var name = value
        if value.hasPrefix(BuildLayout.home + "/") {
            name = String(value.dropFirst(BuildLayout.home.count + 1))
            bases = [""]
        }
        guard !name.isEmpty, !name.hasPrefix("/"), !name.hasPrefix(".."), !name.hasPrefix("~") else { return nil }
        return bases.lazy.map { TreePath.joined($0, name) }.first { path in
            guard path != layout.project, path != layout.importRoot, !path.isEmpty else { return false }
            return tree.has(path) || tree.files.contains { $0.hasPrefix(path + "/") }
        }
    }

    private static func examples(_ layout: BuildLayout, _ tree: Project) -> [String] {
        let folders: Set = ["", layout.project]
        let names = tree.files.filter {
            folders.contains(TreePath.folder(of: $0)) && EnvironmentFiles.isExample(TreePath.name(of: $0))
        }
        return names.prefix(10).flatMap { EnvironmentFiles.assignments(tree.text($0) ?? "").map(\.value) }
    }

    /// Of the app's services in Compose files, and of `fly.toml`.
    private static func files(_ facts: Facts, _ layout: BuildLayout, _ tree: Project) -> [String] {
        let paths = (facts.existing.compose + [facts.existing.flyConfig].compactMap { $0 }).compactMap(layout.inner)
        return paths.prefix(10).flatMap { path -> [String] in
            guard let text = tree.text(path),
                let root = try? ConfigFormat(path: path).parse(Array(text.utf8), file: path)
            else { return [] }
            let services = Compose(root, path: path).services.filter { $0.node["build"] != nil }
            return services.flatMap { $0.environment.compactMap(\.value) }
                + (root["env"]?.entries ?? []).compactMap(\.node.string)
        }
    }
}
