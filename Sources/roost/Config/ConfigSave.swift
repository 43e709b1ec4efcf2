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
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard FileManager.default.fileExists(atPath: folder) else {
            throw Fault(
                .invalidRequest,
                "\(ConfigFile.name(of: path)) can't be written: there is no folder \(folder)",
                hint: "make it first: mkdir -p \(folder)"
            )
        }
        let release = try await source.release()
        let format = ConfigFormat(path: path)
        let style = ConfigStyle(omitsDefaults: true, hasWireForm: format == .json)
        // JSON has no comments.
        let head = format == .json ? "" : "# \(release.app), release v\(release.version), by `roost config save`\n\n"
        var text = try head + format.text(of: release.config.tree(style))
        var copy: String?
        if let old = FileManager.default.contents(atPath: path) {
            let oldText = String(decoding: old, as: UTF8.self)
            let update = format == .toml ? ConfigUpdate.text(oldText, file: path, to: release.config) : nil
            if update == oldText { return print("\(path) says that already") }
            try Person.confirm("\(path) is there already. Write over it?", yes: yes)
            if let update { text = update } else if oldText.contains("#") { copy = "\(path).orig" }
            if let copy { try Durable.write(old, to: copy) }
        }
        try Durable.write(Data(text.utf8), to: path)
        print("Wrote \(path)")
        if let copy { print("Its comments could not be kept; the file as it was is \(copy)") }
    }

    // MARK: - Private

    /// A named file keeps its name but for the suffix of a format that is asked for; a folder gets the file it has.
    private static func path(_ config: String?, _ format: ConfigFormat?) -> String {
        var path = config ?? ConfigFile.ifAny(in: ".") ?? "fly.toml"
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            path = ConfigFile.ifAny(in: path) ?? "\(path)/fly.toml"
        }
        guard let format, ConfigFormat(path: path) != format else { return path }
        return "\((path as NSString).deletingPathExtension).\(format.rawValue)"
    }
}
