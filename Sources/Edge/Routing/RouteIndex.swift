import Model

/// The routes made ready for look-ups; each event loop has its own, which changes by ``RouteUpdate``s.
///
/// What a change costs depends on the routes that change, not on how many there are.
struct RouteIndex: Sendable {
    /// A route and what is counted for it.
    final class Entry: Sendable {
        let route: Route
        /// In the order of the route's Machines.
        let loads: [MachineLoad]
        let held: HeldCount
        let shares: ClientShares
        /// What was answered for it.
        let answers: AnswerCounter
        /// Its Machines are compared with each other, so that all are counted each.
        let comparesMachines: Bool
        /// Places that one client may have; nil is no limit.
        let clientShare: Int?
        /// The names that lead here, in lower case, with the route's port if it has one.
        let hosts: [String]
        let limiter: RateLimiter?
        let rules: AnswerRules?
        let closed: ClosedPaths?

        init(_ route: Route, loads: [MachineLoad], before: Entry?) {
            self.route = route
            self.loads = loads
            held = before?.held ?? HeldCount()
            shares = before?.shares ?? ClientShares()
            answers = before?.answers ?? AnswerCounter()
            comparesMachines = route.compares == true || route.machines.contains { $0.share != nil }
            clientShare = Balancer.clientShare(route)
            let suffix = route.port.map { ":\($0)" } ?? ""
            hosts = route.hostnames.map { $0.lowercased() + suffix }
            rules = AnswerRules(route.options)
            closed = ClosedPaths(route)
            if let limiter = before?.limiter, limiter.limit == route.rateLimit {
                self.limiter = limiter
            } else {
                limiter = route.rateLimit.map { RateLimiter($0) }
            }
        }
    }

    private(set) var revision: Int64 = 0
    private var hosts: [String: Entry] = [:]
    /// Routes that want a name which another has, by name.
    private var shadowed: [String: [Entry]] = [:]
    private var entries: [String: Entry] = [:]
    private var machines: [Machine.ID: (key: String, state: Route.State)] = [:]
    /// Routes that want TLS spoken in a way of their own.
    private var withTLSOptions = 0
    private var doors: [Int: [Door]] = [:]
    /// Private addresses, by their bytes, and what is open there.
    private var privateDoors: [[UInt8]: [Door]] = [:]
    /// Ports that some route is for, and how many.
    private var ports: [Int: Int] = [:]

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// The whole table, for the copy on disk.
    var table: RouteTable {
        RouteTable(revision: revision, apps: entries.values.map(\.route).sorted { $0.key < $1.key })
    }

    /// The route for this host name, which is lower case, at this port of the edge: by the name itself, or by the
    /// wildcard above it.
    func entry(host: String, port: Int) -> Entry? {
        exactEntry(host, port) ?? HostName.wildcard(over: host).flatMap { exactEntry($0, port) }
    }

    func entry(key: String) -> Entry? { entries[key] }

    var all: some Collection<Entry> { entries.values }
    /// The route of an app for requests that reached this port.
    func entry(app: String, port: Int) -> Entry? {
        for key in ["\(app):\(port)", app] {
            if let entry = entries[key], entry.route.isStream != true { return entry }
        }
        return nil
    }

    /// Where a connection leads that reaches a port which the edge has opened for routes; the first by name goes first.
    func doors(at port: Int) -> [Door] { doors[port] ?? [] }

    /// Where a Machine's connection to a private address leads.
    ///
    /// - Parameters:
    ///   - address: what was called.
    ///   - port: the same.
    ///   - client: who calls, which nobody can forge.
    /// - Returns: nil where nothing is open at that port, and for callers of another network than the address is of.
    func privateDoor(at address: IPAddress, port: Int, from client: IPAddress) -> Door? {
        guard let network = AppNetwork.number(of: address), network == AppNetwork.number(of: client) else { return nil }
        return privateDoors[address.bytes]?.first { $0.entrance.ports.contains(port) }
    }

    /// Some app wants TLS spoken in a way of its own.
    var hasTLSOptions: Bool { withTLSOptions > 0 }

    /// All ports that routes want to be opened.
    var openPorts: Set<Int> { Set(doors.keys) }

    /// A port of the edge as one of the routes that want it has it.
    struct Door: Sendable {
        let entry: Entry
        let entrance: Entrance
    }

    func hasApp(_ app: String) -> Bool {
        entries[app] != nil || ports.keys.contains { entries["\(app):\($0)"] != nil }
    }

    /// The route that a Machine is in, and what may be done with it there.
    func place(of machine: Machine.ID) -> (key: String, state: Route.State)? { machines[machine] }

    var keys: Set<String> { Set(entries.keys) }

    /// Takes in what is new.
    ///
    /// - Returns: Machines of changed routes that no longer take requests where they did.
    mutating func apply(_ update: RouteUpdate) -> [Route.Target] {
        revision = update.revision
        var before: [Route.Target] = []
        for key in update.removed { if let old = remove(key) { before += old.route.machines } }
        for entry in update.entries {
            if let old = remove(entry.route.key) { before += old.route.machines }
            add(entry)
        }
        return before.filter { target in
            guard target.state == .ready, let place = machines[target.machine] else { return target.state == .ready }
            let now = entries[place.key]?.route.machines.first { $0.machine == target.machine }
            return now?.state != .ready || now?.address != target.address || now?.port != target.port
        }
    }

    // MARK: - Private

    private func exactEntry(_ host: String, _ port: Int) -> Entry? {
        if !ports.isEmpty, ports[port] != nil, let entry = hosts["\(host):\(port)"] { return entry }
        return hosts[host]
    }

    private mutating func add(_ entry: Entry) {
        entries[entry.route.key] = entry
        for target in entry.route.machines { machines[target.machine] = (entry.route.key, target.state) }
        if let port = entry.route.port { ports[port, default: 0] += 1 }
        if entry.route.tlsOptions != nil { withTLSOptions += 1 }
        for entrance in entry.route.entrances ?? [] {
            for port in entrance.ports.prefix(AppConfig.Port.longest) {
                doors[port, default: []].append(Door(entry: entry, entrance: entrance))
                doors[port]?.sort { $0.entry.route.key < $1.entry.route.key }
            }
        }
        for address in entry.route.privateAddresses ?? [] {
            guard let bytes = IPAddress(address)?.bytes else { continue }
            let new = (entry.route.privatePorts ?? []).map { Door(entry: entry, entrance: $0) }
            privateDoors[bytes] = ((privateDoors[bytes] ?? []) + new).sorted { $0.entry.route.key < $1.entry.route.key }
        }
        for host in entry.hosts where entry.route.isStream != true {
            guard let other = hosts[host], other !== entry else {
                hosts[host] = entry
                continue
            }
            // Two apps want it: the first by name has it, whichever came first.
            let wins = entry.route.key < other.route.key
            hosts[host] = wins ? entry : other
            shadowed[host, default: []].append(wins ? other : entry)
        }
    }

    private mutating func remove(_ key: String) -> Entry? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        for target in entry.route.machines where machines[target.machine]?.key == key {
            machines[target.machine] = nil
        }
        if let port = entry.route.port {
            ports[port, default: 1] -= 1
            if ports[port] == 0 { ports[port] = nil }
        }
        if entry.route.tlsOptions != nil { withTLSOptions -= 1 }
        for port in (entry.route.entrances ?? []).flatMap(\.ports) {
            doors[port]?.removeAll { $0.entry === entry }
            if doors[port]?.isEmpty == true { doors[port] = nil }
        }
        for bytes in (entry.route.privateAddresses ?? []).compactMap({ IPAddress($0)?.bytes }) {
            privateDoors[bytes]?.removeAll { $0.entry === entry }
            if privateDoors[bytes]?.isEmpty == true { privateDoors[bytes] = nil }
        }
        for host in entry.hosts {
            shadowed[host]?.removeAll { $0 === entry }
            guard hosts[host] === entry else { continue }
            let next = shadowed[host]?.min { $0.route.key < $1.route.key }
            hosts[host] = next
            if let next { shadowed[host]?.removeAll { $0 === next } }
        }
        for host in entry.hosts where shadowed[host]?.isEmpty == true { shadowed[host] = nil }
        return entry
    }
}

/// Some new routes, made ready once for all event loops.
struct RouteUpdate: Sendable {
    let revision: Int64
    let entries: [RouteIndex.Entry]
    /// Keys of routes that are no more.
    let removed: [String]
    /// Machines that were in one of these routes, and are not any more.
    let gone: [Loads.Key]

    /// `before` is what is in force; its counts go on.
    ///
    /// - Throws: ``Fault`` for a route that no `serve` would send.
    init(_ changes: RouteChanges, loads: Loads, before: RouteIndex?) throws(Fault) {
        for route in changes.routes { try Self.check(route) }
        revision = changes.revision
        removed = changes.removed
        let old = (changes.removed + changes.routes.map(\.key)).compactMap { before?.entry(key: $0) }
        for load in old.flatMap(\.loads) { load.isDraining = true }
        var present: Set<Loads.Key> = []
        var entries: [RouteIndex.Entry] = []
        for route in changes.routes {
            let own = route.machines.map { loads.load(of: $0, for: route) }
            for target in route.machines { present.insert(.init(machine: target.machine, route: route.key)) }
            entries.append(RouteIndex.Entry(route, loads: own, before: before?.entry(key: route.key)))
        }
        self.entries = entries
        gone = old.map(\.route).flatMap { route in
            route.machines.map { Loads.Key(machine: $0.machine, route: route.key) }
        }.filter { !present.contains($0) }
    }

    /// All keys whose routes change.
    var keys: [String] { removed + entries.map(\.route.key) }

    private static func check(_ route: Route) throws(Fault) {
        for target in route.machines where !(1...65535).contains(target.port) || target.softLimit < 0 {
            throw Fault(
                .invalidConfig,
                "route of app \(route.app) names port \(target.port) and soft limit \(target.softLimit) of \(target.machine)"
            )
        }
    }
}
