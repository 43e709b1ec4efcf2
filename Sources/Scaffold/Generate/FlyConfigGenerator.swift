import Model

/// Writes `fly.toml`.
package enum FlyConfigGenerator {
    /// Writes the file for a project.
    ///
    /// - Returns: `fly.toml`, what it can't express, and what only the user knows.
    package static func make(_ facts: Facts, _ options: FlyConfigOptions = FlyConfigOptions()) -> Generated {
        let values = FlyValues(facts, options)
        var lines = [Stamp.line(options.stamp), "app = \(Quoting.toml(values.app))"]
        if let region = options.region { lines.append("primary_region = \(Quoting.toml(region))") }
        lines += [#"kill_signal = "SIGTERM""#, "kill_timeout = \(values.killSeconds)"]
        lines += build(facts, options)
        lines += deploy(values)
        if !values.env.isEmpty {
            lines += ["", "[env]"]
            lines += values.env.map { "  \(Quoting.tomlKey($0.name)) = \(Quoting.toml($0.value))" }
        }
        if values.hasGroups {
            let web = values.web.map { ["  web = \(Quoting.toml(Quoting.shell($0)))"] }
            lines += ["", "[processes]"] + (web ?? ["  # The image's own command.", #"  web = """#])
            lines += values.groups.map { "  \(Quoting.tomlKey($0.name)) = \(Quoting.toml(Quoting.shell($0.command)))" }
        }
        lines += service(values)
        if let folder = values.folder {
            lines += [
                "", "[[mounts]]", "  source = \(Quoting.toml(folder.name))",
                "  destination = \(Quoting.toml(folder.path))",
            ]
            lines += [#"  initial_size = "1gb""#] + processes(values, indent: "  ")
        }
        lines += ["", "[[vm]]", "  memory = \(Quoting.toml(memory(values.guest.memoryMiB)))"]
        lines += [#"  cpu_kind = "\#(values.guest.cpuKind.rawValue)""#, "  cpus = \(values.guest.cpus)"]
        var generated = Generated()
        generated.files = [Artefact("fly.toml", lines.joined(separator: "\n") + "\n")]
        generated.notes = values.notes
        generated.needed = values.needed
        return generated
    }

    /// `[[http_service.checks]]`, or for an app without a path to ask an open port.
    static func checks(_ values: FlyValues, group: String?) -> [String] {
        let times = [
            #"grace_period = "\#(values.graceSeconds)s""#, #"interval = "15s""#, #"timeout = "5s""#,
        ]
        if let path = values.checkPath {
            var lines = times + [#"method = "GET""#, "path = \(Quoting.toml(path))"]
            if let host = values.checkHost { lines.append("headers = { Host = \(Quoting.toml(host)) }") }
            return ["", "  [[http_service.checks]]"] + lines.map { "    " + $0 }
        }
        var lines = [#"type = "tcp""#, "port = \(values.port)"] + times
        if let group { lines.append("processes = [\(Quoting.toml(group))]") }
        return ["", "[checks.port]"] + lines.map { "  " + $0 }
    }

    // MARK: - Private

    private static func build(_ facts: Facts, _ options: FlyConfigOptions) -> [String] {
        if let reason = options.withoutDockerfile {
            return ["", "[build]", "  # \(reason)", #"  builder = "python""#]
        }
        let layout = BuildLayout(facts)
        guard let existing = facts.existing.dockerfile else { return ["", "[build]", #"  dockerfile = "Dockerfile""#] }
        let folder = facts.existing.dockerContext ?? layout.context
        let path = LaunchFolder.relative(existing, to: folder)
        var lines = ["", "[build]", "  dockerfile = \(Quoting.toml(path))"]
        if let target = facts.existing.dockerTarget { lines.append("  build-target = \(Quoting.toml(target))") }
        return lines
    }

    private static func deploy(_ values: FlyValues) -> [String] {
        var lines = ["", "[deploy]", #"  strategy = "rolling""#]
        if let most = values.maxMachines { lines.append("  max_machines = \(most)") }
        if let release = values.release {
            lines.append("  release_command = \(Quoting.toml(Quoting.shell(release)))")
            lines.append(#"  release_command_timeout = "10m""#)
        }
        return lines
    }

    private static func service(_ values: FlyValues) -> [String] {
        var lines = ["", "[http_service]", "  internal_port = \(values.port)", "  force_https = true"]
        lines += [#"  auto_stop_machines = "\#(values.autostop.rawValue)""#]
        // A Machine that nobody stops need not be started, and one of the two alone would surprise.
        lines += [
            "  auto_start_machines = \(values.autostop != .off)", "  min_machines_running = \(values.minMachines)",
        ]
        lines += processes(values, indent: "  ")
        lines += [
            "", "  [http_service.concurrency]",
            #"    type = "\#(values.countsConnections ? "connections" : "requests")""#,
        ]
        lines += ["    soft_limit = \(values.softLimit)", "    hard_limit = \(values.hardLimit)"]
        return lines + checks(values, group: values.hasGroups ? "web" : nil)
    }

    private static func processes(_ values: FlyValues, indent: String) -> [String] {
        values.hasGroups ? [#"\#(indent)processes = ["web"]"#] : []
    }

    private static func memory(_ mebibytes: Int) -> String {
        mebibytes.isMultiple(of: 1024) ? "\(mebibytes / 1024)gb" : "\(mebibytes)mb"
    }
}

/// The folder that generated files are written to.
enum LaunchFolder {
    /// The context of the project's own Dockerfile when there is one, else that of ours.
    static func of(_ facts: Facts) -> String {
        guard facts.existing.dockerfile != nil, let context = facts.existing.dockerContext else {
            return BuildLayout(facts).context
        }
        return TreePath.joined("", context)
    }

    /// A path of the scan from a folder of it, with `..` where it has to be.
    static func relative(_ path: String, to folder: String) -> String {
        let path = TreePath.joined("", path).split(separator: "/")
        let folder = TreePath.joined("", folder).split(separator: "/")
        let shared = zip(path, folder).prefix { $0 == $1 }.count
        return (folder.dropFirst(shared).map { _ in ".." } + path.dropFirst(shared)).joined(separator: "/")
    }
}
