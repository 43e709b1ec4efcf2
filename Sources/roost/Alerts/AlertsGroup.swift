import ArgumentParser
import Toolkit

struct AlertsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "When somebody should look at an app or the host.",
        subcommands: [
            AlertsList.self, AlertsTest.self, AlertsSilence.self, AlertsUnsilence.self, AlertsExport.self,
        ],
        defaultSubcommand: AlertsList.self
    )
}

struct AlertsExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the alerts as rules of Prometheus.",
        discussion: "For a Prometheus that asks the host as `roost metrics scrape-config` says."
    )

    @Option(help: "The share of requests that are to go well, in percent.") var slo = 99.5

    func run() throws {
        guard (50..<100).contains(slo) else {
            throw UsageError(
                message: "--slo: expected 50 to 99.99, found \(slo)",
                hint: "roost alerts export --slo 99.5"
            )
        }
        print(PrometheusFile.rules(slo: slo / 100), terminator: "")
    }
}
