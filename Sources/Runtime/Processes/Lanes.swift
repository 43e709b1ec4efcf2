import Dispatch
import Model
import Synchronization

/// Threads that may block: work on one Machine or volume goes in order, work on several at once.
final class Lanes<ID: Hashable & Sendable>: Sendable {
    private let queues = Mutex<[ID: DispatchQueue]>([:])

    /// Runs `body` after all that was given for the same one before.
    func run<Result: Sendable>(
        _ id: ID,
        _ body: @escaping @Sendable () throws(Fault) -> Result
    ) async throws -> Result {
        let queue = queues.withLock { queues in
            if let queue = queues[id] { return queue }
            let queue = DispatchQueue(label: "roost.lane.\(id)")
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

    /// Forgets one that is gone; work under way goes on.
    func forget(_ id: ID) {
        queues.withLock { $0[id] = nil }
    }
}
