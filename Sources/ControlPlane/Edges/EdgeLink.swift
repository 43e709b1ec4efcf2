import Foundation
package import Logging
package import Model
import ServiceLifecycle
package import Store
package import Toolkit

/// What `serve` knows of its edges: tells each the routes, hears what it has taken in, wakes Machines for it.
package actor EdgeLink: Service {
    struct Edge {
        let orders: AsyncStream<EdgeOrder>.Continuation
        var applied: Int64 = -1
        var inFlight: [Machine.ID: Int] = [:]
        var news = EdgeNews()
        var pid: Int32 = 0
        /// It understands changes, and several routes of one app.
        var takesChanges = false
        /// How many reports it has sent.
        var reports = 0
        /// It answers to private names.
        var takesNames = false
        /// It tells all that it has counted, and did so last.
        var tellsFigures = false
        var figures: EdgeCounts?
        var figureReports = 0
        /// How numbers tell its process from the one before it.
        var color = EdgeColor.blue
    }

    private let store: any StateStore
    private let fleet: any Fleet
    private let logger: Logger
    var edges: [Int: Edge] = [:]
    private var nextEdge = 0
    /// When the last edge went away, or this daemon began.
    private var aloneSince = ContinuousClock.now
    /// An edge that lost us is back within so long; until then it may go on by its old routes.
    private static let reunion = Duration.seconds(2)
    /// For records that can't be read.
    private let standIns: StandIns
    private let last: RouteTable
    /// Machines that run and have no record: routed as they were, until somebody decides about them.
    private var guests: Set<Machine.ID> = []
    private var board: RouteBoard
    private var names: NameBoard
    /// The records were read once: before that nothing is known, which is not the same as no routes.
    private var isPublished = false
    /// When a Machine last had a request, by this daemon's clock.
    private var lastBusy: [Machine.ID: Timestamp] = [:]
    private var followers: [Int: AsyncStream<Void>.Continuation] = [:]
    private var nextFollower = 0
    /// What each edge has counted, by its process: one that comes back goes on from where it was.
    var tallies: [Int32: [String: EdgeTally]] = [:]
    /// The same for Machines that are compared with a canary.
    var answers: [Int32: [Machine.ID: AnswerTally]] = [:]
    var figures = FigureAsking()
    /// Wakes, how many and how long.
    package let counts = CounterBook()

    /// Begins with the routes that were in force before this daemon, for what can't be read now.
    package init(
        store: any StateStore,
        domain: String,
        fleet: any Fleet,
        logger: Logger,
        last: RouteTable = RouteTable(),
        home: NameHome = NameHome(region: Regions.local)
    ) {
        standIns = StandIns(last, domain: domain)
        self.last = last
        self.store = store
        board = RouteBoard(domain: domain)
        names = NameBoard(home: home)
        self.fleet = fleet
        self.logger = logger
    }

    /// Keeps the routes of Machines that run without a record; before `run`.
    package func keep(_ machines: some Sequence<Machine.ID>) { guests.formUnion(machines) }

    /// Ends that, for one that is ended or has a record again.
    package func forget(_ machine: Machine.ID) {
        guard guests.remove(machine) != nil, isPublished else { return }
        // The next record changes the revision; edges that take changes are told this one with it.
        publish(board.take(.machineGone(machine), revision: board.revision + 1))
    }

    /// Follows the records of apps and Machines and sends each new state of the routes.
    package func run() async throws {
        while !Task.isCancelled && !Task.isShuttingDownGracefully {
            let snapshot = try await store.range("/")
            var apps: [App] = []
            var machines: [Machine] = []
            for entry in snapshot.entries {
                switch change(entry) {
                case .app(let app): apps.append(app)
                case .machine(let machine): machines.append(machine)
                case .appGone, .machineGone, nil: continue
                }
            }
            addGuests(&apps, &machines)
            let all = board.replace(apps: apps, machines: machines, revision: snapshot.revision)
            publish(all)
            publish(names.update(names.table.apps.map(\.app) + board.appNames, from: board))
            for await event in store.watch("/", after: snapshot.revision).cancelOnGracefulShutdown() {
                let change: RouteBoard.Change?
                switch event {
                case .reset: continue
                case .put(let entry): change = self.change(entry)
                case .deleted(let key, _): change = Self.deletion(key)
                }
                // Roll-outs, releases and volumes are nothing to the edge.
                if case .machineGone(let id) = change { lastBusy[id] = nil }
                guard let change else { continue }
                let app = board.app(of: change)
                publish(board.take(change, revision: event.revision))
                if let app { publish(names.update([app], from: board)) }
            }
        }
    }

    /// A new edge: what it has to be told, beginning with all routes once they are known.
    func connect() -> (number: Int, orders: AsyncStream<EdgeOrder>) {
        let (stream, orders) = AsyncStream.makeStream(of: EdgeOrder.self, bufferingPolicy: .bufferingNewest(64))
        nextEdge += 1
        edges[nextEdge] = Edge(orders: orders)
        if isPublished { orders.yield(.routes(board.table.forOldEdges)) }
        return (nextEdge, stream)
    }

    func disconnect(_ number: Int) {
        let edge = edges.removeValue(forKey: number)
        edge?.orders.finish()
        for machine in (edge?.inFlight ?? [:]).keys { lastBusy[machine] = .now() }
        if edges.isEmpty { aloneSince = .now }
        changed()
    }

    /// Takes in what an edge says.
    func report(_ report: EdgeReport, from number: Int) async {
        switch report {
        case .hello(let pid, let can):
            edges[number]?.pid = pid
            edges[number]?.takesChanges = can?.contains(EdgeReport.changes) ?? false
            edges[number]?.takesNames = can?.contains(EdgeReport.names) ?? false
            edges[number]?.tellsFigures = can?.contains(EdgeReport.figures) ?? false
            edges[number]?.color = color(of: pid)
            logger.notice("edge connected", metadata: ["edge.pid": "\(pid)"])
            // What it was sent before it could say so is what every edge understands.
            guard isPublished, let edge = edges[number], edge.takesChanges else { return }
            let table = board.table
            if table != table.forOldEdges { edge.orders.yield(.routes(table)) }
            if edge.takesNames { edge.orders.yield(.names(names.table)) }
        case .applied(let revision, let inFlight, let news):
            edges[number]?.applied = revision
            take(inFlight, news, from: number)
        case .load(let inFlight, let news):
            take(inFlight, news, from: number)
        // What edges know of certificates is not for routes to care about.
        case .secured: break
        case .lost(let revision):
            logger.notice("edge asks for all routes", metadata: ["routes.revision": "\(revision)"])
            edges[number]?.orders.yield(.routes(board.table))
        case .namesLost: edges[number]?.orders.yield(.names(names.table))
        case .figures(let counts):
            edges[number]?.figures = counts
            edges[number]?.figureReports += 1
            changed()
        case .wake(let app, let machine):
            let start = ContinuousClock.now
            do {
                try await fleet.start(machine)
                counts.add(.wakes, app: app, "ok")
                counts.time(.wakeSeconds, app: app, took: start.duration(to: .now))
            } catch {
                counts.add(.wakes, app: app, "failed")
                logger.warning("wake failed", error: error, metadata: ["machine.id": "\(machine)"])
                edges[number]?.orders.yield(.wakeFailed(machine: machine, reason: "\(error)"))
            }
        }
    }

    /// Waits until no edge sends anything to a cordoned Machine and all it was sent is answered.
    ///
    /// - Throws: ``Fault`` `timedOut` when requests are still under way after `limit`.
    package func drain(_ machine: Machine.ID, limit: Duration) async throws {
        try await withTimeout(limit, "draining Machine \(machine)") {
            for await _ in await self.follow() {
                try await self.awaitEdges()
                if await self.isDrained(machine) { return }
            }
        }
    }

    /// Writes what an edge met to the log of the Machine that was asked, or of any other of the app.
    func tell(_ troubles: [EdgeTrouble]) async {
        for trouble in troubles {
            let first = board.route(app: trouble.app)?.machines.first?.machine
            guard let machine = trouble.machine ?? first else { continue }
            do {
                try await fleet.note(machine, trouble.text)
            } catch {
                logger.warning("edge's words not logged", error: error, metadata: ["app": "\(trouble.app)"])
            }
        }
    }

    /// All routes as they stand.
    var routes: RouteTable { board.table }

    /// Requests under way, over all edges.
    package func inFlight(_ machine: Machine.ID) -> Int {
        edges.values.reduce(0) { $0 + ($1.inFlight[machine] ?? 0) }
    }

    /// When it last had a request, as far as any edge has told since this daemon began.
    package func lastBusy(_ machine: Machine.ID) -> Timestamp? { lastBusy[machine] }

    /// Somebody would tell of requests if there were any.
    package var isWatched: Bool { !edges.isEmpty }

    /// Waits until requests that have taken long already are over, while the Machine still gets new ones.
    ///
    /// - Throws: ``Fault`` `timedOut` when some are still under way after `limit`.
    package func awaitLong(_ machine: Machine.ID, limit: Duration) async throws {
        try await withTimeout(limit, "long requests to Machine \(machine)") {
            for await _ in await self.follow() {
                if await self.edges.values.allSatisfy({ ($0.news.long?[machine] ?? 0) == 0 }) { return }
            }
        }
    }

    /// Waits a moment for the edges to take in the newest routes, so that what they count is up to date.
    package func awaitApplied(limit: Duration) async {
        try? await withTimeout(limit, "the edges") {
            for await _ in await self.follow() {
                if await self.isApplied { return }
            }
        }
    }

    /// Requests under way that a stop waits for, over all edges.
    package func waitedFor(_ machine: Machine.ID) -> Int {
        edges.values.reduce(0) { $0 + $1.waitedFor(machine) }
    }

    /// Whether another Machine of the same app takes requests now.
    func hasOther(than machine: Machine.ID) -> Bool { board.hasOther(than: machine) }

    /// Waits until every edge sends requests to these Machines of an app.
    ///
    /// Returns at once for an app that the edge does not serve, and after `limit` in any case.
    func awaitServed(_ machines: [Machine.ID], of app: String, limit: Duration) async {
        try? await withTimeout(limit, "the edges") {
            for await _ in await self.follow() {
                if await self.isServed(machines, of: app) { return }
            }
        }
    }

    // MARK: - Private

    private func take(_ inFlight: [Machine.ID: Int], _ news: EdgeNews?, from number: Int) {
        let now = Timestamp.now()
        // Also what was under way until now: its end is what counts.
        for told in [edges[number]?.inFlight, inFlight, news?.begun] {
            for machine in (told ?? [:]).keys { lastBusy[machine] = now }
        }
        edges[number]?.reports += 1
        edges[number]?.inFlight = inFlight
        edges[number]?.news = news ?? EdgeNews()
        edges[number]?.news.troubles = nil
        if let pid = edges[number]?.pid, let counted = news?.tallies {
            if tallies.count > 100 { tallies = [:] }
            // Only those that are news.
            tallies[pid, default: [:]].merge(counted) { $1 }
        }
        if let pid = edges[number]?.pid, let answered = news?.answers {
            if answers.count > 100 { answers = [:] }
            answers[pid, default: [:]].merge(answered) { $1 }
        }
        changed()
    }

    private var isApplied: Bool { edges.values.allSatisfy { $0.applied >= board.revision } }

    private func isServed(_ machines: [Machine.ID], of app: String) -> Bool {
        guard let route = board.route(app: app) else { return true }
        let ready = Set(route.machines.lazy.filter { $0.state == .ready }.map(\.machine))
        return ready.isSuperset(of: machines) && isApplied
    }

    private func awaitEdges() async throws {
        while edges.isEmpty, ContinuousClock.now < aloneSince + Self.reunion {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func isDrained(_ machine: Machine.ID) -> Bool {
        guard board.targets(of: machine).allSatisfy({ $0.state == .draining }) else { return false }
        return edges.values.allSatisfy { $0.applied >= board.revision && $0.waitedFor(machine) <= 0 }
    }

    func follow() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        nextFollower += 1
        followers[nextFollower] = continuation
        return stream
    }

    func changed() {
        for (number, follower) in followers {
            if case .terminated = follower.yield() { followers.removeValue(forKey: number) }
        }
    }

    /// Adds what is known of Machines that run without a record.
    private func addGuests(_ apps: inout [App], _ machines: inout [Machine]) {
        let known = Set(machines.map(\.id))
        for route in last.apps {
            for id in route.machines.map(\.machine) where guests.contains(id) && !known.contains(id) {
                guard let machine = standIns.machine(id, of: route.app) else { continue }
                machines.append(machine)
                guard !apps.contains(where: { $0.name == route.app }), let app = standIns.app(route.app) else {
                    continue
                }
                apps.append(app)
            }
        }
    }

    /// Tells each edge what is new: the routes that changed, or all where it does not understand that.
    private func publish(_ changes: RouteChanges?) {
        guard let changes else { return }
        isPublished = true
        for edge in edges.values {
            guard edge.takesChanges, changes.base > 0 else {
                edge.orders.yield(.routes(edge.takesChanges ? board.table : board.table.forOldEdges))
                continue
            }
            // One that reads so slowly has lost an order: the whole table makes up for it.
            if case .dropped = edge.orders.yield(.changes(changes)) { edge.orders.yield(.routes(board.table)) }
        }
        changed()
    }

    /// Apps that there are.
    var knownApps: [String] { board.appNames }

    /// The private names in force.
    package var nameIndex: NameIndex { names.index }

    /// Tells each resolver what is new about names.
    private func publish(_ changes: NameChanges?) {
        guard let changes else { return }
        for edge in edges.values where edge.takesNames {
            if case .dropped = edge.orders.yield(.names(changes)) { edge.orders.yield(.names(names.table)) }
        }
    }

    /// Nil for what is nothing to an edge, and for what can't be read.
    private func change(_ entry: Entry) -> RouteBoard.Change? {
        do {
            if entry.key.hasPrefix("/apps/") {
                return .app(try JSON.decode(App.self, from: entry.value, what: entry.key))
            } else if entry.key.hasPrefix("/machines/") {
                return .machine(try JSON.decode(Machine.self, from: entry.value, what: entry.key))
            }
        } catch {
            logger.error(
                "record unreadable, its routes stay as they were",
                error: error,
                metadata: ["store.key": "\(entry.key)"]
            )
            // One that could be read before stays as it was then.
            let names = entry.key.split(separator: "/").map(String.init)
            if names.count == 2, names[0] == "apps" {
                return (board.app(names[1]) ?? standIns.app(names[1])).map { .app($0) }
            } else if names.count == 3, names[0] == "machines", let id = Machine.ID(names[2]) {
                return (board.machine(id, of: names[1]) ?? standIns.machine(id, of: names[1])).map { .machine($0) }
            }
        }
        return nil
    }

    private static func deletion(_ key: String) -> RouteBoard.Change? {
        guard let name = key.split(separator: "/").last.map(String.init) else { return nil }
        if key.hasPrefix("/apps/") { return .appGone(name) }
        guard key.hasPrefix("/machines/") else { return nil }
        return Machine.ID(name).map { .machineGone($0) }
    }
}

extension EdgeLink.Edge {
    /// Requests in flight but for streams.
    func waitedFor(_ machine: Machine.ID) -> Int { (inFlight[machine] ?? 0) - (news.streams?[machine] ?? 0) }
}
