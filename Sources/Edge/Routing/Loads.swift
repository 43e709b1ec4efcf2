import Model
import Synchronization

/// The load of every Machine that is in the routes, or has requests in flight still.
final class Loads: Sendable {
    /// The counters for a new table; marks the Machines whose last request's end has to be told.
    ///
    /// Forgets none: an event loop may still use the table before. ``prune(_:)`` comes when all have changed over.
    func adopt(_ table: RouteTable) -> [Machine.ID: MachineLoad] {
        all.withLock { all in
            for load in all.values { load.isDraining = true }
            for target in table.apps.lazy.flatMap(\.machines) {
                let load = all[target.machine] ?? MachineLoad(target.machine)
                load.isDraining = target.state == .draining || target.state == .asleep
                all[target.machine] = load
            }
            return all
        }
    }

    /// Forgets Machines that are in the routes no longer, but for those with requests in flight.
    func prune(_ index: RouteIndex) {
        all.withLock { all in all = all.filter { index.states[$0.key] != nil || $0.value.count > 0 } }
    }

    /// Machines with requests in flight, and how many.
    func inFlight() -> [Machine.ID: Int] {
        all.withLock { all in all.compactMapValues { $0.count > 0 ? $0.count : nil } }
    }

    /// The streams among them, and those that take long.
    func ofKind(_ count: (MachineLoad) -> Int) -> [Machine.ID: Int]? {
        let all = all.withLock { all in all.compactMapValues { count($0) > 0 ? count($0) : nil } }
        return all.isEmpty ? nil : all
    }

    // MARK: - Private

    private let all = Mutex<[Machine.ID: MachineLoad]>([:])
}
