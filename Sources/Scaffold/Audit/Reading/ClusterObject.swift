import Model

/// An object of Kubernetes in a file.
struct ClusterObject: Sendable {
    let path: String
    let node: ConfigNode
    let kind: String
    let apiVersion: String
    let name: String

    init?(_ path: String, _ node: ConfigNode) {
        guard let kind = node["kind"]?.string, let apiVersion = node["apiVersion"]?.string else { return nil }
        self.path = path
        self.node = node
        self.kind = kind
        self.apiVersion = apiVersion
        name = node.at("metadata", "name")?.scalar ?? ""
    }

    /// Runs pods that serve until they are told to stop.
    var isWorkload: Bool { ["Deployment", "StatefulSet", "DaemonSet"].contains(kind) && apiVersion.hasPrefix("apps/") }

    var podSpec: ConfigNode? {
        switch kind {
        case "Pod": node["spec"]
        case "CronJob": node.at("spec", "jobTemplate", "spec", "template", "spec")
        default: node.at("spec", "template", "spec")
        }
    }

    var containers: [ConfigNode] { podSpec?["containers"]?.items ?? [] }
    var initContainers: [ConfigNode] { podSpec?["initContainers"]?.items ?? [] }

    func place(_ node: ConfigNode?) -> Place { Place(path, (node ?? self.node).position.line) }

    /// The line of a key in a table, for a value that begins on a line of its own.
    func place(ofKey key: String, in table: ConfigNode?) -> Place {
        let entry = table?.entries.first { $0.key == key }
        return Place(path, entry?.keyPosition.line ?? (table ?? node).position.line)
    }
}

extension AuditContext {
    /// Objects of Kubernetes for production, in the order of the files.
    var cluster: [ClusterObject] {
        memo.value("cluster") {
            documents.keys.sorted().filter { !isAside($0) && !$0.hasPrefix(".github/") }.flatMap { path in
                (documents[path] ?? []).flatMap(Self.items).compactMap { ClusterObject(path, $0) }
            }.filter {
                !$0.apiVersion.hasPrefix("serving.knative.dev") && !$0.apiVersion.hasPrefix("run.googleapis.com")
            }
        }
    }

    /// Services and jobs of Cloud Run with their files.
    var cloudRun: [ClusterObject] {
        memo.value("cloudrun") {
            documents.keys.sorted().filter { !isAside($0) }.flatMap { path in
                (documents[path] ?? []).compactMap { ClusterObject(path, $0) }
            }.filter { $0.apiVersion.hasPrefix("serving.knative.dev") || $0.apiVersion.hasPrefix("run.googleapis.com") }
        }
    }

    var cloudRunServices: [ConfigNode] { cloudRun.filter { $0.kind == "Service" }.map(\.node) }

    /// Task definitions of ECS with their files.
    var taskDefinitions: [(path: String, node: ConfigNode)] {
        documents.keys.sorted().filter { !isAside($0) }.compactMap { path in
            guard let root = documents[path]?.first, root["containerDefinitions"] != nil else { return nil }
            return (path, root)
        }
    }

    /// The app's `fly.toml` and its brothers, with their trees; those of other apps of the tree do not count.
    var flyFiles: [(path: String, node: ConfigNode)] {
        documents.keys.sorted().compactMap { path in
            let name = TreePath.name(of: path)
            let folder = TreePath.folder(of: path)
            let isNear = TreePath.lies(facts.root, in: folder) || folder == buildFolder && dockerfile != nil
            guard isNear || path == configPath, FlyFile.isOne(path), let root = documents[path]?.first
            else { return nil }
            let isWanted = !isAside(path) && !["staging", "preview", "dev"].contains(where: name.contains)
            return isWanted && (root["app"] != nil || root["http_service"] != nil || root["services"] != nil)
                ? (path, root) : nil
        }
    }

    /// A `List` holds objects as its items.
    private static func items(_ node: ConfigNode) -> [ConfigNode] {
        node["kind"]?.string == "List" ? node["items"]?.items ?? [] : [node]
    }
}
