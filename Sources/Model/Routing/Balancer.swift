/// Which Machine gets a request.
package enum Balancer {
    /// What to do with a request.
    package enum Decision: Equatable, Sendable {
        case send(Route.Target)
        /// Ask for this one to be started, then wait.
        case wake(Route.Target)
        /// One is on its way or being replaced, or all are full or unhealthy: wait for a change.
        case wait
        /// Nothing can ever answer as things stand: no Machine, or only sleepers that may not be woken.
        case refuse
    }

    /// Least loaded below the soft limit; else wake a sleeper; else least loaded below the hard limit; else wait.
    ///
    /// - Parameters:
    ///   - route: the app and its Machines.
    ///   - load: requests in flight of a Machine.
    ///   - excluded: Machines that refused this very request, or whose wake failed.
    ///   - spin: breaks ties, so that equal Machines take turns; any number.
    /// - Returns: what to do now; ask again after a change when it is to wait.
    ///
    /// > Source: `proxy-dns`, section 5.3: soft limit deprioritises, hard limit excludes.
    package static func decide(
        _ route: Route,
        load: (Machine.ID) -> Int,
        excluding excluded: Set<Machine.ID> = [],
        spin: Int
    ) -> Decision {
        var best: (target: Route.Target, load: Int, band: Int)?
        var sleeper: Route.Target?
        var coming = false
        var hope = false
        let count = route.machines.count
        // `spin` may be negative, and near the largest number: a counter that wraps around.
        let first = count == 0 ? 0 : (spin % count + count) % count
        for offset in 0..<count {
            let target = route.machines[(offset + first) % count]
            switch target.state {
            case .draining: hope = true
            case .coming: coming = true
            case .asleep: if !excluded.contains(target.machine) { sleeper = sleeper ?? target }
            case .ready:
                if excluded.contains(target.machine) { continue }
                let current = load(target.machine)
                if let hard = target.hardLimit, current >= hard {
                    hope = true
                    continue
                }
                let band = current < target.softLimit ? 0 : 1
                if let best, (best.band, best.load) <= (band, current) { continue }
                best = (target, current, band)
            }
        }
        if let best, best.band == 0 { return .send(best.target) }
        if let sleeper, route.autostart, !coming { return .wake(sleeper) }
        if let best { return .send(best.target) }
        return coming || hope || !excluded.isEmpty ? .wait : .refuse
    }
}
