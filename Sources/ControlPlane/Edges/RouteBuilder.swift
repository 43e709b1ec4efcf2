import Model

/// Makes the edge's view of apps from their records.
enum RouteBuilder {
    /// The routes of one app: one for each port that its configuration publishes, none when it publishes none.
    ///
    /// Each answers to `<app>.<domain>`, beside the app's own host names, unless the app is closed to clients outside;
    /// `machines` are the app's, in any order.
    static func routes(of app: App, machines: [Machine], domain: String) -> [Route] {
        guard !app.destroying else { return [] }
        var routes: [Int?: Route] = [:]
        let isMixed = Set(machines.lazy.filter { $0.status.address != nil }.map(\.spec.release)).count > 1
        let statics = StaticShelf.all(of: machines.filter { $0.status.address != nil })
        for machine in machines.sorted(by: { $0.id < $1.id }) {
            for one in machine.spec.config.published {
                var route =
                    routes[one.port]
                    ?? Route(
                        app: app.name,
                        hostnames: app.publicNames(domain: domain),
                        autostart: one.service.autostart,
                        machines: [],
                        port: one.port
                    )
                route.idleTimeout = route.idleTimeout ?? one.service.idleTimeout
                route.traffic = app.traffic
                route.options = route.options ?? one.options
                route.tlsOptions = route.tlsOptions ?? one.tlsOptions
                route.rateLimit = route.rateLimit ?? one.service.rateLimit
                route.reach = app.ownReach
                if !app.reach.isClosed { Self.add(one.entrances, to: &route.entrances) }
                if let own = app.privateAddresses, !own.isEmpty {
                    route.privateAddresses = own.map(\.address)
                    Self.add(one.privatePorts, to: &route.privatePorts)
                }
                if one.isStream { route.isStream = true }
                if one.service.forceHTTPS { route.forceHTTPS = true }
                if isMixed { route.compares = true }
                if let target = target(machine, one.service) { route.machines.append(target) }
                if one.isStream { route.statics = nil } else { route.statics = statics }
                if let path = closedPath(machine.spec.config, one), !(route.closedPaths ?? []).contains(path) {
                    route.closedPaths = (route.closedPaths ?? []) + [path]
                }
                routes[one.port] = route
            }
        }
        return routes.values.sorted { ($0.port ?? 0) < ($1.port ?? 0) }
    }

    // MARK: - Private

    /// Each once, in the order of the Machines; none at all stays nil.
    private static func add(_ new: [Entrance], to list: inout [Entrance]?) {
        for one in new where !(list ?? []).contains(one) { list = (list ?? []) + [one] }
    }

    /// Where a Machine tells its numbers at a port that is open to all: they are for the host alone.
    private static func closedPath(_ config: MachineConfig, _ one: MachineConfig.Published) -> String? {
        guard !one.isStream, let metrics = config.metrics, metrics.port == one.service.internalPort else { return nil }
        return metrics.path
    }

    private static func target(_ machine: Machine, _ service: MachineConfig.Service) -> Route.Target? {
        guard let address = machine.status.address, let state = state(of: machine, autostart: service.autostart) else {
            return nil
        }
        var target = Route.Target(
            machine: machine.id,
            region: machine.region,
            address: address,
            port: service.internalPort,
            state: state,
            concurrency: service.concurrency
        )
        target.share = machine.spec.config.share
        return target
    }

    /// Nil: the edge need not know of it.
    private static func state(of machine: Machine, autostart: Bool) -> Route.State? {
        switch machine.status.state {
        case .started:
            if machine.isUnrouted { return .draining }
            if machine.status.ready { return .ready }
            return machine.status.proven ? .draining : .coming
        case .starting, .restarting:
            if machine.isUnrouted { return .draining }
            // A request is not to wait for its Machine's turn after a start of the host.
            let mayWake = machine.status.state.awaitsBootSince != nil && machine.status.proven && autostart
            return mayWake ? .asleep : .coming
        case .stopping(_, .started): return .draining
        case .stopping, .suspending: return .draining
        case .stopped, .suspended: return machine.isUnrouted ? .draining : .asleep
        // One that was good with this very configuration may be so again: a request tries it. A new one may not.
        case .failed: return machine.status.proven && !machine.isUnrouted ? .asleep : nil
        case .created, .destroying, .destroyed, .unknown: return nil
        }
    }
}
