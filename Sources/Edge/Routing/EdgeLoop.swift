import Model
import NIOCore

/// All that belongs to one event loop: its copy of the routes, its connections, the requests that it holds.
final class EdgeLoop {
    /// Where a request goes.
    enum Choice {
        /// A place at this Machine is taken for it.
        case send(Route.Target, Place)
        case wait
        /// Its client has as many places of the app as it may.
        case waitForOwn
        case refuse
    }

    let eventLoop: any EventLoop
    let shared: EdgeShared
    let pool: UpstreamPool
    private(set) var index: RouteIndex?
    private(set) var isClosing = false
    /// The present time, exact to one tick: fine for time-outs of seconds, and free.
    private(set) var time = NIODeadline.now()
    /// As `time`, but never before it: what is timed from here never ends early.
    var latest: NIODeadline { time + tickLength }
    var requestIDs: RequestIDs
    var date = DateField()
    /// What is counted of its requests and connections.
    let stats = LoopStats()
    /// The other event loops, to tell them of a place that has become free.
    var peers: [NIOLoopBound<EdgeLoop>] = []

    var limits: EdgeServer.Limits { shared.configuration.limits }

    init(eventLoop: any EventLoop, shared: EdgeShared) {
        self.eventLoop = eventLoop
        self.shared = shared
        requestIDs = RequestIDs(region: shared.configuration.region)
        pool = UpstreamPool(eventLoop: eventLoop, limits: shared.configuration.limits)
        tickLength = shared.configuration.limits.tick.amount
    }

    // MARK: - Routes

    /// Uses new routes from now on; requests that wait for them are looked at again.
    func adopt(_ update: RouteUpdate) {
        for target in index.take(update) { pool.forget(UpstreamPool.Key(target)) }
        for key in update.keys {
            for client in held[key] ?? [] where client.isHeld { client.route() }
            if held[key]?.isEmpty == true { held[key] = nil }
        }
    }

    /// Chooses a Machine and takes a place at it, or asks for a wake.
    func choose(
        _ entry: RouteIndex.Entry,
        for client: ClientKey,
        aim: Aim = Aim(),
        excluding refused: Set<Machine.ID>
    ) -> Choice {
        spin &+= 1
        let shares = entry.clientShare == nil ? nil : entry.shares
        if let limit = entry.clientShare, !entry.shares.enter(client, limit: limit) { return .waitForOwn }
        let choice = choose(entry, aim, excluding: refused)
        guard case .send(let place) = choice else {
            shares?.leave(client)
            return choice == .refuse ? .refuse : .wait
        }
        let target = entry.route.machines[place]
        var taken = Place(load: entry.loads[place], key: entry.route.key, shares: shares, client: client)
        taken.answers = entry.answers
        if entry.comparesMachines { taken.ownAnswers = entry.loads[place].answers }
        return .send(target, taken)
    }

    /// A Machine could not be started: those who waited for it go elsewhere at once, or not at all.
    func wakeFailed(_ machine: Machine.ID) {
        guard let key = index?.place(of: machine)?.key else { return }
        for client in held[key] ?? [] where client.isHeld { client.wakeFailed(machine) }
    }

    /// A Machine is about to stop: its streams end in good order.
    func endStreams(of machine: Machine.ID) {
        for case let client as ClientConnection in clients.values { client.endStream(of: machine) }
    }

    // MARK: - Places

    /// A place has become free: those who wait have it.
    func settle(_ place: Place) {
        settle(place.load)
        guard let entry = index?.entry(key: place.key), !entry.held.isZero else { return }
        offer(place.key)
        for peer in peers { peer.execute { [key = place.key] in $0.offer(key) } }
    }

    /// Tells when a draining Machine has no request left that its stop should wait for.
    func settle(_ load: MachineLoad) {
        if load.isDraining, load.waitedFor == 0 { shared.signals.send(.drained) }
    }

    func hold(_ client: any Waiter, key: String, app: String) {
        held[key, default: []].append(client)
        shared.troubles.held(app)
    }

    func letGo(_ client: any Waiter, key: String) { held[key]?.removeAll { $0 === client } }

    /// A request has met with an error of the edge's own.
    func tell(_ trouble: EdgeTrouble) {
        if shared.troubles.add(trouble) { shared.signals.send(.trouble) }
    }

    // MARK: - Connections

    var connectionCount: Int { clients.count }

    func add(_ client: any EdgeClient) { clients[ObjectIdentifier(client)] = client }

    func remove(_ client: any EdgeClient) {
        clients[ObjectIdentifier(client)] = nil
        for gate in gates { gate.open() }
        if clients.isEmpty {
            drained?.succeed()
            drained = nil
        }
    }

    func add(_ gate: AcceptGate) { gates.append(gate) }

    /// Closes some connections that wait for their client's next request, the oldest first: others wait to be accepted.
    func makeRoom() {
        let oldest = time - .seconds(1)
        let idle = clients.values.filter { $0.idleSince ?? time < oldest }
        for client in idle.sorted(by: { $0.idleSince ?? time < $1.idleSince ?? time }).prefix(32) {
            client.drain()
        }
    }

    /// Ends what is overdue; called some times a second.
    func tick() {
        time = .now()
        pool.sweep(time)
        for client in clients.values { client.tick(time) }
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

    private var clients: [ObjectIdentifier: any EdgeClient] = [:]
    private var held: [String: [any Waiter]] = [:]
    private var gates: [AcceptGate] = []
    private var drained: EventLoopPromise<Void>?
    private var spin = 0
    private let tickLength: TimeAmount

    private enum Pick: Equatable {
        case send(Int)
        /// One is being started for it.
        case woken
        case wait
        case refuse
    }

    /// The first of the groups of Machines that the aim names in which one takes the request.
    private func choose(_ entry: RouteIndex.Entry, _ aim: Aim, excluding refused: Set<Machine.ID>) -> Pick {
        guard !aim.isOpen else { return choose(entry, among: nil, excluding: refused) }
        var waits = false
        for stage in aim.stages(entry.route) {
            switch choose(entry, among: stage, excluding: refused) {
            case .send(let place): return .send(place)
            case .woken: return .wait
            case .wait: waits = true
            case .refuse: continue
            }
        }
        return waits ? .wait : .refuse
    }

    private func choose(
        _ entry: RouteIndex.Entry,
        among places: [Int]?,
        excluding refused: Set<Machine.ID>
    ) -> Pick {
        guard let places else { return pick(entry.route, { entry.loads[$0] }, excluding: refused) }
        var part = entry.route
        part.machines = places.map { entry.route.machines[$0] }
        let pick = pick(part, { entry.loads[places[$0]] }, excluding: refused)
        return if case .send(let place) = pick { .send(places[place]) } else { pick }
    }

    private func pick(_ route: Route, _ load: (Int) -> MachineLoad, excluding refused: Set<Machine.ID>) -> Pick {
        let resting = shared.wakes.resting(route, at: .now()).union(ejected(route, load))
        let excluded = resting.isEmpty ? refused : refused.union(resting)
        // A place may be lost to another loop between the look and the grasp; then the Machine counts as full.
        for _ in 0...route.machines.count {
            let decision = Balancer.decide(route, load: { load($0).count }, excluding: excluded, spin: spin)
            switch decision {
            case .send(let place, let sleeper):
                if let sleeper { wake(sleeper, of: route) }
                if load(place).acquire(limit: route.machines[place].hardLimit) { return .send(place) }
            case .wake(let sleeper):
                wake(sleeper, of: route)
                return .woken
            case .wait:
                // Nothing that this could wait for: what is left was tried a moment ago.
                if !resting.isEmpty, !Balancer.isHopeful(route, excluding: resting) { return .refuse }
                return .wait
            case .refuse: return .refuse
            }
        }
        return .wait
    }

    /// Machines that were out of reach lately, as long as others take requests.
    private func ejected(_ route: Route, _ load: (Int) -> MachineLoad) -> Set<Machine.ID> {
        guard route.machines.count > 1 else { return [] }
        let now = time.uptimeNanoseconds
        var ejected: Set<Machine.ID> = []
        var others = false
        for (place, target) in route.machines.enumerated() where target.state == .ready {
            if load(place).isEjected(at: now) { ejected.insert(target.machine) } else { others = true }
        }
        return others ? ejected : []
    }

    private func wake(_ sleeper: Int, of route: Route) {
        let machine = route.machines[sleeper].machine
        guard shared.wakes.ask(machine, key: route.key) else { return }
        shared.signals.send(.wake(app: route.app, machine: machine))
    }

    /// First come, first served: ends at the first who still finds no place, but for those who have their share.
    private func offer(_ key: String) {
        var sated: Set<ClientKey> = []
        for client in held[key] ?? [] where client.isHeld && !sated.contains(client.key) {
            client.route()
            guard client.isHeld else { continue }
            guard client.waitsForOwn else { return }
            sated.insert(client.key)
        }
    }
}

/// A request's place at a Machine.
struct Place {
    let load: MachineLoad
    /// The route's.
    let key: String
    /// Where it counts as its client's; nil where clients have no limit.
    let shares: ClientShares?
    let client: ClientKey
    /// False while the request waits for its client, and the place is others'.
    var isTaken = true
    /// Where its answer is counted.
    var answers: AnswerCounter?
    /// The Machine's own, where Machines are compared.
    var ownAnswers: AnswerCounter?

    /// Gives it to others for a while.
    mutating func yield() {
        guard isTaken else { return }
        isTaken = false
        load.yield()
        shares?.leave(client)
    }

    /// Takes it again.
    mutating func resume() {
        guard !isTaken else { return }
        isTaken = true
        load.resume()
        shares?.enter(client)
    }

    /// The request is over.
    func end() {
        load.release(placed: isTaken)
        if isTaken { shares?.leave(client) }
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
