import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct MetricsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show requests, errors, times, CPU and memory of each app, or of each Machine of one.",
        discussion:
            "Two looks at the host's numbers, some seconds apart. CPU is in cores, memory without what is only cached."
    )

    @Argument(help: "The app; all of them if left out.") var app: String?
    @Option(help: "Seconds between the two looks, 1 to 300.") var interval = 5
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        guard (1...300).contains(interval) else {
            throw UsageError(
                message: "--interval: expected 1 to 300, found \(interval)",
                hint: "roost metrics --interval 5"
            )
        }
        let summary = try await look()
        let rows = app.map { summary.machines(of: $0) } ?? summary.apps
        if json { return try Output.json(rows.map(MetricsRow.init)) }
        guard !rows.isEmpty else {
            return Output.warn(app.map { "\($0) has no Machine that runs" } ?? "there is no app yet: roost launch")
        }
        var table =
            app == nil
            ? Table("APP", "MACHINES", "REQ/S", "5XX", "P50", "P99", "CPU", "MEMORY", "RESTARTS")
            : Table("MACHINE", "REQ/S", "5XX", "P50", "P99", "CPU", "MEMORY")
        for row in rows {
            let cells = MetricsRow(row).cells
            if app == nil {
                table.add(
                    row.name,
                    "\(row.machines)",
                    cells[0],
                    cells[1],
                    cells[2],
                    cells[3],
                    cells[4],
                    cells[5],
                    "\(row.restarts)"
                )
            } else {
                table.add(row.name, cells[0], cells[1], cells[2], cells[3], cells[4], cells[5])
            }
        }
        Output.table(table)
    }

    // MARK: - Private

    private func look() async throws -> TrafficSummary {
        try await RoostClient.atHost { client in
            // An app that is not there is told as such, not as one without requests.
            if let app { _ = try await client.get(apiPath("apps", app), as: JSONValue.self) }
            let before = try ExpositionReader.read(Array(try await client.text("/metrics").utf8), limits: .page)
            let start = ContinuousClock.now
            try await Task.sleep(for: .seconds(interval))
            let after = try ExpositionReader.read(Array(try await client.text("/metrics").utf8), limits: .page)
            return TrafficSummary(before: before, after: after, seconds: start.duration(to: .now).seconds)
        }
    }
}

/// A line as JSON has it, and in words.
struct MetricsRow: Encodable {
    var name: String
    var requestsPerSecond: Double
    var errorShare: Double?
    var p50Seconds: Double?
    var p99Seconds: Double?
    var cores: Double
    var memoryBytes: Double?
    var memoryLimitBytes: Double?
    var restarts: Int
    var machines: Int

    init(_ row: TrafficSummary.Row) {
        name = row.name
        requestsPerSecond = row.requests
        errorShare = row.errors
        p50Seconds = row.median
        p99Seconds = row.p99
        cores = row.cores
        memoryBytes = row.memory
        memoryLimitBytes = row.memoryLimit
        restarts = row.restarts
        machines = row.machines
    }

    /// Requests, errors, p50, p99, CPU, memory.
    var cells: [String] {
        let memory = memoryBytes.flatMap { used in
            memoryLimitBytes.map { "\(Int(used) >> 20) of \(Int($0) >> 20) MiB" }
        }
        return [
            String(format: "%.1f", requestsPerSecond), errorShare.map { String(format: "%.1f %%", $0 * 100) } ?? "-",
            Self.time(p50Seconds), Self.time(p99Seconds), String(format: "%.2f", cores), memory ?? "-",
        ]
    }

    private static func time(_ seconds: Double?) -> String {
        guard let seconds else { return "-" }
        return seconds < 1 ? String(format: "%.0f ms", seconds * 1000) : String(format: "%.1f s", seconds)
    }
}

extension ExpositionReader.Limits {
    /// Of the host's own page, which bounds itself.
    fileprivate static var page: Self {
        var limits = Self()
        limits.samples = 2_000_000
        return limits
    }
}
