import Model

/// Services of the Compose files that concern an app.
struct ComposeFiles: Sendable {
    struct Service: Sendable {
        var file: String
        var name: String
        /// Other names that it answers to: `hostname`, `container_name`.
        var aliases: [String] = []
        var line: Int
        var image: String
        /// It is built from the app's folder or one above it.
        var isApp: Bool
        var environment: [Compose.Variable]
        /// What is mounted in it.
        var volumes: [Compose.Volume]
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
            guard let root = context.document(path) else { continue }
            services += Compose(root, path: path).services.map { Self.service($0, folder, context) }
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
        _ service: Compose.Service,
        _ folder: String,
        _ context: ScanContext
    ) -> Service {
        let node = service.node
        let build = node["build"]
        let source = build?.string ?? build?["context"]?.string ?? (build == nil ? nil : ".")
        var isApp = false
        if let source {
            let base = TreePath.joined(folder, source)
            let file = build?["dockerfile"]?.string ?? ""
            isApp = isBuiltFrom(base, file, context)
        }
        return Service(
            file: service.path,
            name: service.name,
            aliases: [node["hostname"]?.string, node["container_name"]?.string].compactMap { $0 },
            line: service.line,
            image: service.image ?? "",
            isApp: isApp,
            environment: service.environment,
            volumes: service.volumes
        )
    }

    /// Whether a build in a folder, by a Dockerfile relative to it, makes the app's image.
    private static func isBuiltFrom(_ base: String, _ file: String, _ context: ScanContext) -> Bool {
        // `build: ./postgres` is a database of their own making.
        if [TreePath.name(of: base), file].contains(where: KnownService.isMentioned(in:)) { return false }
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
}
