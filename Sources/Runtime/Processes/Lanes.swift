import Dispatch
import Model
import Synchronization

/// Threads that may block: work on one Machine goes in order, work on several at once.
final class Lanes: Sendable {
    private let queues = Mutex<[Machine.ID: DispatchQueue]>([:])

    /// Runs `body` after all that was given for the same Machine before.
    func run<Result: Sendable>(
        _ id: Machine.ID,
        _ body: @escaping @Sendable () throws(Fault) -> Result
    ) async throws -> Result {
        let queue = queues.withLock { queues in
            if let queue = queues[id] { return queue }
            let queue = DispatchQueue(label: "roost.machine.\(id)")
            queues[id] = queue
            return queue
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                do throws(Fault) {
                    continuation.resume(returning: try body())
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    /// Forgets a Machine that is gone; work under way goes on.
    func forget(_ id: Machine.ID) {
        queues.withLock { $0[id] = nil }
    }
}
