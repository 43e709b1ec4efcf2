import Model
import NIOCore
import Synchronization

/// The wakes that were asked for and not answered yet: one an app, however many requests wait and Machines sleep.
final class WakeBoard: Sendable {
    /// Returns whether this is the first to ask; `key` is that of the app's route.
    ///
    /// A second Machine of the app is woken only when the first is awake and that was not enough.
    func ask(_ machine: Machine.ID, key: String) -> Bool {
        state.withLock { state in
            if state.asked.values.contains(key) { return false }
            state.asked[machine] = key
            return true
        }
    }

    /// Takes in that a wake failed; the Machine is then left alone for a while, longer each time.
    func failed(_ machine: Machine.ID, at now: NIODeadline) {
        state.withLock { state in
            state.asked[machine] = nil
            let count = (state.failures[machine]?.count ?? 0) + 1
            state.failures[machine] = Failure(count: count, until: now + Self.pause(after: count))
        }
    }

    /// Machines of a route whose wake has failed too often to be tried now.
    ///
    /// The time is looked at only when there are any.
    func resting(_ route: Route, at time: @autoclosure () -> NIODeadline) -> Set<Machine.ID> {
        state.withLock { state in
            guard !state.failures.isEmpty else { return [] }
            let now = time()
            return Set(route.machines.map(\.machine).filter { (state.failures[$0]?.until ?? now) > now })
        }
    }

    /// Forgets all that the routes no longer call asleep; one that takes requests has no failures any more.
    func settle(_ index: RouteIndex) {
        state.withLock { state in
            state.asked = state.asked.filter { index.place(of: $0.key)?.state == .asleep }
            guard !state.failures.isEmpty else { return }
            state.failures = state.failures.filter {
                guard let now = index.place(of: $0.key)?.state else { return false }
                return now != .ready
            }
        }
    }

    /// What to ask for again on a new connection; the key is the route's.
    var open: [(machine: Machine.ID, key: String)] {
        state.withLock { state in state.asked.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    /// Once is an accident and costs nothing; then a second, doubled each time up to half a minute.
    static func pause(after count: Int) -> TimeAmount {
        count < 2 ? .zero : .milliseconds(Int64(min(30_000, 1000 << min(count - 2, 5))))
    }

    // MARK: - Private

    private struct Failure {
        var count: Int
        var until: NIODeadline
    }

    private struct State {
        var asked: [Machine.ID: String] = [:]
        var failures: [Machine.ID: Failure] = [:]
    }

    private let state = Mutex(State())
}
