import Model

/// A Compose file as rules see it.
struct ComposeStack: Sendable {
    /// What a file is for.
    ///
    /// Many projects have one file, and it is for the developer's own machine.
    enum Nature: Sendable {
        case development
        /// Nothing says for what.
        case open
        case production
    }

    let path: String
    let node: ConfigNode
    let nature: Nature
    let services: [Service]

    init(_ path: String, _ node: ConfigNode, in context: AuditContext) {
        self.path = path
        self.node = node
        let services = Compose(node, path: path).services.map { Service($0, in: context) }
        self.services = services
        let isNamedAside = ProductionStage.isAside(node["name"]?.string ?? "")
        nature = isNamedAside ? .development : Self.nature(of: path, services, in: context)
    }

    /// The severity of what is wrong for sure in production, by what the file is for; nil for a developer's file.
    func severity(_ worst: Severity) -> Severity? {
        switch nature {
        case .development: nil
        case .open: min(worst, .warning)
        case .production: worst
        }
    }

    func place(_ line: Int?) -> Place { Place(path, line) }

    // MARK: - Private

    private static func nature(of path: String, _ services: [Service], in context: AuditContext) -> Nature {
        let name = TreePath.name(of: path).lowercased()
        let words = Set(name.split { !$0.isLetter && !$0.isNumber }.map(String.init))
        let aside: Set<String> = ["override", "sample", "example", "examples", "demo", "quickstart", "tutorial"]
        if context.isAside(path) || !words.isDisjoint(with: aside) { return .development }
        if !words.isDisjoint(with: ["prod", "production", "deploy", "swarm", "live"]),
            name.contains("compose") || name.contains("stack")
        {
            return .production
        }
        let apps = services.filter(\.isApp)
        // Databases and brokers alone are there for an app that runs outside.
        guard !apps.isEmpty else { return services.contains { $0.kind == .proxy } ? .open : .development }
        if apps.contains(where: \.reloads) || apps.contains(where: \.buildsForDevelopment) { return .development }
        let folder = TreePath.folder(of: path)
        let hasOther = context.documents.keys.contains { other in
            guard TreePath.folder(of: other) == folder, other != path, ComposeFile.isOne(other) else { return false }
            return ["prod", "production", "deploy"].contains { TreePath.name(of: other).lowercased().contains($0) }
        }
        let mounts = apps.contains { !$0.sourceMounts(in: context).isEmpty }
        if mounts, hasOther { return .development }
        if context.isTargetGiven, context.target == .compose { return .production }
        let isEdge = services.contains { $0.kind == .proxy && $0.publishes([80, 443]) }
        let restarts = apps.contains {
            ["always", "unless-stopped"].contains($0.node["restart"]?.string ?? "") || $0.node["deploy"] != nil
        }
        if mounts { return isEdge && restarts ? .production : .development }
        // Routes for the developer's own browser.
        let text = context.project.text(path) ?? ""
        if TextSearch.contains(text, ".localhost") || TextSearch.contains(text, "`localhost`") { return .open }
        return isEdge || (restarts && services.contains { $0.publishes([80, 443]) }) ? .production : .open
    }
}

extension AuditContext {
    /// The Compose files that concern the app, in the order of their paths.
    var stacks: [ComposeStack] {
        memo.value("stacks") {
            documents.keys.sorted().filter(ComposeFile.isOne).compactMap { path in
                guard let root = documents[path]?.first, root["services"] != nil else { return nil }
                return ComposeStack(path, root, in: self)
            }
        }
    }
}
