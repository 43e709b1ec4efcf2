import Foundation
package import Model

/// An app's configuration file: where it is, and what it says.
package struct ConfigFile: Sendable {
    package var path: String
    package var format: ConfigFormat
    package var root: ConfigNode

    /// The file's name for messages.
    package var name: String { Self.name(of: path) }

    /// Finds the file of a folder and reads it.
    ///
    /// - Parameters:
    ///   - config: a file, or the folder that has it; nil is the folder's own `fly.toml`, `fly.json` or `fly.yaml`.
    ///   - folder: the project.
    /// - Returns: what the file says, not yet looked at as a configuration.
    /// - Throws: ``Fault`` `invalidConfig` when there is none, or when it is not of its format.
    package static func read(_ config: String?, in folder: String) throws(Fault) -> ConfigFile {
        try read(path: find(config, in: folder))
    }

    /// Reads a file whose path is known.
    package static func read(path: String) throws(Fault) -> ConfigFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(.invalidConfig, "\(path) can't be read")
        }
        let format = ConfigFormat(path: path)
        return ConfigFile(path: path, format: format, root: try format.parse(Array(data), file: name(of: path)))
    }

    /// The path of the file, by flyctl's rules: without a name the first of three, with one that file or the
    /// `fly.toml` in that folder.
    package static func find(_ config: String?, in folder: String) throws(Fault) -> String {
        let names = ["fly.toml", "fly.json", "fly.yaml"]
        let prefix = folder == "." ? "" : "\(folder)/"
        let candidates = config.map { [$0, "\($0)/fly.toml"] } ?? names.map { prefix + $0 }
        for path in candidates {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue { return path }
        }
        throw Fault(.invalidConfig, "no configuration file: tried \(candidates.joined(separator: " and "))")
    }

    // MARK: - Private

    private static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
