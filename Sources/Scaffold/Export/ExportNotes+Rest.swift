import Model
import Toolkit

extension ExportNotes {
    /// What `fly.toml` says beyond what other facts name.
    ///
    /// It is read off the written file, so that a key which nobody thought of is named rather than dropped.
    func restFacts(_ config: AppConfig) -> [ExportFact] {
        guard case .table(let sections) = config.tree(ConfigStyle(omitsDefaults: true, hasWireForm: false)).value else {
            return []
        }
        return sections.flatMap { Self.facts(of: $0.node, at: [$0.key]) }
    }

    // MARK: - Private

    private static func facts(of node: ConfigNode, at path: [String]) -> [ExportFact] {
        guard !isKnown(path), node.value != .string("tcp") else { return [] }
        if path.count > 1 || advice[path[0]] == nil {
            switch node.value {
            case .table(let entries): return entries.flatMap { facts(of: $0.node, at: path + [$0.key]) }
            case .array(let items) where items.contains(where: \.isTable):
                return items.flatMap { facts(of: $0, at: path) }
            default: break
            }
        } else if case .array(let items) = node.value {
            return items.map { fact(of: $0, at: path) }
        }
        return [fact(of: node, at: path)]
    }

    private static func fact(of node: ConfigNode, at path: [String]) -> ExportFact {
        let what = "\(path.joined(separator: ".")) \(words(node))"
        return ExportFact(
            ConfigNode.printable(what),
            advice[path[0]] ?? advice[path.last ?? ""] ?? "has no place there"
        )
    }

    private static func words(_ node: ConfigNode) -> String {
        switch node.value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .float(let number): String(number)
        case .boolean(let flag): String(flag)
        case .datetime(let text): text
        case .array(let items): items.map(words).joined(separator: " ")
        case .table(let entries):
            // What a file holds may be a secret.
            entries.map { $0.key == "raw_value" ? $0.key : "\($0.key) \(words($0.node))" }.joined(separator: ", ")
        }
    }

    /// Whether another fact names it, or it says something only together with its neighbours.
    private static func isKnown(_ path: [String]) -> Bool {
        let key = path.joined(separator: ".")
        if known.contains(key) { return true }
        return ["env.", "processes.", "checks.", "build.args."].contains { key.hasPrefix($0) }
    }

    private static let known = Set([
        "app", "primary_region", "kill_signal", "kill_timeout", "swap_size_mb", "env", "processes", "restart",
        "experimental.cmd", "experimental.entrypoint", "experimental.exec",
        "build.image", "build.dockerfile", "build.ignorefile", "build.build-target", "build.builder",
        "build.buildpacks",
        "deploy.strategy", "deploy.max_unavailable", "deploy.max_machines", "deploy.wait_timeout",
        "deploy.release_command",
        "deploy.release_command_timeout", "deploy.release_command_vm.memory", "deploy.release_command_vm.cpu_kind",
        "deploy.release_command_vm.cpus",
        "mounts.source", "mounts.destination", "mounts.initial_size", "mounts.processes",
        "vm.memory", "vm.cpu_kind", "vm.cpus", "vm.processes",
    ]).union(["http_service", "services"].flatMap { section in serviceKeys.map { "\(section).\($0)" } })

    private static let serviceKeys = [
        "internal_port", "force_https", "hostnames", "auto_stop_machines", "auto_start_machines",
        "min_machines_running", "processes", "concurrency", "ports.port", "ports.handlers", "ports.force_https",
        "checks.interval", "checks.timeout", "checks.grace_period", "checks.method", "checks.path", "checks.headers",
        "http_checks.interval", "http_checks.timeout", "http_checks.grace_period", "http_checks.method",
        "http_checks.path", "http_checks.headers", "tcp_checks.interval", "tcp_checks.timeout",
        "tcp_checks.grace_period",
    ]

    /// By section, and by key.
    private static let advice = [
        "statics": "let the app serve them, or what stands before it",
        "metrics": "let a Prometheus of your own ask it there",
        "files": "put it into the image, or mount it there",
        "machine_checks": "run it in the workflow, against the new version",
        "console_command": "type it into a shell there",
        "seed_command": "run it by hand after the first deploy",
        "snapshot_retention": "let the storage there make snapshots",
        "scheduled_snapshots": "let the storage there make snapshots",
        "auto_extend_size_threshold": "watch the disk there",
        "auto_extend_size_increment": "watch the disk there",
        "auto_extend_size_limit": "watch the disk there",
        "compose": "keep using that Compose file there",
    ]
}

extension ConfigNode {
    fileprivate var isTable: Bool {
        if case .table = value { true } else { false }
    }
}
