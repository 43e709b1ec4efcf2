import Foundation
import Model
import Toolkit

/// A project's `fly.toml`, checked.
struct ProjectConfig {
    var path: String
    var config: AppConfig
    var warnings: [ConfigIssue]
    /// Key path to line, of the settings that hints name.
    var lines: [String: Int]

    /// - Parameters:
    ///   - folder: the project.
    ///   - config: a file, or the folder that has it; nil is the project's own `fly.toml`.
    /// - Returns: settings that can be deployed; what is only doubtful in them stands in `warnings`.
    /// - Throws: ``Fault`` `invalidConfig` when there is none, or when something in it is wrong.
    static func read(in folder: String, config: String?) throws -> ProjectConfig {
        let path = try find(folder, config)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(.invalidConfig, "\(path) can't be read")
        }
        let name = (path as NSString).lastPathComponent
        let root = try TOML.parse(Array(data), file: name)
        let (values, warnings) = try AppConfig.read(root, file: name, regions: [Regions.local])
        return ProjectConfig(path: path, config: values, warnings: warnings, lines: lines(of: root))
    }

    /// As `read`, but nil when the folder has no configuration file.
    static func ifAny(in folder: String) throws -> ProjectConfig? {
        guard FileManager.default.fileExists(atPath: "\(folder)/fly.toml") else { return nil }
        return try read(in: folder, config: nil)
    }

    /// Checks text that stands in no file yet.
    static func parse(_ text: String, name: String) throws -> (config: AppConfig, warnings: [ConfigIssue]) {
        try AppConfig.read(TOML.parse(text, file: name), file: name, regions: [Regions.local])
    }

    // MARK: - Private

    private static func find(_ folder: String, _ config: String?) throws(Fault) -> String {
        let candidates = config.map { [$0, "\($0)/fly.toml"] } ?? ["\(folder)/fly.toml"]
        for path in candidates {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue { return path }
        }
        throw Fault(
            .invalidConfig,
            "no fly.toml: tried \(candidates.joined(separator: " and "))",
            hint: """
                write one, for example:
                app = "my-app"
                [processes]
                  app = "uvicorn main:app --host 0.0.0.0 --port 8080"
                [http_service]
                  internal_port = 8080
                  processes = ["app"]
                """
        )
    }

    private static func lines(of root: ConfigNode) -> [String: Int] {
        var lines: [String: Int] = [:]
        if let service = root["http_service"] {
            lines["http_service.internal_port"] = service["internal_port"]?.position.line
            lines["http_service.checks"] = service["checks"]?.position.line
        }
        if let processes = root["processes"], case .table(let entries) = processes.value {
            for entry in entries { lines["processes.\(entry.key)"] = entry.keyPosition.line }
        }
        return lines
    }
}
