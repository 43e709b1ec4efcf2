import Model
import Synchronization

/// Requests in flight at one Machine, counted over all event loops.
final class MachineLoad: Sendable {
    let machine: Machine.ID
    /// What it has answered while it was compared with others.
    let answers = AnswerCounter()

    init(_ machine: Machine.ID) { self.machine = machine }

    /// Places that are taken: requests in flight, but for those that wait for their client.
    var count: Int { places.load(ordering: .sequentiallyConsistent) }

    /// Requests in flight, all of them.
    var open: Int { opened.load(ordering: .sequentiallyConsistent) }

    /// Of them, those whose end nobody waits for, and those that have taken long already.
    var streams: Int { streaming.load(ordering: .sequentiallyConsistent) }
    var long: Int { lasting.load(ordering: .sequentiallyConsistent) }

    /// Requests since this was last asked.
    func takeBegun() -> Int { started.exchange(0, ordering: .relaxed) }

    /// Requests that a stop should wait for.
    var waitedFor: Int { open - streams }

    /// Nothing new goes there; its last request's end has to be told.
    var isDraining: Bool {
        get { draining.load(ordering: .sequentiallyConsistent) }
        set { draining.store(newValue, ordering: .sequentiallyConsistent) }
    }

    /// Takes a place for a request, unless `limit` of them are taken.
    func acquire(limit: Int?) -> Bool {
        var seen = places.load(ordering: .sequentiallyConsistent)
        while seen < limit ?? .max {
            let (exchanged, original) = places.compareExchange(
                expected: seen,
                desired: seen + 1,
                ordering: .sequentiallyConsistent
            )
            if exchanged {
                opened.add(1, ordering: .sequentiallyConsistent)
                started.wrappingAdd(1, ordering: .relaxed)
                return true
            }
            seen = original
        }
        return false
    }

    /// A request has ended; `placed` when it still had its place.
    func release(placed: Bool) {
        if placed { yield() }
        opened.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// Gives a place to others for a while.
    func yield() { places.subtract(1, ordering: .sequentiallyConsistent) }

    /// Takes the place again, whether there is one or not: the request is at the Machine anyhow.
    func resume() { places.add(1, ordering: .sequentiallyConsistent) }

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

    // MARK: - Ejection

    /// It was out of reach several times in a row, and is passed over for a while where there is another.
    func isEjected(at now: UInt64) -> Bool { ejectedUntil.load(ordering: .relaxed) > now }

    /// A connection to it failed.
    ///
    /// > Source: after Envoy's passive ejection: a time that always ends, longer with each time in a row.
    func unreached(at now: UInt64) {
        let count = misses.add(1, ordering: .relaxed).newValue
        guard count >= Self.patience else { return }
        let seconds = min(60, 5 * (count - Self.patience + 1))
        ejectedUntil.store(now + UInt64(seconds) * 1_000_000_000, ordering: .relaxed)
    }

    /// A connection to it was made.
    func reached() {
        guard misses.load(ordering: .relaxed) > 0 else { return }
        misses.store(0, ordering: .relaxed)
        ejectedUntil.store(0, ordering: .relaxed)
    }

    // MARK: - Private

    /// Connections in a row that may fail.
    private static let patience = 3

    private let misses = Atomic<Int>(0)
    private let ejectedUntil = Atomic<UInt64>(0)
    private let places = Atomic<Int>(0)
    private let opened = Atomic<Int>(0)
    private let started = Atomic<Int>(0)
    private let lasting = Atomic<Int>(0)
    private let streaming = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
}
