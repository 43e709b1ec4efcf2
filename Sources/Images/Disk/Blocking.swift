import Dispatch

/// Work on files that may wait for the disk, away from the threads on which async code runs.
enum Blocking {
    /// Runs it on a thread that may block.
    ///
    /// A cancellation does not stop it once it has begun, so it has to end by itself before long.
    static func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async {
                continuation.resume(with: Swift.Result { try body() })
            }
        }
    }
}
