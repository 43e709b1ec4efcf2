import Model
import Synchronization

/// Requests in flight at one Machine, counted over all event loops.
final class MachineLoad: Sendable {
    let machine: Machine.ID

    init(_ machine: Machine.ID) { self.machine = machine }

    var count: Int { counter.load(ordering: .relaxed) }

    /// Nothing new goes there; its last request's end has to be told.
    var isDraining: Bool {
        get { draining.load(ordering: .sequentiallyConsistent) }
        set { draining.store(newValue, ordering: .sequentiallyConsistent) }
    }

    /// Takes a place, unless `limit` of them are taken.
    func acquire(limit: Int?) -> Bool {
        var seen = counter.load(ordering: .sequentiallyConsistent)
        while seen < limit ?? .max {
            let (exchanged, original) = counter.compareExchange(
                expected: seen,
                desired: seen + 1,
                ordering: .sequentiallyConsistent
            )
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Gives a place back; returns how many are still taken.
    func release() -> Int { counter.subtract(1, ordering: .sequentiallyConsistent).newValue }

    // MARK: - Private

    private let counter = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
}
