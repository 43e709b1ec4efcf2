import ArgumentParser
import Client

struct MetricsText: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "text",
        abstract: "Print the page of numbers as Prometheus reads it."
    )

    func run() async throws {
        print(try await RoostClient.atHost { try await $0.text("/metrics") }, terminator: "")
    }
}
