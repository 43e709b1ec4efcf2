import ArgumentParser
import Toolkit

struct MetricsScrapeConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrape-config",
        abstract: "Print a prometheus.yml that asks this host.",
        discussion: """
            The first file is to hold a token (`roost tokens create org`), the second the certificate of the host's authority, \
            which is api-tls/ca.pem in the host's state folder.
            """
    )

    @Argument(help: "The API's port, as Prometheus reaches it.") var target = "localhost:4280"
    @Option(help: "The file that Prometheus has the token in.") var tokenFile = "/etc/prometheus/roost.token"
    @Option(help: "The file that it has the authority's certificate in.") var caFile = "/etc/prometheus/roost.pem"

    func run() throws {
        print(
            PrometheusFile.scrapeConfig(target: target, tokenFile: tokenFile, caFile: caFile),
            terminator: ""
        )
    }
}
