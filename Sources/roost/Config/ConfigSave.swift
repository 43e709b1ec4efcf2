import ArgumentParser
import Foundation
import Model
import Toolkit

struct ConfigSave: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Write the configuration of an app's current release to a file."
    )

    @OptionGroup var connection: Connection
    @Flag(exclusivity: .exclusive) var format: ConfigFormat?
    @Flag(name: [.short, .long], help: "Write over a file that is there, without asking.") var yes = false

    func run() async throws {
        var source = ConfigSource()
        source.connection = connection
        let path = Self.path(connection.config, format)
        let release = try await source.release()
        if FileManager.default.fileExists(atPath: path) {
            try Person.confirm("\(path) is there already. Write over it?", yes: yes)
        }
        let format = ConfigFormat(path: path)
        let style = ConfigStyle(omitsDefaults: true, hasWireForm: format == .json)
        // JSON has no comments.
        let head = format == .json ? "" : "# \(release.app), release v\(release.version), by `roost config save`\n\n"
        let text = try head + format.text(of: release.config.tree(style))
        try Durable.write(Data(text.utf8), to: path)
        print("Wrote \(path)")
    }

    // MARK: - Private

    /// A named file keeps its name but for the suffix of a format that is asked for; a folder gets its `fly` file.
    private static func path(_ config: String?, _ format: ConfigFormat?) -> String {
        var path = config ?? "fly.toml"
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            path = "\(path)/fly.toml"
        }
        guard let format, ConfigFormat(path: path) != format else { return path }
        return "\((path as NSString).deletingPathExtension).\(format.rawValue)"
    }
}
