import ArgumentParser
import Model
import Toolkit

struct ConfigShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what holds for an app: its configuration with all defaults. JSON unless said otherwise.",
        aliases: ["display"]
    )

    @OptionGroup var source: ConfigSource
    @Flag(exclusivity: .exclusive) var format: ConfigFormat = .json

    func run() async throws {
        let style = ConfigStyle(omitsDefaults: false, hasWireForm: format == .json)
        print(try format.text(of: try await source.config().tree(style)), terminator: "")
    }
}
