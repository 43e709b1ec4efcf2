import Model

/// Services of the Compose files that concern an app.
struct ComposeFiles: Sendable {
    struct Service: Sendable {
        var file: String
        var name: String
        var line: Int
        var image: String
        /// It is built from the app's folder or one above it.
        var isApp: Bool
        var environment: [Variable]
    }

    struct Variable: Sendable {
        var name: String
        /// As written: `${DB_URL:?set it}`.
        var value: String
        var line: Int
    }

    /// In the order of files and services.
    let services: [Service]

    init(_ context: ScanContext) {
        var services: [Service] = []
        for path in context.documents.keys.sorted() where Self.isCompose(path) {
            let folder = TreePath.folder(of: path)
            let concerns = TreePath.lies(folder, in: context.root) || TreePath.lies(context.root, in: folder)
            let isAside = Self.isAside(path) && !Self.isAside(context.root + "/x")
            guard concerns || Self.isBeside(folder, context.root), !isAside else { continue }
            for entry in context.document(path)?["services"]?.entries ?? [] {
                services.append(Self.service(entry, path, folder, context))
            }
        }
        self.services = services
    }

    /// Services that run the app.
    var apps: [Service] { services.filter(\.isApp) }

    static func isCompose(_ path: String) -> Bool {
        let name = TreePath.name(of: path).lowercased()
        guard name.hasSuffix(".yml") || name.hasSuffix(".yaml") else { return false }
        return ComposeFile.isOne(path) || name.contains("compose") || name == "stack.yml" || name == "stack.yaml"
    }

    // MARK: - Private

    /// For tests and examples: `docker/regtest/compose.yaml`, `compose.test.yaml`.
    private static func isAside(_ path: String) -> Bool {
        AppCode.isAside(path, "")
            || path.lowercased().split(separator: "/").contains { part in
                part.split { !$0.isLetter }.contains {
                    $0 == "test" || $0 == "tests" || $0 == "e2e" || $0 == "ci" || $0 == "regtest"
                }
            }
    }

    /// `deploy/compose.yaml` beside `backend`.
    private static func isBeside(_ folder: String, _ root: String) -> Bool {
        ["docker", "deploy", "deployment", "infra", "compose", ".docker"].contains { TreePath.name(of: folder) == $0 }
            && TreePath.lies(root, in: TreePath.folder(of: folder))
    }

    private static func service(
        _ entry: ConfigNode.Entry,
        _ path: String,
        _ folder: String,
        _ context: ScanContext
    ) -> Service {
        let node = entry.node
        let build = node["build"]
        let source = build?.string ?? build?["context"]?.string ?? (build == nil ? nil : ".")
        var isApp = false
        if let source {
            let base = TreePath.joined(folder, source)
            let file = build?["dockerfile"]?.string ?? ""
            isApp = isBuiltFrom(base, file, context)
        }
        return Service(
            file: path,
            name: entry.key,
            line: entry.keyPosition.line,
            image: node["image"]?.string ?? "",
            isApp: isApp,
            environment: variables(node["environment"])
        )
    }

    /// Whether a build in a folder, by a Dockerfile relative to it, makes the app's image.
    private static func isBuiltFrom(_ base: String, _ file: String, _ context: ScanContext) -> Bool {
        // `build: ./postgres` is a database of their own making.
        if isEngine(TreePath.name(of: base)) || isEngine(file) { return false }
        let root = context.root
        if TreePath.lies(base, in: root) {
            let hasScript = context.project.has(TreePath.joined(base, "package.json"))
            let manifests = ["pyproject.toml", "requirements.txt", "Pipfile", "setup.py"]
            return base == root || !hasScript || manifests.contains { context.project.has(TreePath.joined(base, $0)) }
        }
        guard TreePath.lies(root, in: base) else { return false }
        // Built from above: the Dockerfile says for which part.
        let path = TreePath.joined(base, file.isEmpty ? "Dockerfile" : file)
        return TreePath.lies(path, in: root) || TreePath.folder(of: path) == base
            || path == context.facts.existing.dockerfile
            || TreePath.name(of: path).lowercased().contains(TreePath.name(of: root).lowercased())
    }

    private static func isEngine(_ name: String) -> Bool {
        ["postgres", "mysql", "mongo", "redis", "nginx", "rabbitmq"].contains { name.lowercased().contains($0) }
    }

    private static func variables(_ node: ConfigNode?) -> [Variable] {
        guard let node else { return [] }
        let pairs = node.entries.map { Variable(name: $0.key, value: $0.node.scalar ?? "", line: $0.keyPosition.line) }
        let lines = node.items.compactMap { item -> Variable? in
            guard let text = item.string else { return nil }
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]).quotesTrimmed : ""
            return Variable(name: String(parts[0].blanksTrimmed), value: value, line: item.position.line)
        }
        return pairs + lines
    }
}
