extension AppConfigReader {
    mutating func readTop() {
        readApp()
        readRegion()
        config.killSignal = root.choice("kill_signal", of: MachineConfig.Signal.allCases)
        readKillTimeout(root)
        config.swapSizeMB = root.integer("swap_size_mb", in: 0...1_048_576)
        if let swap = config.swapSizeMB, swap > 0 {
            report.warn(root.keyPosition("swap_size_mb"), "swap_size_mb is not handled yet and has no effect")
        }
    }

    mutating func readApp() {
        guard let field = root.take("app"), let name = root.string(field, expected: "an app name") else { return }
        config.app = name
        do throws(Fault) {
            try App.validate(name: name)
        } catch {
            report.mismatch(
                field,
                expected: "an app name: 1 to 63 lower-case letters, digits and dashes, no dash at either end"
            )
        }
    }

    mutating func readRegion() {
        guard let field = root.take("primary_region"), let code = root.string(field, expected: "a region") else {
            return
        }
        config.primaryRegion = code
        guard !regions.contains(code) else { return }
        report.mismatch(
            field,
            expected: "a region: \(ConfigReport.oneOf(Regions.nearest(to: code, among: regions)))"
        )
    }

    /// At the top, or in `[experimental]`, where it once was; the top wins.
    mutating func readKillTimeout(_ table: ConfigTable) {
        guard let (field, timeout) = table.duration("kill_timeout", bare: .seconds) else { return }
        guard config.killTimeout == nil else { return }
        config.killTimeout = GoDuration(min(timeout, .seconds(300)))
        if timeout > .seconds(300) {
            report.warn(
                field.node.position,
                "\(field.path): \(GoDuration(timeout).text) is cut to 5m0s, the most there is"
            )
        }
    }

    /// A table of commands, or the old list of tables with `name` and `command`.
    mutating func readProcesses() {
        guard let field = root.take("processes") else { return }
        if field.elements != nil {
            readProcessList(field)
        } else if let table = ConfigTable(field, report: report) {
            for (name, command) in table.limited(table.takeAll(), of: field) {
                addProcess(name, command, in: table)
            }
        }
    }

    private mutating func readProcessList(_ list: ConfigField) {
        for element in root.limited(list.elements ?? [], of: list) {
            guard let table = ConfigTable(element, report: report) else { continue }
            let command = table.take("command")
            let name = table.required("name", expected: "the name of a process group") { table.string($0) }
            if let name { addProcess(name, command, in: table) }
            table.close()
        }
    }

    private mutating func addProcess(_ name: String, _ command: ConfigField?, in table: ConfigTable) {
        if name.isEmpty || name.unicodeScalars.contains("\0") {
            let place = command?.keyPosition ?? table.position
            report.error(place, "\(table.path): found \(ConfigNode.quoted(name)), expected the name of a process group")
        }
        config.processes[name] = command.map { words($0, in: table) } ?? []
    }

    /// A table, or the old list of tables, of which a later one overwrites.
    mutating func readEnv() {
        guard let field = root.take("env") else { return }
        for part in field.elements ?? [field] {
            guard let table = ConfigTable(part, report: report) else { continue }
            for (name, value) in table.takeAll() { checkEnvName(name, value) }
            config.env.merge(table.stringMap(part, coerced: true)) { _, new in new }
        }
    }

    private func checkEnvName(_ name: String, _ field: ConfigField) {
        if name.isEmpty || name.unicodeScalars.contains(where: { $0 == "=" || $0 == "\0" }) {
            report.error(
                field.keyPosition,
                "env: found the name \(ConfigNode.quoted(name)), expected one without \"=\" and NUL that is not empty"
            )
        } else if name.hasPrefix("FLY_") {
            report.warn(
                field.keyPosition,
                "\(field.path): names that begin with FLY_ belong to the platform, which may overwrite them"
            )
        } else if Self.secretWords.contains(where: { name.contains($0) }), !Self.publicNames.contains(name) {
            report.warn(
                field.keyPosition,
                "\(field.path) looks like a secret, and [env] is stored and shown in the clear; set it as one"
            )
        }
    }

    /// > Source: flyctl `internal/command/deploy/deploy.go`.
    private static let secretWords = ["KEY", "PRIVATE", "DATABASE_URL", "PASSWORD", "SECRET"]

    private static let publicNames = ["AWS_ACCESS_KEY_ID", "TIGRIS_ACCESS_KEY_ID"]

    mutating func readExperimental() {
        guard let table = root.table("experimental") else { return }
        config.overrides = MachineConfig.Init(
            exec: readOverride("exec", in: table),
            entrypoint: readOverride("entrypoint", in: table),
            cmd: readOverride("cmd", in: table)
        )
        readKillTimeout(table)
        table.unhandled(
            "allowed_public_ports",
            "attached",
            "auto_rollback",
            "container",
            "enable_consul",
            "enable_etcd",
            "lazy_load_images",
            "machine_config",
            "metrics_path",
            "metrics_port"
        )
        table.close()
    }

    /// A list of words, or one string that is one word.
    private func readOverride(_ key: String, in table: ConfigTable) -> [String]? {
        guard let field = table.take(key) else { return nil }
        if case .string = field.node.value { return table.string(field).map { [$0] } }
        return table.strings(field).flatMap { $0.isEmpty ? nil : $0 }
    }
}
