import Model
import Synchronization

/// What a build says and how long its parts take.
final class BuildTrace: Sendable {
    private let report: @Sendable (BuildProgress) async throws -> Void
    private let finished = Mutex<[BuildStage]>([])

    init(_ report: @escaping @Sendable (BuildProgress) async throws -> Void) {
        self.report = report
    }

    var stages: [BuildStage] { finished.withLock { $0 } }

    func say(_ stage: String, _ line: String) async throws {
        try await report(BuildProgress(stage: stage, line: line))
    }

    /// Runs one part, which says beside its result whether that was there already, and takes its time.
    func stage<Result>(
        _ name: String,
        _ body: () async throws -> (Result, cached: Bool)
    ) async throws -> Result {
        let start = ContinuousClock.now
        let (result, cached) = try await body()
        let stage = BuildStage(name: name, duration: start.duration(to: .now), cached: cached)
        finished.withLock { $0.append(stage) }
        return result
    }
}
