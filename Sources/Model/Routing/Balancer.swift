/// Which Machine gets a request.
package enum Balancer {
    /// What to do with a request; Machines are named by their place in the route's list.
    package enum Decision: Equatable, Sendable {
        /// Send it there; when all are busy, ask for `waking` to be started beside, for those who come next.
        case send(Int, waking: Int? = nil)
        /// Ask for this one to be started, then wait.
        case wake(Int)
        /// One is on its way or being replaced, or all are full or unhealthy: wait for a change.
        case wait
        /// Nothing can ever answer as things stand: no Machine, or only sleepers that may not be woken.
        case refuse
    }

    /// A Machine with a share of the requests when it is its turn.
    ///
    /// Else, among the others: least loaded below the soft limit; else least loaded below the hard limit, and a sleeper woken
    /// beside; else a sleeper alone; else wait.
    ///
    /// - Parameters:
    ///   - route: the app and its Machines.
    ///   - load: requests in flight of the Machine at that place of the list.
    ///   - excluded: Machines that refused this very request, or whose wake failed.
    ///   - spin: breaks ties, so that equal Machines take turns; any number.
    /// - Returns: what to do now; ask again after a change when it is to wait.
    ///
    /// > Source: `proxy-dns`, section 5.3: soft limit deprioritises, hard limit excludes.
    package static func decide(
        _ route: Route,
        load: (Int) -> Int,
        excluding excluded: Set<Machine.ID> = [],
        spin: Int
    ) -> Decision {
        guard route.machines.contains(where: { $0.share != nil }) else {
            return decideEvenly(route, load: load, excluding: excluded, spin: spin)
        }
        if let place = drawn(route, spin), !excluded.contains(route.machines[place].machine) {
            let target = route.machines[place]
            if target.state == .ready, load(place) < target.hardLimit ?? .max { return .send(place) }
        }
        let sharing = route.machines.filter { $0.share != nil }.map(\.machine)
        let others = decideEvenly(route, load: load, excluding: excluded.union(sharing), spin: spin)
        if case .send = others { return others }
        // A Machine that should get little is better than none.
        return decideEvenly(route, load: load, excluding: excluded, spin: spin)
    }

    /// The Machine with a share whose turn this request is, spread evenly over a hundred.
    private static func drawn(_ route: Route, _ spin: Int) -> Int? {
        // 37 and 100 have no divisor in common: each remainder comes once in a hundred, far from its neighbours.
        var draw = ((spin % 100 + 100) % 100) * 37 % 100
        for (place, target) in route.machines.enumerated() {
            guard let share = target.share else { continue }
            if draw < share { return place }
            draw -= share
        }
        return nil
    }

    private static func decideEvenly(
        _ route: Route,
        load: (Int) -> Int,
        excluding excluded: Set<Machine.ID>,
        spin: Int
    ) -> Decision {
        var best: (place: Int, load: Int, band: Int)?
        var sleeper: Int?
        var coming = false
        var hope = false
        let count = route.machines.count
        // `spin` may be negative, and near the largest number: a counter that wraps around.
        let first = count == 0 ? 0 : (spin % count + count) % count
        for offset in 0..<count {
            let place = (offset + first) % count
            let state = route.machines[place].state
            if state.isDraining { hope = true }
            if state == .coming { coming = true }
            guard state == .asleep || state == .ready,
                excluded.isEmpty || !excluded.contains(route.machines[place].machine)
            else { continue }
            if state == .asleep {
                sleeper = sleeper ?? place
                continue
            }
            let current = load(place)
            if let hard = route.machines[place].hardLimit, current >= hard {
                hope = true
                continue
            }
            let band = current < route.machines[place].softLimit ? 0 : 1
            if let best, (best.band, best.load) <= (band, current) { continue }
            best = (place, current, band)
        }
        let woken = route.autostart && !coming ? sleeper : nil
        if let best { return .send(best.place, waking: best.band == 0 ? nil : woken) }
        if let woken { return .wake(woken) }
        return coming || hope || !excluded.isEmpty ? .wait : .refuse
    }

    /// Whether anything can come of waiting: a Machine that takes requests, is on its way or may be woken, and did not
    /// refuse this very request.
    package static func isHopeful(_ route: Route, excluding excluded: Set<Machine.ID>) -> Bool {
        route.machines.contains { target in
            switch target.state {
            case .ready: !excluded.contains(target.machine)
            case .asleep: route.autostart && !excluded.contains(target.machine)
            case .coming: true
            case .draining, .unknown: false
            }
        }
    }

    /// How many places of an app one client may have at once; nil when there is nothing to share out.
    ///
    /// Some are always left to others, so that no client closes the app to all by being slow; an app with fewer than
    /// three places has none to spare. The hard limits of the Machines that take requests are the places there are.
    package static func clientShare(_ route: Route) -> Int? {
        var places = 0
        for target in route.machines where target.state == .ready {
            guard let hard = target.hardLimit else { return nil }
            places += hard
        }
        return places < 3 ? nil : places - max(1, places / 10)
    }
}
