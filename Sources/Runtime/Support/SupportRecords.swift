package import Model

/// What a bundle for asking for help says of a host's records: which there are, and how they are.
///
/// Only keys that are known to hold nothing private go along; what a later version adds stays here until it is named.
package enum SupportRecords {
    /// One record as a bundle has it, nil for kinds of which only the number is told.
    package static func shown(_ key: String, _ value: ConfigValue) -> ConfigValue? {
        guard let kind = key.split(separator: "/").first, kinds.contains(String(kind)) else { return nil }
        return kept(value)
    }

    /// How many records of each kind there are.
    package static func counts(_ keys: [String]) -> [String: Int] {
        keys.reduce(into: [:]) { $0[$1.split(separator: "/").first.map(String.init) ?? "", default: 0] += 1 }
    }

    /// All texts in a record that may be private: values of variables, files, headers, arguments.
    package static func privateTexts(_ value: ConfigValue) -> [String] {
        switch value {
        case .array(let values): values.flatMap(privateTexts)
        case .table(let fields):
            fields.flatMap { privateKeys.contains($0.key) ? texts($0.value) : privateTexts($0.value) }
        default: []
        }
    }

    // MARK: - Private

    private static let kinds: Set = [
        "apps", "machines", "volumes", "snapshots", "releases", "rollouts", "certs", "locks",
    ]

    private static let privateKeys: Set = [
        "env", "files", "headers", "args", "build_args", "secrets", "raw_value", "local_path", "document",
        "environment",
    ]

    /// Variables that Roost sets itself, whose values (a region, a group) stand everywhere.
    private static let own: Set = ["FLY_PROCESS_GROUP", "PRIMARY_REGION", "PORT"]

    private static let shownKeys: Set = [
        // Who and when.
        "id", "app", "host", "region", "createdAt", "updatedAt", "startedAt", "endedAt", "schema", "version", "status",
        // Machines.
        "spec", "instance", "release", "cordoned", "config", "guest", "cpus", "cpu_kind", "memory_mb", "image",
        "restart",
        "policy", "max_retries", "auto_destroy", "mounts", "volume", "size_gb", "services", "internal_port", "ports",
        "port",
        "handlers", "autostart", "autostop", "min_machines_running", "concurrency", "hard_limit", "soft_limit", "type",
        "state", "restarts", "checks", "events", "proven", "ready", "gate", "holds", "owner", "since", "exitCode",
        "signal",
        "outOfMemory", "at",
        // Volumes, roll-outs, certificates.
        "sizeGB", "attachedTo", "phase", "done", "previous", "strategy", "steps", "code", "hostname", "acme", "issued",
        "custom", "local", "issuer", "notBefore", "notAfter", "trouble", "failures",
    ]

    private static func kept(_ value: ConfigValue) -> ConfigValue {
        switch value {
        case .array(let values): .array(values.map(kept))
        case .table(let fields):
            .table(
                Dictionary(
                    uniqueKeysWithValues: fields.filter { shownKeys.contains($0.key) }.map { key, value in
                        (key, key == "state" ? state(value) : kept(value))
                    }
                )
            )
        default: value
        }
    }

    /// A Machine's state is an object; its `name` is one of ours, unlike other names.
    private static func state(_ value: ConfigValue) -> ConfigValue {
        guard case .table(let fields) = value else { return value }
        return .table(fields.filter { ["name", "attempt", "then"].contains($0.key) })
    }

    private static func texts(_ value: ConfigValue) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let values): values.flatMap(texts)
        case .table(let fields): fields.flatMap { own.contains($0.key) ? [] : texts($0.value) }
        default: []
        }
    }
}
