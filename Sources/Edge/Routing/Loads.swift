import Model
import Synchronization

/// The load of every Machine that is in the routes, or has requests in flight still; a Machine in two routes has one in
/// each, as its limits are those of a service.
final class Loads: Sendable {
    /// The counter of a Machine in a route; marks whether its last request's end has to be told.
    func load(of target: Route.Target, for route: Route) -> MachineLoad {
        let key = Key(machine: target.machine, route: route.key)
        let load = state.withLock { state in
            if let load = state.all[key] { return load }
            let load = MachineLoad(target.machine)
            state.all[key] = load
            return load
        }
        load.isDraining = target.state == .draining || target.state == .asleep
        return load
    }

    /// Forgets Machines that are in the routes no longer, once they have no request in flight.
    func prune(_ update: RouteUpdate, _ index: RouteIndex) {
        state.withLock { state in
            for key in update.gone { state.leaving.insert(key) }
            for key in state.leaving {
                let isBack = index.entry(key: key.route)?.route.machines.contains { $0.machine == key.machine } ?? false
                guard isBack || state.all[key]?.open ?? 0 == 0 else { continue }
                if !isBack { state.all[key] = nil }
                state.leaving.remove(key)
            }
        }
    }

    /// Machines with requests in flight, and how many.
    func inFlight() -> [Machine.ID: Int] { sums(\.open) }

    /// Machines that were sent requests since this was last asked, and how many.
    func begun() -> [Machine.ID: Int] {
        state.withLock { state in
            var new: [Machine.ID: Int] = [:]
            for load in state.all.values {
                let number = load.takeBegun()
                if number > 0 { new[load.machine, default: 0] += number }
            }
            return new
        }
    }

    /// The streams among them, and those that take long.
    func ofKind(_ count: (MachineLoad) -> Int) -> [Machine.ID: Int]? {
        let sums = sums(count)
        return sums.isEmpty ? nil : sums
    }

    /// A Machine in a route.
    struct Key: Hashable, Sendable {
        let machine: Machine.ID
        let route: String
    }

    // MARK: - Private

    private struct State {
        var all: [Key: MachineLoad] = [:]
        /// In no route any more, with requests in flight a moment ago.
        var leaving: Set<Key> = []
    }

    private let state = Mutex(State())

    private func sums(_ count: (MachineLoad) -> Int) -> [Machine.ID: Int] {
        state.withLock { state in
            var sums: [Machine.ID: Int] = [:]
            for load in state.all.values {
                let number = count(load)
                if number > 0 { sums[load.machine, default: 0] += number }
            }
            return sums
        }
    }
}
