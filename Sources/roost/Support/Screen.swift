import Foundation
import Synchronization
import Toolkit

/// Shows a job's progress on one stream, from several tasks at once.
final class Screen: Sendable {
    private let progress: Mutex<StepProgress>
    private let stream: FileHandle
    private let onErrors: Bool
    private let start = ContinuousClock.now
    /// How often the line that is redrawn shows another time.
    private static let tick = Duration.milliseconds(120)

    /// - Parameters:
    ///   - onErrors: write to standard error, because standard output is for a script to read.
    ///   - quiet: steps whose output is shown only when they fail.
    init(onErrors: Bool = false, quiet: Set<String> = []) {
        let style = onErrors ? Terminal.errors : Terminal.output
        self.onErrors = onErrors
        progress = Mutex(StepProgress(style: style, quiet: quiet))
        stream = onErrors ? .standardError : .standardOutput
    }

    /// Since this began.
    var elapsed: Duration { start.duration(to: .now) }

    func take(_ event: StepProgress.Event) { write { $0.take(event, at: elapsed) } }

    /// Marks the step under way as failed, and shows what it said last.
    func fail() { write { $0.fail(at: elapsed) } }

    /// Takes the line that is redrawn away, for other text to follow.
    func clear() { write { $0.clear() } }

    /// A message without what stands on the screen already.
    func unsaid(_ message: String) -> String { progress.withLock { $0.unsaid(message) } }

    /// Runs `body`, and meanwhile keeps the time of the step under way true.
    func whileRedrawn<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                while true {
                    try await Task.sleep(for: Self.tick)
                    write {
                        $0.width = (onErrors ? Terminal.errors : Terminal.output).width
                        return $0.tick(at: elapsed)
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    // MARK: - Private

    private func write(_ body: (inout StepProgress) -> String) {
        progress.withLock { progress in
            let text = body(&progress)
            guard !text.isEmpty else { return }
            // What was printed before comes before.
            fflush(nil)
            stream.write(Data(text.utf8))
        }
    }
}
