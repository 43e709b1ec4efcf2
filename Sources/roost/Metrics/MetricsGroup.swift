import ArgumentParser

struct MetricsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "What apps and Machines do now, in numbers.",
        subcommands: [MetricsShow.self, MetricsText.self, MetricsScrapeConfig.self],
        defaultSubcommand: MetricsShow.self
    )
}
