import NIOCore
import Synchronization

/// How many requests wait for one app, over all event loops.
final class HeldCount: Sendable {
    var isZero: Bool { counter.load(ordering: .sequentiallyConsistent) == 0 }

    var count: Int { counter.load(ordering: .sequentiallyConsistent) }

    func enter(limit: Int) -> Bool {
        if counter.add(1, ordering: .sequentiallyConsistent).newValue <= limit { return true }
        leave()
        return false
    }

    func leave() { counter.subtract(1, ordering: .sequentiallyConsistent) }

    // MARK: - Private

    private let counter = Atomic<Int>(0)
}

/// Where a request is counted as waiting.
struct Holding {
    let count: HeldCount
    /// The route's.
    let key: String
    let app: String
    let since: NIODeadline
}
