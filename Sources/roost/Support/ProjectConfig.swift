import Foundation
import Model
import Toolkit

/// A project's configuration file, checked.
struct ProjectConfig {
    var path: String
    var config: AppConfig
    var warnings: [ConfigIssue]
    /// Key path to line, of the settings that hints name.
    var lines: [String: Int]

    /// - Parameters:
    ///   - folder: the project.
    ///   - config: a file, or the folder that has it; nil is the project's own.
    /// - Returns: settings that can be deployed; what is only doubtful in them stands in `warnings`.
    /// - Throws: ``Fault`` `invalidConfig` when there is none, or when something in it is wrong.
    static func read(in folder: String, config: String?) throws -> ProjectConfig {
        let file = try ConfigFile.read(config, in: folder)
        let (values, warnings) = try AppConfig.read(file.root, file: file.name, regions: [Regions.local])
        return ProjectConfig(path: file.path, config: values, warnings: warnings, lines: lines(of: file.root))
    }

    /// As `read`, but nil when the folder has no configuration file.
    static func ifAny(in folder: String) throws -> ProjectConfig? {
        guard let path = ConfigFile.ifAny(in: folder) else { return nil }
        return try read(in: folder, config: path)
    }

    /// Checks text that stands in no file yet.
    static func parse(_ text: String, name: String) throws -> (config: AppConfig, warnings: [ConfigIssue]) {
        let root = try ConfigFormat(path: name).parse(Array(text.utf8), file: name)
        return try AppConfig.read(root, file: name, regions: [Regions.local])
    }

    // MARK: - Private

    private static func lines(of root: ConfigNode) -> [String: Int] {
        var lines: [String: Int] = [:]
        if let service = root["http_service"] {
            lines["http_service.internal_port"] = service["internal_port"]?.position.line
            lines["http_service.checks"] = service["checks"]?.position.line
        }
        if let deploy = root["deploy"] {
            for key in ["release_command", "release_command_timeout", "wait_timeout", "stay_up"] {
                lines["deploy.\(key)"] = deploy[key]?.position.line
            }
        }
        if let processes = root["processes"], case .table(let entries) = processes.value {
            for entry in entries { lines["processes.\(entry.key)"] = entry.keyPosition.line }
        }
        return lines
    }
}
