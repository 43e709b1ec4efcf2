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
        // A pipe is read as well; one byte more than any format takes is enough to be refused.
        guard access(path, R_OK) == 0, let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: maximumBytes + 1) ?? Data()
        else {
            throw Fault(
                .invalidConfig,
                "\(path) can't be read: \(String(cString: strerror(errno)))",
                hint: "is it yours to read? -c FILE names another"
            )
        }
        guard data.count <= maximumBytes else {
            throw Fault(
                .tooLarge,
                "\(path) is no configuration: it has more than \(maximumBytes >> 20) MiB",
                hint: "-c FILE names the right one"
            )
        }
        let format = ConfigFormat(path: path)
        return ConfigFile(path: path, format: format, root: try format.parse(Array(data), file: name(of: path)))
    }

    /// The path of the file, by flyctl's rules: without a name the first of three, with one that file or the
    /// `fly.toml` in that folder.
    ///
    /// Where flyctl then gives up, a named folder's `fly.json` or `fly.yaml` will do.
    package static func find(_ config: String?, in folder: String) throws(Fault) -> String {
        let candidates = config.map { isFolder($0) ? paths(in: $0) : [$0, "\($0)/fly.toml"] } ?? paths(in: folder)
        if let path = candidates.first(where: isFile) { return path }
        let none = config == nil ? "no fly.toml, fly.json or fly.yaml" : "no configuration file"
        throw Fault(
            .invalidConfig,
            "\(none): tried \(candidates.joined(separator: " and "))",
            hint: "let `roost launch` look at the project and write one, or go to the project's folder"
        )
    }

    /// The file that a folder has for itself; nil when there is none.
    package static func ifAny(in folder: String) -> String? { paths(in: folder).first(where: isFile) }

    /// What a folder's configuration file may be called; an earlier one wins.
    package static let names = ["fly.toml", "fly.json", "fly.yaml"]

    /// The last part of a path.
    package static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    // MARK: - Private

    private static let maximumBytes = 1 << 20

    private static func paths(in folder: String) -> [String] {
        names.map { folder == "." ? $0 : "\(folder)/\($0)" }
    }

    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
