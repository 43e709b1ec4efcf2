import Model

/// Units of systemd for a host without containers: the app below `/opt`, its secrets in `/etc`.
struct SystemdExport {
    private let plan: ExportPlan

    static func export(_ plan: ExportPlan) throws(Fault) -> Generated {
        let export = SystemdExport(plan: plan)
        var result = Generated()
        for unit in plan.units {
            guard let words = export.words(unit), !words.isEmpty else { continue }
            result.files.append(Artefact("systemd/\(export.name(unit)).service", export.service(unit, words)))
        }
        guard !result.files.isEmpty else {
            throw Fault(
                .unsupported,
                "no command is known that starts the app, and a unit is built around one",
                hint: "name one in fly.toml under [processes]"
            )
        }
        if let release = plan.release {
            result.files.append(Artefact("systemd/\(plan.name)-migrate.service", export.migration(release)))
        }
        if !plan.variables.isEmpty {
            result.files.append(Artefact("systemd/\(plan.name).env", export.environmentFile))
        }
        result.needed = export.needed
        result.notes = export.notes
        return result
    }

    // MARK: - Names and words

    private func name(_ unit: ExportPlan.Unit) -> String {
        unit.name == plan.web?.name ? plan.name : "\(plan.name)-\(unit.name)"
    }

    /// Where the project lies on the host.
    private var folder: String { "/opt/\(plan.name)" }

    private func words(_ unit: ExportPlan.Unit) -> [String]? {
        if unit.name == plan.web?.name {
            return plan.startCommand?.words(host: "127.0.0.1", port: unit.port ?? ServerStart.port(plan.facts))
        }
        return (unit.entrypoint ?? []) + (unit.command ?? [])
    }

    /// The program through `env`, which finds it on `PATH`: the first word of a unit's command has a syntax of its own.
    private func start(_ words: [String], in subfolder: String = "") -> String {
        let folder = subfolder.isEmpty ? "" : Quoting.systemdWord("--chdir=\(self.folder)/\(subfolder)") + " "
        return "ExecStart=/usr/bin/env \(folder)-- " + words.map { Quoting.systemdWord($0) }.joined(separator: " ")
    }

    // MARK: - Units

    private func service(_ unit: ExportPlan.Unit, _ words: [String]) -> String {
        let isWeb = unit.name == plan.web?.name
        var after = "network-online.target"
        if plan.release != nil { after += " \(plan.name)-migrate.service" }
        let limits = plan.config?.swapSizeMB.map { "MemorySwapMax=\($0)M\n" } ?? ""
        let restart = Self.restart(unit.restart)
        return """
            # \(Quoting.comment(plan.options.stamp))
            [Unit]
            Description=\(plan.name) \(isWeb ? "web" : unit.name)
            Wants=network-online.target
            After=\(after)
            \(restart.limits)
            [Service]
            Type=exec
            \(common(unit.volumes.map(\.path) + unit.scratch, isWeb: isWeb))
            \(start(words, in: plan.layout.project))
            Restart=\(restart.policy)
            RestartSec=2
            KillMode=mixed
            KillSignal=\(plan.stopSignal.rawValue)
            TimeoutStopSec=\(plan.graceSeconds)
            # uvicorn ends with the signal that it caught.
            SuccessExitStatus=143
            MemoryMax=\(unit.guest.memoryMiB)M
            \(limits)CPUQuota=\(unit.guest.cpus * 100)%

            [Install]
            WantedBy=multi-user.target

            """
    }

    private func migration(_ release: ExportPlan.Release) -> String {
        let unit = plan.web ?? plan.units.first
        let paths = (unit?.volumes.map(\.path) ?? []) + (unit?.scratch ?? [])
        let memory = release.guest.map { "MemoryMax=\($0.memoryMiB)M\nCPUQuota=\($0.cpus * 100)%\n" } ?? ""
        return """
            # \(Quoting.comment(plan.options.stamp))
            [Unit]
            Description=\(plan.name) release command
            Wants=network-online.target
            After=network-online.target

            [Service]
            Type=oneshot
            \(common(paths, isWeb: false))
            \(start(release.command, in: plan.layout.ofProject(release.projectDirectory)))
            \(memory)TimeoutStartSec=\(release.timeoutSeconds > 0 ? String(release.timeoutSeconds) : "infinity")

            """
    }

    /// What all units of the app share: user, folder, environment, and how little of the host they see.
    private func common(_ paths: [String], isWeb: Bool) -> String {
        var lines = ["User=\(plan.name)", "Group=\(plan.name)", "WorkingDirectory=\(folder)"]
        lines.append("Environment=\"PATH=\(folder)/.venv/bin:/usr/local/bin:/usr/bin:/bin\"")
        var known = Set(["PATH"])
        for pair in plan.env where known.insert(pair.name).inserted {
            lines.append("Environment=\(Quoting.systemdEnvironment(pair.name, pair.value))")
        }
        for (name, value) in plan.serverValues(for: .systemd) where known.insert(name).inserted {
            if case .string(let text) = value { lines.append("Environment=\(Quoting.systemdEnvironment(name, text))") }
        }
        if !plan.variables.isEmpty { lines.append("EnvironmentFile=/etc/\(plan.name)/env") }
        let required = plan.variables.filter(\.isRequired).map { "${\($0.name):?}" }
        if !required.isEmpty {
            let check = Quoting.systemdWord(": \"\(required.joined(separator: " "))\"")
            lines.append("ExecStartPre=/bin/sh -c \(check)")
        }
        lines.append("StateDirectory=\(plan.name)")
        for path in paths { lines.append("ReadWritePaths=\(Self.path("-" + hostPath(path)))") }
        lines += Self.hardening
        lines.append("CapabilityBoundingSet=\(isWeb && isLowPort ? "CAP_NET_BIND_SERVICE" : "")")
        lines.append("AmbientCapabilities=\(isWeb && isLowPort ? "CAP_NET_BIND_SERVICE" : "")")
        return lines.joined(separator: "\n")
    }

    private var isLowPort: Bool { (plan.web?.port ?? 8000) < 1024 }

    /// A path of the image on the host: what lies with the project lies in its folder here.
    private func hostPath(_ path: String) -> String {
        let prefix = BuildLayout.home + "/"
        return path.hasPrefix(prefix) ? "\(folder)/\(path.dropFirst(prefix.count))" : path
    }

    /// A path as a setting takes it: quoted only when it has to be, since not all of them take quotes.
    private static func path(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (65...90).contains(byte) || (97...122).contains(byte) || (45...57).contains(byte) || byte == 95
        }
        return isPlain ? text : Quoting.systemdEnvironment("", text).replacing("\"=", with: "\"")
    }

    private static let hardening = [
        "UMask=0027", "NoNewPrivileges=yes", "PrivateTmp=yes", "PrivateDevices=yes", "ProtectSystem=strict",
        "ProtectHome=yes", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHostname=yes",
        "ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectProc=invisible",
        "LockPersonality=yes", "RestrictNamespaces=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
    ]

    private static func restart(_ restart: MachineConfig.Restart?) -> (policy: String, limits: String) {
        switch restart?.policy {
        case .no: ("no", "")
        case .onFailure:
            ("on-failure", "StartLimitIntervalSec=600\nStartLimitBurst=\((restart?.maxRetries ?? 10) + 1)\n")
        case .always, .unknown, nil: ("always", "")
        }
    }

    // MARK: - The environment file

    /// Names without values: a unit with an empty one does not start.
    private var environmentFile: String {
        var text = """
            # \(Quoting.comment(plan.options.stamp))
            # To be filled in and kept as /etc/\(plan.name)/env, owned by root, mode 0600.

            """
        for variable in plan.variables {
            text += variable.isRequired ? "\(variable.name)=\n" : "# if used:\n#\(variable.name)=\n"
        }
        return text
    }

    private var needed: [String] {
        let names = plan.variables.filter(\.isRequired).map(\.name)
        let account = "the user \(plan.name): useradd --system --user-group --home-dir \(folder) \(plan.name)"
        return [account] + plan.missingPackages
            + (names.isEmpty ? [] : ["/etc/\(plan.name)/env with \(names.joined(separator: ", "))"])
    }

    private var notes: [String] {
        var notes = ["the project is expected in \(folder), its virtual environment in \(folder)/.venv"]
        if plan.release != nil {
            notes.append(
                "for a release: systemctl start \(plan.name)-migrate && systemctl restart \(plan.name); "
                    + "a failed migration leaves what runs as it is"
            )
        }
        if plan.web != nil {
            notes.append("the app listens on loopback: put the files of the nginx or traefik target before it")
        }
        if let command = plan.startCommand, plan.web != nil, !command.knowsPort {
            notes.append("the command of the web process names no port; it should listen on loopback alone")
        }
        for unit in plan.units where unit.isOptional {
            notes.append("\(name(unit)).service is optional: enable it only if used")
        }
        for unit in plan.units where (words(unit) ?? []).isEmpty {
            notes.append("\(unit.name) has no command of its own, so it has no unit")
        }
        let paths = plan.units.flatMap { $0.volumes.map(\.path) + $0.scratch }
        if let first = paths.first {
            notes.append(
                "folders that the app writes to, such as \(hostPath(first)), have to be there and be \(plan.name)'s"
            )
        }
        return notes
    }
}
