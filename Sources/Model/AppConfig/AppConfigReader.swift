/// Takes the sections of a `fly.toml` apart, one after the other; each has a file of its own.
///
/// A section's reader asks for every key that it or Fly knows and closes its table, so that the rest is reported.
struct AppConfigReader {
    let root: ConfigTable
    let report: ConfigReport
    let regions: Set<String>
    var config = AppConfig()

    mutating func read() {
        readTop()
        // Before all that have a filter: they are checked against the groups.
        readProcesses()
        readEnv()
        readBuild()
        readServices()
        readChecks()
        readVMs()
        readMounts()
        readRestarts()
        readExperimental()
        readDeploy()
        readStatics()
        readFiles()
        readMetrics()
        config.machineChecks = readMachineChecks(root)
        if config.checkCount > AppConfig.maximumChecks {
            let place = ["http_service", "services", "checks", "machine_checks"].first(where: root.has) ?? "checks"
            report.error(
                root.keyPosition(place),
                "found \(config.checkCount) health checks, expected at most \(AppConfig.maximumChecks)"
            )
        }
        root.obsolete("allowed_public_ports")
        root.close()
    }

    /// What an undefined name in a filter is: flyctl refuses it in some sections and ignores it in others.
    enum UndefinedGroup {
        case error
        case warning
    }

    /// The `processes` of a section, each name checked against the groups of the file.
    func filter(_ table: ConfigTable, undefined: UndefinedGroup) -> [String] {
        guard let field = table.take("processes"), let names = table.strings(field) else { return [] }
        let groups = config.groups
        for element in field.elements ?? [] {
            guard case .string(let name) = element.node.value, !name.isEmpty, !groups.contains(name) else { continue }
            let allowed = ConfigReport.oneOf(Nearest.sorted(groups, to: name).map { "\"\($0)\"" })
            switch undefined {
            case .error: report.mismatch(element, expected: "a process group: \(allowed)")
            case .warning:
                report.warn(
                    element.node.position,
                    "\(element.path): \(ConfigNode.quoted(name)) is no process group, so this has no effect; "
                        + "there is \(allowed)"
                )
            }
        }
        return names
    }

    /// The words of a command; an error when it can't be split.
    func words(_ field: ConfigField, in table: ConfigTable) -> [String] {
        guard let text = table.string(field, expected: "a command as one string") else { return [] }
        do throws(Fault) {
            return try Words.split(text)
        } catch {
            report.error(field.node.position, "\(field.path): \(error.message)")
            return []
        }
    }

    /// A command that is kept as it was written, when it can be split.
    func readCommand(_ key: String, in table: ConfigTable) -> String? {
        guard let field = table.take(key), !words(field, in: table).isEmpty else { return nil }
        guard case .string(let text) = field.node.value else { return nil }
        return text
    }

    /// Text out of a string or a number, as `memory` and `initial_size` take it.
    func sizeText(_ field: ConfigField) -> String? {
        switch field.node.value {
        case .string(let text): text
        case .integer, .float: ScalarText.text(field.node)
        case .boolean, .datetime, .array, .table: nil
        }
    }
}
