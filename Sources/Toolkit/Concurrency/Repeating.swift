/// Runs `body` again and again until the task is cancelled, with a pause before each but the first.
///
/// A pause that a cancellation cuts short is no pause: what was to wait does not happen then, as a `try?` around a sleep
/// would have it.
///
/// - Parameters:
///   - pause: from one end to the next beginning.
///   - first: how long the first one waits.
///   - body: what is done each time.
package func repeating(
    every pause: Duration,
    after first: Duration = .zero,
    _ body: () async -> Void
) async {
    do {
        if first > .zero { try await Task.sleep(for: first) }
        while !Task.isCancelled {
            await body()
            try await Task.sleep(for: pause)
        }
    } catch {
        return
    }
}
