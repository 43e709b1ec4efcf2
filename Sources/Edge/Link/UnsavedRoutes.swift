import Model
import Synchronization

/// What has changed since the routes were last written to disk, put together while a write is under way.
final class UnsavedRoutes: Sendable {
    /// Has an element when there is something to take.
    let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation
    private let changes = Mutex<RouteChanges?>(nil)

    init() {
        (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ next: RouteChanges) {
        changes.withLock { changes in
            if changes == nil { changes = next } else { changes?.add(next) }
        }
        ring.yield()
    }

    func take() -> RouteChanges? { changes.withLock { $0.take() } }
}
