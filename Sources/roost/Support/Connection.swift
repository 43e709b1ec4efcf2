import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

/// Flags that say which app, and where its daemon is.
struct Connection: ParsableArguments {
    @Option(name: [.short, .long], help: "The app; else FLY_APP, else `app` in the configuration file.")
    var app: String?

    @Option(name: [.short, .long], help: "The configuration file, or its folder.") var config: String?

    /// The socket of the daemon: `ROOST_RUN` moves it.
    static var socketPath: String {
        let stated = ProcessInfo.processInfo.environment["ROOST_RUN"] ?? ""
        return HostPaths(state: "", run: stated.isEmpty ? "/run/roost" : stated).apiSocket
    }

    /// The app's name by flag, environment or the configuration file of a project's folder.
    func appName(in folder: String = ".") throws -> String {
        if let app { return app }
        if let name = ProcessInfo.processInfo.environment["FLY_APP"], !name.isEmpty { return name }
        guard config != nil || ConfigFile.ifAny(in: folder) != nil else {
            let place = folder == "." ? "this folder" : folder
            throw Fault(
                .invalidConfig,
                "which app? There is no fly.toml in \(place) that would say it",
                hint: "name it: -a NAME (`roost apps list` shows those there are), or go to the project's folder"
            )
        }
        // What else the file says is not for those commands to judge: logs are wanted most when a file is wrong.
        let file = try ConfigFile.read(config, in: folder)
        guard case .string(let name) = file.root["app"]?.value, !name.isEmpty else {
            throw Fault(
                .invalidConfig,
                "which app? \(file.path) has no app = \"NAME\"",
                hint: "name it: -a NAME (`roost apps list` shows those there are), or write it into the file"
            )
        }
        try App.validate(name: name)
        return name
    }
}

/// A value in a path's query, escaped.
func queryValue(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-_."))) ?? ""
}

/// A path of the API: each part escaped, so that no name can be more than one part.
func apiPath(_ parts: String...) -> String {
    "/v1/" + parts.map(percentEncoded).joined(separator: "/")
}

/// Text as a part of a path or a value in a query.
func percentEncoded(_ text: String) -> String {
    let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_."))
    return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
}
