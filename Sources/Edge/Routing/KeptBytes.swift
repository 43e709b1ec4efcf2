import Synchronization

/// How much of request bodies is kept for a second try, over all event loops.
final class KeptBytes: Sendable {
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Takes so many more, unless that is too much.
    func take(_ bytes: Int) -> Bool {
        if total.add(bytes, ordering: .relaxed).newValue <= limit { return true }
        give(bytes)
        return false
    }

    func give(_ bytes: Int) { total.subtract(bytes, ordering: .relaxed) }

    // MARK: - Private

    private let total = Atomic<Int>(0)
}
