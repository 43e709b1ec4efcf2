extension AppConfigReader {
    mutating func readTop() {
        readApp()
        readRegion()
        config.killSignal = root.choice("kill_signal", of: MachineConfig.Signal.allCases)
        readKillTimeout(root)
        config.swapSizeMB = root.integer("swap_size_mb", in: 0...1_048_576)
        config.consoleCommand = readCommand("console_command", in: root)
        if config.consoleCommand != nil { root.hasNoEffect("console_command") }
        config.hostDedicationID = root.string("host_dedication_id")
        if config.hostDedicationID != nil { root.hasNoEffect("host_dedication_id") }
        config.machineConfig = readMachineConfig(root)
        config.container = root.string("container", expected: "the name of a container")
        if config.container != nil { root.hasNoEffect("container") }
    }

    /// JSON, or the path of a file that has it; what it holds is looked at when it is used.
    func readMachineConfig(_ table: ConfigTable) -> String? {
        let expected = "the path of a .json file, or JSON that begins with \"{\""
        guard let field = table.take("machine_config"), let text = table.string(field, expected: expected) else {
            return nil
        }
        guard text.hasPrefix("{") || text.hasSuffix(".json") else {
            report.mismatch(field, expected: expected)
            return nil
        }
        table.hasNoEffect("machine_config")
        return text
    }

    mutating func readApp() {
        guard let field = root.take("app"), let name = root.string(field, expected: "an app name") else { return }
        config.app = name
        do throws(Fault) {
            try App.validate(name: name)
        } catch {
            // No error: in a template, or a file for several apps, -a says the name.
            report.warn(
                field.node.position,
                "app: found \(field.node.summary), which only -a NAME can mend: "
                    + "an app name has 1 to 63 lower-case letters, digits and dashes, no dash at either end"
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
            // An empty one is what Fly's own export of an app without groups writes.
            guard let table = ConfigTable(element, report: report), !table.isEmpty else { continue }
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
        } else if Self.secretWords.contains(where: { name.contains($0) }), !Self.publicNames.contains(name),
            !Self.isFile(field.node)
        {
            report.warn(
                field.keyPosition,
                "\(field.path) looks like a secret, and [env] is stored and shown in the clear; set it as one"
            )
        }
    }

    /// The address of a SQLite file has no password in it.
    private static func isFile(_ node: ConfigNode) -> Bool {
        guard case .string(let text) = node.value else { return false }
        return text.hasPrefix("sqlite")
    }

    /// > Source: flyctl `internal/command/deploy/deploy.go`.
    private static let secretWords = ["KEY", "PRIVATE", "DATABASE_URL", "PASSWORD", "SECRET"]

    private static let publicNames = ["AWS_ACCESS_KEY_ID", "TIGRIS_ACCESS_KEY_ID"]
}
