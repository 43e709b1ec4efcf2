import Dispatch
import Synchronization

/// Work on files that may wait for the disk, away from the threads on which async code runs.
enum Blocking {
    /// Says whether nobody waits for the work any more.
    final class Interruption: Sendable {
        private let isSet = Mutex(false)

        /// - Throws: `CancellationError` once the work was cancelled.
        func check() throws {
            if isSet.withLock({ $0 }) { throw CancellationError() }
        }

        fileprivate func set() { isSet.withLock { $0 = true } }
    }

    /// Runs it on a thread that may block.
    ///
    /// A cancellation does not stop it once it has begun, so it has to end by itself before long.
    static func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        return try await finish(body)
    }

    /// The same for work that takes long, and asks now and then whether it is still wanted.
    static func run<Result: Sendable>(
        interruptible body: @escaping @Sendable (Interruption) throws -> Result
    ) async throws -> Result {
        let interruption = Interruption()
        return try await withTaskCancellationHandler {
            try await run { try body(interruption) }
        } onCancel: {
            interruption.set()
        }
    }

    /// The same for what has to be done in a task that was cancelled, too.
    static func finish<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async {
                continuation.resume(with: Swift.Result { try body() })
            }
        }
    }
}
