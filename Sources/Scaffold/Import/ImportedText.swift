import Model

/// Writes an imported app as a `fly.toml`.
struct ImportedText {
    private let app: ImportedApp
    /// Groups have to be named as soon as there is a command or more than one of them.
    private let isNamed: Bool

    init(_ app: ImportedApp) {
        self.app = app
        isNamed = app.groups.count > 1 || app.groups.contains { $0.command != nil }
    }

    var text: String {
        var lines = ["# Imported from \(Quoting.comment(app.source)) by roost", "app = \(Quoting.toml(app.name))"]
        if let region = app.region { lines.append("primary_region = \(Quoting.toml(region))") }
        lines.append("kill_signal = \"\((app.killSignal ?? .term).rawValue)\"")
        lines.append("kill_timeout = \(min(max(app.killSeconds ?? 30, 1), 300))")
        lines += build
        if let release = app.release {
            lines += ["", "[deploy]", "  release_command = \(Quoting.toml(release))"]
        }
        let values = app.environment.values.sorted { $0.key < $1.key }
        if !values.isEmpty {
            lines += ["", "[env]"] + values.map { "  \($0.key) = \(Quoting.toml($0.value))" }
        }
        if isNamed {
            lines += ["", "[processes]"]
            lines += app.groups.map { "  \(Quoting.tomlKey($0.name)) = \(Quoting.toml($0.command ?? ""))" }
        }
        if let web = app.groups.first(where: { $0.port != nil }) { lines += service(web) }
        for group in app.groups { lines += details(group) }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Private

    private var build: [String] {
        var lines: [String] = []
        if let image = app.image { lines.append("  image = \(Quoting.toml(image))") }
        if let file = app.dockerfile { lines.append("  dockerfile = \(Quoting.toml(file))") }
        if let target = app.target { lines.append("  build-target = \(Quoting.toml(target))") }
        if !app.arguments.isEmpty {
            lines += ["", "  [build.args]"]
            lines += app.arguments.map { "    \(Quoting.tomlKey($0.name)) = \(Quoting.toml($0.value))" }
        }
        return lines.isEmpty ? [] : ["", "[build]"] + lines
    }

    private func processes(_ group: ImportedApp.Group, _ indent: String) -> [String] {
        isNamed ? ["\(indent)processes = [\(Quoting.toml(group.name))]"] : []
    }

    private func service(_ web: ImportedApp.Group) -> [String] {
        var lines = ["", "[http_service]", "  internal_port = \(web.port ?? ImportedApp.defaultPort)"]
        lines += ["  force_https = true", "  auto_stop_machines = \"off\"", "  auto_start_machines = true"]
        lines.append("  min_machines_running = \(min(max(web.least ?? 1, 0), 10_000))")
        if !app.hostnames.isEmpty {
            lines.append("  hostnames = [\(app.hostnames.map { Quoting.toml($0) }.joined(separator: ", "))]")
        }
        lines += processes(web, "  ")
        guard let check = web.check else { return lines }
        lines += ["", "  [[http_service.checks]]", "    method = \"GET\"", "    path = \(Quoting.toml(check.path))"]
        lines.append("    grace_period = \"\(min(max(check.graceSeconds ?? 20, 1), 60))s\"")
        lines.append("    interval = \"\(min(max(check.intervalSeconds ?? 15, 1), 60))s\"")
        lines.append("    timeout = \"\(min(max(check.timeoutSeconds ?? 5, 1), 60))s\"")
        return lines
    }

    private func details(_ group: ImportedApp.Group) -> [String] {
        var lines: [String] = []
        for port in group.ports {
            lines += ["", "[[services]]", "  internal_port = \(port.internal)", "  protocol = \"tcp\""]
            lines += processes(group, "  ") + ["", "  [[services.ports]]", "    port = \(port.external)"]
        }
        if let mount = group.mounts.first {
            lines += ["", "[[mounts]]", "  source = \(Quoting.toml(mount.name))"]
            lines.append("  destination = \(Quoting.toml(mount.path))")
            lines.append("  initial_size = \"\(min(max(mount.sizeGB, 1), 1_048_576))gb\"")
            lines += processes(group, "  ")
        }
        if let guest = group.guest {
            lines += ["", "[[vm]]", "  cpu_kind = \"\(guest.cpuKind.rawValue)\"", "  cpus = \(guest.cpus)"]
            lines += ["  memory = \"\(guest.memoryMiB)mb\""] + processes(group, "  ")
        }
        if let restart = group.restart {
            let policy = restart.policy == .no ? "never" : restart.policy.rawValue
            lines += ["", "[[restart]]", "  policy = \"\(policy)\"", "  retries = \(restart.maxRetries)"]
            lines += processes(group, "  ")
        }
        return lines
    }
}
