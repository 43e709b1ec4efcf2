import Synchronization

/// Lets one at a time do what bears the same key, in the order in which they came.
final class KeyedLock: Sendable {
    /// A key is in here while somebody holds it, with those who wait for it.
    private let state = Mutex<[String: [Waiter]]>([:])
    private let numbers = Mutex<UInt64>(0)

    private struct Waiter {
        var number: UInt64
        var continuation: CheckedContinuation<Void, any Error>
    }

    /// Runs `body` when nobody else holds the key; before it waits, if it has to, `onWait`.
    ///
    /// Throws `CancellationError` when cancelled while waiting.
    func withLock<Result>(
        _ key: String,
        onWait: () async throws -> Void = {},
        _ body: () async throws -> Result
    ) async throws -> Result {
        if !acquireAtOnce(key) {
            try await onWait()
            try await acquire(key)
        }
        defer { release(key) }
        try Task.checkCancellation()
        return try await body()
    }

    /// Whether somebody holds the key now.
    func isHeld(_ key: String) -> Bool { state.withLock { $0[key] != nil } }

    // MARK: - Private

    private func acquireAtOnce(_ key: String) -> Bool {
        state.withLock { state in
            guard state[key] == nil else { return false }
            state[key] = []
            return true
        }
    }

    private func acquire(_ key: String) async throws {
        let number = numbers.withLock { number in
            number += 1
            return number
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                state.withLock { state in
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else if state[key] == nil {
                        state[key] = []
                        continuation.resume()
                    } else {
                        state[key]?.append(Waiter(number: number, continuation: continuation))
                    }
                }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let place = state[key]?.firstIndex(where: { $0.number == number }) else { return nil }
                return state[key]?.remove(at: place)
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    private func release(_ key: String) {
        let next = state.withLock { state -> Waiter? in
            guard state[key]?.isEmpty == false else {
                state[key] = nil
                return nil
            }
            return state[key]?.removeFirst()
        }
        next?.continuation.resume()
    }
}
