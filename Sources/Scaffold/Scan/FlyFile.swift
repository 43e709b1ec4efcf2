import Model
import Toolkit

/// Which files of a project are configuration files of Fly, and so of Roost.
enum FlyFile {
    /// What an app's file may be called, the usual names first; `roost deploy` takes the first three without being told.
    static let names = ConfigFile.names + ["fly.production.toml", "fly.prod.toml"]

    /// By its path alone: `fly.json` and `fly.yaml` may be something else, so ask ``isConfig(_:_:)`` as well.
    static func isOne(_ path: String) -> Bool {
        let name = TreePath.name(of: path)
        return ConfigFile.names.contains(name) || (name.hasPrefix("fly") && name.hasSuffix(".toml"))
    }

    /// Whether a file says what such a file says; in TOML its name is enough.
    static func isConfig(_ path: String, _ root: ConfigNode?) -> Bool {
        guard !path.hasSuffix(".toml") else { return true }
        let sections = ["app", "http_service", "services", "processes", "build"]
        return sections.contains { root?[$0] != nil }
    }
}
