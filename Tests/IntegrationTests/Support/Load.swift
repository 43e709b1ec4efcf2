import Foundation

/// A steady load on one app through the edge, from a process of its own, for a bounded time.
struct Load {
    struct Report: Decodable {
        /// By status, or by error.
        var results: [String: Int]
        var p50Milliseconds: Double
        var p99Milliseconds: Double
        var maxMilliseconds: Double

        private enum CodingKeys: String, CodingKey {
            case results
            case p50Milliseconds = "p50_ms"
            case p99Milliseconds = "p99_ms"
            case maxMilliseconds = "max_ms"
        }

        var total: Int { results.values.reduce(0, +) }
        var failed: Int { total - (results["200"] ?? 0) }
    }

    /// Runs `body` while requests come in; returns what their clients saw.
    static func during(
        _ host: TestHost,
        _ app: String,
        path: String = "/",
        seconds: Int,
        rate: Int = 200,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> Report {
        let script = "\(TestHost.package)/Tests/IntegrationTests/Fixtures/load.py"
        let arguments = [script, "\(host.port)", "\(app).localhost", path, "\(seconds)", "\(rate)"]
        async let outcome = Shell.run("/usr/bin/python3", arguments, limit: seconds + 90)
        try await Task.sleep(for: .milliseconds(500))
        try await body()
        let result = try await outcome
        guard result.code == 0 else { throw Failure("load.py: \(result.all)") }
        let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        print("load on \(app): \(result.output.trimmingCharacters(in: .newlines))")
        return report
    }
}
