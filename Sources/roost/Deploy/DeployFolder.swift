import Foundation
import Model
import Toolkit

/// Where the app is that a folder without a configuration file means: `roost launch` writes it beside the app.
enum DeployFolder {
    /// Folders that hold no app of the project's own.
    private static let left: Set<String> = ["node_modules", "venv", ".venv", "tests", "docs", "examples"]

    /// - Returns: the one folder below that has a `fly.toml`; nil when the folder itself has one, or a file is named, or
    ///   there is none.
    /// - Throws: ``Fault`` `invalidConfig` naming all when there are several.
    static func below(_ folder: String, config: String?, app: String?) throws(Fault) -> String? {
        guard config == nil, app == nil, ConfigFile.ifAny(in: folder) == nil else { return nil }
        var found: [String] = []
        var level = [folder]
        for _ in 0..<3 {
            level = level.flatMap(folders)
            found += level.filter { ConfigFile.ifAny(in: $0) != nil }
        }
        guard found.count > 1 else { return found.first }
        throw Fault(
            .invalidConfig,
            "which app? there is no fly.toml in \(folder), and several below it",
            hint: found.sorted().prefix(8).map { "roost deploy \($0)" }.joined(separator: "\n")
        )
    }

    private static func folders(of folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { !$0.hasPrefix(".") && !left.contains($0) }.sorted().prefix(200)
            .map { folder == "." ? $0 : "\(folder)/\($0)" }
            .filter { path in
                // A link may lead anywhere, and back.
                let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
                return type == .typeDirectory
            }
    }
}
