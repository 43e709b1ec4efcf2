import Foundation
package import Model

/// Which file of a project says how its image is built, and which one what of the project is left out.
package struct BuildFiles: Equatable, Sendable {
    /// Relative to the folder that is deployed; nil when there is none.
    package var dockerfile: String?
    /// Relative to the folder that is deployed; nil when there is none.
    package var ignoreFile: String?

    package init(dockerfile: String? = nil, ignoreFile: String? = nil) {
        self.dockerfile = dockerfile
        self.ignoreFile = ignoreFile
    }

    /// Finds them.
    ///
    /// What `[build]` names counts from the folder of the configuration file, as flyctl has it; where nothing is there,
    /// from the folder that is deployed. An ignore file beside the Dockerfile, `Dockerfile.dockerignore`, is there
    /// instead of the project's `.dockerignore`.
    ///
    /// - Parameters:
    ///   - build: `[build]` of the configuration.
    ///   - folder: the folder that is deployed.
    ///   - config: the path of the configuration file.
    /// - Returns: paths from the folder that is deployed.
    /// - Throws: ``Fault`` `invalidConfig` when a named file is not there or not within the folder.
    package static func find(_ build: AppConfig.Build, in folder: String, config: String) throws(Fault) -> BuildFiles {
        let isByDockerfile = build.image == nil && build.builder == nil && build.buildpacks.isEmpty
        var files = BuildFiles()
        if let name = build.dockerfile {
            files.dockerfile = try place(of: name, "dockerfile", folder, config)
        } else if isByDockerfile {
            files.dockerfile = ["Dockerfile", "dockerfile"].first { isFile("\(folder)/\($0)") }
        }
        if let name = build.ignorefile {
            files.ignoreFile = try place(of: name, "ignorefile", folder, config)
        } else {
            let own = files.dockerfile.map { ["\($0).dockerignore"] } ?? []
            files.ignoreFile = (own + [".dockerignore"]).first { isFile("\(folder)/\($0)") }
        }
        return files
    }

    // MARK: - Private

    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    private static func place(
        of name: String,
        _ key: String,
        _ folder: String,
        _ config: String
    ) throws(Fault) -> String {
        let beside = (config as NSString).deletingLastPathComponent
        let candidates =
            name.hasPrefix("/") ? [name] : ["\(beside.isEmpty ? "." : beside)/\(name)", "\(folder)/\(name)"]
        guard let found = candidates.first(where: isFile) else {
            throw Fault(
                .invalidConfig,
                "\(config) names the \(key) \(name), which is not there",
                hint: "it counts from the folder of \(ConfigFile.name(of: config))"
            )
        }
        guard let root = physical(folder), let parent = physical((found as NSString).deletingLastPathComponent),
            parent == root || parent.hasPrefix(root == "/" ? "/" : root + "/")
        else {
            throw Fault(
                .invalidConfig,
                "\(config) names the \(key) \(name), which is outside the folder that is deployed, \(folder)",
                hint: "deploy a folder that holds it: roost deploy -c \(config) FOLDER"
            )
        }
        let inside = parent.dropFirst(root.count).drop { $0 == "/" }
        let last = (found as NSString).lastPathComponent
        return inside.isEmpty ? last : "\(inside)/\(last)"
    }

    private static func physical(_ path: String) -> String? {
        guard let resolved = realpath(path.isEmpty ? "." : path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
