import Foundation
import Model
import Synchronization

/// Hands changes to those who watch; one per store, fed under the store's own write lock.
package final class Watchers: Sendable {
    private struct Watcher {
        let prefix: String
        let continuation: AsyncStream<WatchEvent>.Continuation
    }

    private let all = Mutex<[Int: Watcher]>([:])
    private let next = Atomic<Int>(0)
    /// Changes that a watcher may lag behind before it is told to read again.
    private static let backlog = 4096

    package init() {}

    /// Adds a watcher that first gets `history`, then what `publish` brings.
    ///
    /// Must be called while no write can happen, or a change between `history` and now is lost.
    package func add(_ prefix: String, history: [WatchEvent]) -> AsyncStream<WatchEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: WatchEvent.self,
            bufferingPolicy: .bufferingOldest(Self.backlog)
        )
        let id = next.add(1, ordering: .relaxed).newValue
        all.withLock { $0[id] = Watcher(prefix: prefix, continuation: continuation) }
        continuation.onTermination = { [weak self] _ in
            self?.all.withLock { _ = $0.removeValue(forKey: id) }
        }
        for event in history { continuation.yield(event) }
        return stream
    }

    /// Tells everybody who watches a prefix of these keys.
    package func publish(_ events: [(key: String, event: WatchEvent)]) {
        let watchers = all.withLock { $0 }
        for watcher in watchers.values {
            for (key, event) in events where key.hasPrefix(watcher.prefix) {
                if case .dropped = watcher.continuation.yield(event) {
                    // The buffer is full: end the stream, which the reader takes for "read all again".
                    watcher.continuation.finish()
                }
            }
        }
    }
}
