import Model
import Synchronization

/// Requests in flight at one Machine, counted over all event loops.
final class MachineLoad: Sendable {
    let machine: Machine.ID

    init(_ machine: Machine.ID) { self.machine = machine }

    var count: Int { counter.load(ordering: .relaxed) }

    /// Of them, those whose end nobody waits for, and those that have taken long already.
    var streams: Int { streaming.load(ordering: .sequentiallyConsistent) }
    var long: Int { lasting.load(ordering: .sequentiallyConsistent) }

    /// Requests that a stop should wait for.
    var waitedFor: Int { counter.load(ordering: .sequentiallyConsistent) - streams }

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

    /// A request is taken for something else than before.
    func move(from old: Stay, to new: Stay) {
        for (stay, change) in [(old, -1), (new, 1)] {
            switch stay {
            case .short: continue
            case .long: lasting.add(change, ordering: .sequentiallyConsistent)
            case .stream: streaming.add(change, ordering: .sequentiallyConsistent)
            }
        }
    }

    // MARK: - Private

    private let counter = Atomic<Int>(0)
    private let lasting = Atomic<Int>(0)
    private let streaming = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
}
