import Model
import NIOCore

/// All that belongs to one event loop: its copy of the routes, its connections, the requests that it holds.
final class EdgeLoop {
    /// Where a request goes.
    enum Choice {
        /// A place at this Machine is taken for it.
        case send(Route.Target, MachineLoad)
        case wait
        case refuse
    }

    let eventLoop: any EventLoop
    let shared: EdgeShared
    let pool: UpstreamPool
    private(set) var index: RouteIndex?
    private(set) var isClosing = false
    var requestIDs: RequestIDs
    /// The other event loops, to tell them of a place that has become free.
    var peers: [NIOLoopBound<EdgeLoop>] = []

    var limits: EdgeServer.Limits { shared.configuration.limits }

    init(eventLoop: any EventLoop, shared: EdgeShared) {
        self.eventLoop = eventLoop
        self.shared = shared
        requestIDs = RequestIDs(region: shared.configuration.region)
        pool = UpstreamPool(eventLoop: eventLoop, limits: shared.configuration.limits)
    }

    // MARK: - Routes

    /// Uses a new table from now on; requests that wait are looked at again.
    func adopt(_ index: RouteIndex) {
        self.index = index
        pool.retain(index)
        for (app, queue) in held {
            for client in queue where client.isHeld { client.route() }
            if held[app]?.isEmpty == true { held[app] = nil }
        }
    }

    /// Chooses a Machine and takes a place at it, or asks for a wake.
    func choose(_ entry: RouteIndex.Entry, excluding excluded: Set<Machine.ID>) -> Choice {
        spin &+= 1
        // A place may be lost to another loop between the look and the grasp; then the Machine counts as full.
        for _ in 0...entry.route.machines.count {
            let decision = Balancer.decide(
                entry.route,
                load: { entry.loads[$0]?.count ?? 0 },
                excluding: excluded,
                spin: spin
            )
            switch decision {
            case .send(let target):
                guard let load = entry.loads[target.machine] else { return .refuse }
                if load.acquire(limit: target.hardLimit) { return .send(target, load) }
            case .wake(let target):
                if shared.wakes.ask(target.machine, app: entry.route.app) {
                    shared.signals.send(.wake(app: entry.route.app, machine: target.machine))
                }
                return .wait
            case .wait: return .wait
            case .refuse: return .refuse
            }
        }
        return .wait
    }

    /// A Machine could not be started: those who waited for it go elsewhere at once, or not at all.
    func wakeFailed(_ machine: Machine.ID) {
        guard let route = index?.table.apps.first(where: { $0.machines.contains { $0.machine == machine } }) else {
            return
        }
        for client in held[route.app] ?? [] where client.isHeld { client.wakeFailed(machine) }
    }

    // MARK: - Places

    /// Gives a place back, and lets those who wait have it.
    func release(_ load: MachineLoad, app: String) {
        _ = load.release()
        settle(load)
        guard let entry = index?.entry(app: app), !entry.held.isZero else { return }
        offer(app)
        for peer in peers { peer.execute { $0.offer(app) } }
    }

    /// Tells when a draining Machine has no request left that its stop should wait for.
    func settle(_ load: MachineLoad) {
        if load.isDraining, load.waitedFor == 0 { shared.signals.send(.drained) }
    }

    func hold(_ client: ClientConnection, app: String) {
        held[app, default: []].append(client)
        shared.troubles.held(app)
    }

    func letGo(_ client: ClientConnection, app: String) { held[app]?.removeAll { $0 === client } }

    /// A request has met with an error of the edge's own.
    func tell(_ trouble: EdgeTrouble) {
        if shared.troubles.add(trouble) { shared.signals.send(.trouble) }
    }

    // MARK: - Connections

    var connectionCount: Int { clients.count }

    func add(_ client: ClientConnection) { clients[ObjectIdentifier(client)] = client }

    func remove(_ client: ClientConnection) {
        clients[ObjectIdentifier(client)] = nil
        for gate in gates { gate.open() }
        if clients.isEmpty {
            drained?.succeed()
            drained = nil
        }
    }

    func add(_ gate: AcceptGate) { gates.append(gate) }

    /// Ends what is overdue; called some times a second.
    func tick() {
        let now = NIODeadline.now()
        pool.sweep(now)
        for client in clients.values { client.tick(now) }
    }

    /// Lets idle connections go, and the others after their present request; tells when the last is gone.
    func drain(_ done: EventLoopPromise<Void>) {
        isClosing = true
        gates = []
        guard !clients.isEmpty else { return done.succeed() }
        drained = done
        for client in clients.values { client.drain() }
    }

    /// Closes everything now.
    func close() {
        isClosing = true
        gates = []
        for client in clients.values { client.abort() }
        pool.close()
    }

    // MARK: - Private

    private var clients: [ObjectIdentifier: ClientConnection] = [:]
    private var held: [String: [ClientConnection]] = [:]
    private var gates: [AcceptGate] = []
    private var drained: EventLoopPromise<Void>?
    private var spin = 0

    /// First come, first served: ends at the first who still finds no place.
    private func offer(_ app: String) {
        for client in held[app] ?? [] where client.isHeld {
            client.route()
            if client.isHeld { return }
        }
    }
}

extension NIOLoopBound where Value == EdgeLoop {
    /// Runs `body` on the event loop, some time soon.
    func execute(_ body: @escaping @Sendable (EdgeLoop) -> Void) {
        eventLoop.execute { body(value) }
    }

    /// Runs `body` on the event loop, and waits for it.
    func submit(_ body: @escaping @Sendable (EdgeLoop) -> Void) async throws {
        try await eventLoop.submit { body(value) }.get()
    }
}
