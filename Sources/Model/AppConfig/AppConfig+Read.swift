/// What reading a configuration file came to.
package struct ConfigDiagnosis: Sendable {
    /// Nil when there are errors.
    package var config: AppConfig?
    package var errors: [ConfigIssue]
    package var warnings: [ConfigIssue]
}

extension AppConfig {
    /// Checks a configuration and takes its values out.
    ///
    /// - Parameters:
    ///   - root: the whole file.
    ///   - file: its name for messages, `fly.toml`.
    ///   - regions: the regions of the hosts; ``Regions/known`` are allowed beside them.
    /// - Returns: the values, and what is not wrong but worth saying (unknown keys first of all), in the file's order.
    /// - Throws: ``Fault`` with a line `file:line:column: …` for each error, and the warnings in its hint.
    package static func read(
        _ root: ConfigNode,
        file: String,
        regions: Set<String>
    ) throws(Fault) -> (config: AppConfig, warnings: [ConfigIssue]) {
        let diagnosis = diagnose(root, file: file, regions: regions)
        guard let config = diagnosis.config else {
            let lines = diagnosis.errors.map(\.description)
            // A misspelt key is often why another one is missing, so the warnings come along.
            let others = diagnosis.warnings.map { "warning: \($0)" }
            let hint = others.isEmpty ? nil : others.joined(separator: "\n")
            throw Fault(.invalidConfig, lines.joined(separator: "\n"), hint: hint)
        }
        return (config, diagnosis.warnings)
    }

    /// Like ``read(_:file:regions:)``, but says errors as values too, and when `strict` makes unknown keys errors.
    package static func diagnose(
        _ root: ConfigNode,
        file: String,
        regions: Set<String>,
        strict: Bool = false
    ) -> ConfigDiagnosis {
        let report = ConfigReport(file: file, strict: strict)
        let field = ConfigField(path: "", keyPosition: root.position, node: root)
        guard let table = ConfigTable(field, report: report) else { return report.diagnosis(AppConfig()) }
        var reader = AppConfigReader(root: table, report: report, regions: regions.union(Regions.known))
        reader.read()
        return report.diagnosis(reader.config)
    }
}
