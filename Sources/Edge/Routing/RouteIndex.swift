import Model

/// A route table made ready for look-ups: built once, read by all event loops, never changed.
final class RouteIndex: Sendable {
    /// An app and what is counted for it.
    final class Entry: Sendable {
        let route: Route
        let loads: [Machine.ID: MachineLoad]
        let held: HeldCount

        init(_ route: Route, loads: [Machine.ID: MachineLoad], held: HeldCount) {
            self.route = route
            self.loads = loads
            self.held = held
        }
    }

    let table: RouteTable
    let states: [Machine.ID: Route.State]

    /// Makes an index, which goes on with the counts of the one before it.
    ///
    /// - Throws: a ``Fault`` for a table that no `serve` would send.
    init(_ table: RouteTable, loads: Loads, before: RouteIndex?) throws(Fault) {
        try Self.check(table)
        self.table = table
        let counters = loads.adopt(table)
        var byHost: [String: Entry] = [:]
        var byApp: [String: Entry] = [:]
        var states: [Machine.ID: Route.State] = [:]
        for route in table.apps {
            var own: [Machine.ID: MachineLoad] = [:]
            for target in route.machines {
                own[target.machine] = counters[target.machine]
                states[target.machine] = target.state
            }
            let entry = Entry(route, loads: own, held: before?.apps[route.app]?.held ?? HeldCount())
            byApp[route.app] = entry
            for host in route.hostnames where byHost[host.lowercased()] == nil { byHost[host.lowercased()] = entry }
        }
        hosts = byHost
        apps = byApp
        self.states = states
    }

    /// The app that answers for this host name, which is lower case.
    func entry(host: String) -> Entry? { hosts[host] }

    func entry(app: String) -> Entry? { apps[app] }

    // MARK: - Private

    private let hosts: [String: Entry]
    private let apps: [String: Entry]

    private static func check(_ table: RouteTable) throws(Fault) {
        for route in table.apps {
            for target in route.machines where !(1...65535).contains(target.port) || target.softLimit < 0 {
                throw Fault(
                    .invalidConfig,
                    "route of app \(route.app) names port \(target.port) and soft limit \(target.softLimit) of \(target.machine)"
                )
            }
        }
    }
}
