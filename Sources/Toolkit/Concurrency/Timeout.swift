import Model

/// Runs `body`, and throws a ``Fault`` `timedOut` when it takes longer than `limit`; `body` is then cancelled.
package func withTimeout<Result: Sendable>(
    _ limit: Duration,
    _ what: String,
    _ body: @escaping @concurrent @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: limit)
            throw Fault(.timedOut, "\(what) took longer than \(GoDuration(limit).text)")
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
