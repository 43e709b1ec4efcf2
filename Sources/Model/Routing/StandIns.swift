/// What stands in for records that can't be read, so that what runs stays routed: as the edge had it last.
///
/// Nobody writes a stand-in to a store; it goes when the record is mended or removed.
package struct StandIns: Sendable {
    private var routes: [String: [Route]] = [:]
    private let domain: String

    /// Takes from the last routes that were in force; each app answers to `<app>.<domain>` beside its own names.
    package init(_ last: RouteTable, domain: String) {
        routes = Dictionary(grouping: last.apps, by: \.app)
        self.domain = domain
    }

    /// An app with the host names that led to it; nil for one that had none.
    package func app(_ name: String) -> App? {
        guard let route = routes[name]?.first else { return nil }
        var app = App(name: name, createdAt: Timestamp(milliseconds: 0), owner: "")
        app.hostnames = route.hostnames.filter { $0 != "\(name).\(domain)" }
        app.ownReach = route.reach
        app.privateAddresses = route.privateAddresses?.map {
            PrivateAddress(address: $0, createdAt: Timestamp(milliseconds: 0))
        }
        return app
    }

    /// A Machine that is routed as it was; nil for one that was not.
    package func machine(_ id: Machine.ID, of app: String) -> Machine? {
        for route in routes[app] ?? [] where route.isStream != true {
            guard let target = route.machines.first(where: { $0.machine == id }) else { continue }
            return Self.machine(target, app, autostart: route.autostart)
        }
        return nil
    }

    // MARK: - Private

    private static func machine(_ target: Route.Target, _ app: String, autostart: Bool) -> Machine {
        var service = MachineConfig.Service(internalPort: target.port)
        service.autostart = autostart
        service.concurrency.softLimit = target.softLimit
        service.concurrency.hardLimit = target.hardLimit
        var config = MachineConfig(image: "")
        config.services = [service]
        var machine = Machine(
            id: target.machine,
            name: "",
            app: app,
            region: target.region,
            host: "",
            createdAt: Timestamp(milliseconds: 0),
            spec: Machine.Spec(instance: "", config: config)
        )
        machine.status.address = target.address
        switch target.state {
        case .ready, .draining, .unknown:
            machine.status.state = .started(.blank)
            machine.status.ready = true
            machine.spec.cordoned = target.state != .ready
        case .coming: machine.status.state = .starting(attempt: 0)
        case .asleep: machine.status.state = .stopped(nil)
        }
        return machine
    }
}
