import Model

/// Makes the edge's view of all apps from their records.
enum RouteBuilder {
    /// The routes of all apps with services; each answers to `<app>.<domain>`, beside its own host names.
    static func table(revision: Int64, apps: [App], machines: [Machine], domain: String) -> RouteTable {
        let byApp = Dictionary(grouping: machines, by: \.app)
        let routes = apps.filter { !$0.destroying }.compactMap { app -> Route? in
            let own = (byApp[app.name] ?? []).sorted { $0.id < $1.id }
            let targets = own.compactMap(target)
            // An app without services is not on the network at all.
            guard let service = own.lazy.compactMap(\.spec.config.services.first).first else { return nil }
            return Route(
                app: app.name,
                hostnames: ["\(app.name).\(domain)"] + app.hostnames,
                autostart: service.autostart,
                machines: targets
            )
        }
        return RouteTable(revision: revision, apps: routes)
    }

    // MARK: - Private

    private static func target(_ machine: Machine) -> Route.Target? {
        guard let service = machine.spec.config.services.first, let address = machine.status.address,
            let state = state(of: machine, autostart: service.autostart)
        else { return nil }
        return Route.Target(
            machine: machine.id,
            region: machine.region,
            address: address,
            port: service.internalPort,
            state: state,
            concurrency: service.concurrency
        )
    }

    /// Nil: the edge need not know of it.
    private static func state(of machine: Machine, autostart: Bool) -> Route.State? {
        switch machine.status.state {
        case .started:
            if machine.isUnrouted { return .draining }
            if machine.status.ready { return .ready }
            return machine.status.proven ? .draining : .coming
        case .starting, .restarting: return machine.isUnrouted ? .draining : .coming
        case .stopping(_, .started): return .draining
        case .stopping, .suspending: return .draining
        case .stopped, .suspended: return machine.isUnrouted ? .draining : .asleep
        case .created, .failed, .destroying, .destroyed: return nil
        }
    }
}
