import ArgumentParser
import Model
import Toolkit

struct ConfigEnv: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Show the environment that the configuration gives each process group; secrets are not part of it."
    )

    @OptionGroup var source: ConfigSource
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let config = try await source.config()
        let groups = config.groups.map { (name: $0, env: config.environment(for: $0)) }
        if json {
            return try Output.json(Dictionary(groups.map { ($0.name, $0.env) }) { first, _ in first })
        }
        var table = Table("GROUP", "NAME", "VALUE")
        for group in groups {
            for (name, value) in group.env.sorted(by: { $0.key < $1.key }) {
                table.add(Output.harmless(group.name), Output.harmless(name), Output.harmless(value))
            }
        }
        Output.table(table)
    }
}
