import Model

/// The routes of all apps, kept up to date record by record: what a change costs depends on the app that changes.
struct RouteBoard {
    /// What has become of a record.
    enum Change {
        case app(App)
        case machine(Machine)
        case appGone(String)
        case machineGone(Machine.ID)
    }

    /// That of the last change; 0 before the first records.
    private(set) var revision: Int64 = 0

    init(domain: String) {
        self.domain = domain
    }

    /// The whole table.
    var table: RouteTable {
        RouteTable(revision: revision, apps: routes.values.flatMap(\.self).sorted { $0.key < $1.key })
    }

    /// Takes in all records there are.
    ///
    /// - Returns: what that changes; nil when it changes nothing, which the first call never is.
    mutating func replace(apps newApps: [App], machines newMachines: [Machine], revision: Int64) -> RouteChanges? {
        let names = Set(apps.keys).union(newApps.map(\.name))
        apps = Dictionary(newApps.map { ($0.name, $0) }) { $1 }
        machines = [:]
        owners = [:]
        for machine in newMachines {
            machines[machine.app, default: [:]][machine.id] = machine
            owners[machine.id] = machine.app
        }
        return rebuild(names, revision)
    }

    /// Takes in one record.
    ///
    /// - Returns: what that changes; nil when it is nothing to the edge.
    mutating func take(_ change: Change, revision: Int64) -> RouteChanges? {
        switch change {
        case .app(let app):
            apps[app.name] = app
            return rebuild([app.name], revision)
        case .machine(let machine):
            machines[machine.app, default: [:]][machine.id] = machine
            owners[machine.id] = machine.app
            return rebuild([machine.app], revision)
        case .appGone(let name):
            apps[name] = nil
            return rebuild([name], revision)
        case .machineGone(let id):
            guard let app = owners.removeValue(forKey: id) else { return nil }
            machines[app]?[id] = nil
            return rebuild([app], revision)
        }
    }

    /// What was last known of an app.
    func app(_ name: String) -> App? { apps[name] }

    /// Names of all apps there are.
    var appNames: [String] { Array(apps.keys) }

    /// What was last known of an app's Machines.
    func machines(of app: String) -> [Machine] { Array((machines[app] ?? [:]).values) }

    /// The app that a change is about; nil for a Machine that nobody knew.
    func app(of change: Change) -> String? {
        switch change {
        case .app(let app): app.name
        case .machine(let machine): machine.app
        case .appGone(let name): name
        case .machineGone(let id): owners[id]
        }
    }

    /// What was last known of a Machine.
    func machine(_ id: Machine.ID, of app: String) -> Machine? { machines[app]?[id] }

    /// The app's usual route, or else its first.
    func route(app: String) -> Route? { routes[app]?.first }

    /// All that edges know of a Machine, in whichever routes.
    func targets(of machine: Machine.ID) -> [Route.Target] {
        guard let app = owners[machine] else { return [] }
        return (routes[app] ?? []).flatMap { $0.machines.filter { $0.machine == machine } }
    }

    /// Whether another Machine takes requests for whatever this one does.
    func hasOther(than machine: Machine.ID) -> Bool {
        guard let app = owners[machine] else { return false }
        let own = (routes[app] ?? []).filter { $0.machines.contains { $0.machine == machine } }
        return !own.isEmpty
            && own.allSatisfy { $0.machines.contains { $0.machine != machine && $0.state == .ready } }
    }

    // MARK: - Private

    private let domain: String
    private var apps: [String: App] = [:]
    private var machines: [String: [Machine.ID: Machine]] = [:]
    private var owners: [Machine.ID: String] = [:]
    private var routes: [String: [Route]] = [:]

    private mutating func rebuild(_ names: Set<String>, _ revision: Int64) -> RouteChanges? {
        var changes = RouteChanges(base: self.revision, revision: revision, routes: [])
        for name in names.sorted() {
            let old = routes[name] ?? []
            let new =
                apps[name].map { app in
                    RouteBuilder.routes(of: app, machines: Array((machines[name] ?? [:]).values), domain: domain)
                } ?? []
            if apps[name] == nil, machines[name]?.isEmpty == true { machines[name] = nil }
            routes[name] = new.isEmpty ? nil : new
            changes.routes += new.filter { !old.contains($0) }
            let kept = Set(new.map(\.key))
            changes.removed += old.map(\.key).filter { !kept.contains($0) }
        }
        // A write that changes nothing for the edge is not worth its time.
        guard self.revision == 0 || !changes.routes.isEmpty || !changes.removed.isEmpty else { return nil }
        self.revision = revision
        return changes
    }
}
