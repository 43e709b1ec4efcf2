import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct ConfigGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check, show and save an app's configuration.",
        subcommands: [ConfigValidate.self, ConfigShow.self, ConfigEnv.self, ConfigSave.self]
    )
}

/// Where a command takes the configuration from: the app's current release, or the file.
struct ConfigSource: ParsableArguments {
    @OptionGroup var connection: Connection
    @Flag(help: "Read the configuration file instead of asking the server.") var local = false

    func config() async throws -> AppConfig {
        guard !local else { return try Self.file(connection.config) }
        return try await release().config
    }

    /// What runs now.
    func release() async throws -> Release {
        let name = try connection.appName()
        return try await RoostClient.atHost { client in
            let current = try await client.get(apiPath("apps", name), as: AppView.self).release
            let releases = try await client.get(apiPath("apps", name, "releases"), as: [Release].self)
            guard let release = releases.first(where: { $0.version == current }) else {
                throw Fault(
                    .invalidState,
                    "\(name) was never deployed, so the server has no configuration of it",
                    hint: "deploy it: roost deploy FOLDER; or read the file: --local"
                )
            }
            return release
        }
    }

    // MARK: - Private

    private static func file(_ path: String?) throws -> AppConfig {
        let file = try ConfigFile.read(path, in: ".")
        let (config, warnings) = try AppConfig.read(file.root, file: file.name, regions: [Regions.local])
        for warning in warnings { Output.warning("\(warning)") }
        return config
    }
}

extension ConfigFormat: EnumerableFlag {
    static func help(for value: ConfigFormat) -> ArgumentHelp? {
        switch value {
        case .toml: "In TOML, as fly.toml has it."
        case .json: "In JSON."
        case .yaml: "In YAML."
        }
    }
}
