import Model

extension ConfigNode {
    /// Whether a key stands anywhere in the tree.
    func holds(_ keys: Set<String>) -> Bool {
        switch value {
        case .table(let entries): entries.contains { keys.contains($0.key) || $0.node.holds(keys) }
        case .array(let items): items.contains { $0.holds(keys) }
        default: false
        }
    }

    /// Every value under a key, anywhere in the tree.
    func all(_ key: String) -> [ConfigNode] {
        switch value {
        case .table(let entries): entries.flatMap { ($0.key == key ? [$0.node] : []) + $0.node.all(key) }
        case .array(let items): items.flatMap { $0.all(key) }
        default: []
        }
    }
}

extension AuditContext {
    /// Whether the configuration of a proxy in the project has some text: nginx, Traefik, Caddy.
    func proxyHas(_ text: String) -> Bool { proxyTexts.contains { $0.contains(text) } }

    /// The texts of nginx's, Traefik's and Caddy's configuration.
    var proxyTexts: [String] {
        memo.value("proxies") {
            let names = project.files.filter { path in
                let lower = path.lowercased()
                let name = TreePath.name(of: lower)
                guard CodeRole.of(path, root: facts.root) != .test else { return false }
                return lower.hasSuffix(".conf") || lower.hasSuffix(".conf.template") || name == "caddyfile"
                    || lower.contains("nginx") && !lower.hasSuffix(".md") || lower.contains("traefik")
                    || name.contains("compose") && (name.hasSuffix(".yml") || name.hasSuffix(".yaml"))
            }
            return names.prefix(60).compactMap { project.text($0) }
        }
    }
}
