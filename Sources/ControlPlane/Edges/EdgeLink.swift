import Foundation
package import Logging
package import Model
import ServiceLifecycle
package import Store
import Toolkit

/// What `serve` knows of its edges: tells each the routes, hears what it has taken in, wakes Machines for it.
package actor EdgeLink: Service {
    fileprivate struct Edge {
        let orders: AsyncStream<EdgeOrder>.Continuation
        var applied: Int64 = -1
        var inFlight: [Machine.ID: Int] = [:]
        var news = EdgeNews()
        var pid: Int32 = 0
    }

    private let store: any StateStore
    private let domain: String
    private let fleet: any Fleet
    private let logger: Logger
    private var edges: [Int: Edge] = [:]
    private var nextEdge = 0
    /// When the last edge went away, or this daemon began.
    private var aloneSince = ContinuousClock.now
    /// An edge that lost us is back within so long; until then it may go on by its old routes.
    private static let reunion = Duration.seconds(2)
    private var table = RouteTable()
    private var followers: [Int: AsyncStream<Void>.Continuation] = [:]
    private var nextFollower = 0
    /// What each edge has counted, by its process: one that comes back goes on from where it was.
    private var tallies: [Int32: [String: EdgeTally]] = [:]

    package init(store: any StateStore, domain: String, fleet: any Fleet, logger: Logger) {
        self.store = store
        self.domain = domain
        self.fleet = fleet
        self.logger = logger
    }

    /// Follows the records of apps and Machines and sends each new state of the routes.
    package func run() async throws {
        while !Task.isCancelled && !Task.isShuttingDownGracefully {
            let snapshot = try await store.range("/")
            var apps: [String: App] = [:]
            var machines: [String: Machine] = [:]
            for entry in snapshot.entries { take(entry, &apps, &machines) }
            publish(snapshot.revision, apps, machines)
            for await event in store.watch("/", after: snapshot.revision).cancelOnGracefulShutdown() {
                switch event {
                case .reset: continue
                case .put(let entry): take(entry, &apps, &machines)
                case .deleted(let key, _):
                    apps.removeValue(forKey: key)
                    machines.removeValue(forKey: key)
                }
                // Roll-outs, releases and volumes are nothing to the edge.
                guard ["/apps/", "/machines/"].contains(where: event.key.hasPrefix) else { continue }
                publish(event.revision, apps, machines)
            }
        }
    }

    /// A new edge: what it has to be told, beginning with all routes.
    func connect() -> (number: Int, orders: AsyncStream<EdgeOrder>) {
        let (stream, orders) = AsyncStream.makeStream(of: EdgeOrder.self, bufferingPolicy: .bufferingNewest(64))
        nextEdge += 1
        edges[nextEdge] = Edge(orders: orders)
        orders.yield(.routes(table))
        return (nextEdge, stream)
    }

    func disconnect(_ number: Int) {
        edges.removeValue(forKey: number)?.orders.finish()
        if edges.isEmpty { aloneSince = .now }
        changed()
    }

    /// Takes in what an edge says.
    func report(_ report: EdgeReport, from number: Int) async {
        switch report {
        case .hello(let pid):
            edges[number]?.pid = pid
            logger.notice("edge connected", metadata: ["edge.pid": "\(pid)"])
        case .applied(let revision, let inFlight, let news):
            edges[number]?.applied = revision
            take(inFlight, news, from: number)
        case .load(let inFlight, let news):
            take(inFlight, news, from: number)
        case .wake(_, let machine):
            do {
                try await fleet.start(machine)
            } catch {
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
            let route = table.apps.first { $0.app == trouble.app }
            guard let machine = trouble.machine ?? route?.machines.first?.machine else { continue }
            do {
                try await fleet.note(machine, trouble.text)
            } catch {
                logger.warning("edge's words not logged", error: error, metadata: ["app": "\(trouble.app)"])
            }
        }
    }

    /// Requests under way, over all edges.
    package func inFlight(_ machine: Machine.ID) -> Int {
        edges.values.reduce(0) { $0 + ($1.inFlight[machine] ?? 0) }
    }

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
    func hasOther(than machine: Machine.ID) -> Bool {
        guard let route = table.apps.first(where: { $0.machines.contains { $0.machine == machine } }) else {
            return false
        }
        return route.machines.contains { $0.machine != machine && $0.state == .ready }
    }

    /// What requests of an app have met since its edges began; nil while no edge is there to say.
    package func tally(_ app: String) -> EdgeTally? {
        edges.isEmpty ? nil : tallies.values.reduce(EdgeTally()) { $0 + ($1[app] ?? EdgeTally()) }
    }

    // MARK: - Private

    private func take(_ inFlight: [Machine.ID: Int], _ news: EdgeNews?, from number: Int) {
        edges[number]?.inFlight = inFlight
        edges[number]?.news = news ?? EdgeNews()
        edges[number]?.news.troubles = nil
        if let pid = edges[number]?.pid, let counted = news?.tallies {
            if tallies.count > 100 { tallies = [:] }
            tallies[pid] = counted
        }
        changed()
    }

    private var isApplied: Bool { edges.values.allSatisfy { $0.applied >= table.revision } }

    private func awaitEdges() async throws {
        while edges.isEmpty, ContinuousClock.now < aloneSince + Self.reunion {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func isDrained(_ machine: Machine.ID) -> Bool {
        let target = table.apps.lazy.flatMap(\.machines).first { $0.machine == machine }
        if let target, target.state != .draining { return false }
        return edges.values.allSatisfy { $0.applied >= table.revision && $0.waitedFor(machine) <= 0 }
    }

    private func follow() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        nextFollower += 1
        followers[nextFollower] = continuation
        return stream
    }

    private func changed() {
        for (number, follower) in followers {
            if case .terminated = follower.yield() { followers.removeValue(forKey: number) }
        }
    }

    private func publish(_ revision: Int64, _ apps: [String: App], _ machines: [String: Machine]) {
        let next = RouteBuilder.table(
            revision: revision,
            apps: apps.values.sorted { $0.name < $1.name },
            machines: Array(machines.values),
            domain: domain
        )
        // A write that changes nothing for the edge is not worth its time.
        guard next.apps != table.apps || table.revision == 0 else { return }
        table = next
        for edge in edges.values { edge.orders.yield(.routes(table)) }
        changed()
    }

    private func take(_ entry: Entry, _ apps: inout [String: App], _ machines: inout [String: Machine]) {
        do {
            if entry.key.hasPrefix("/apps/") {
                apps[entry.key] = try JSON.decode(App.self, from: entry.value, what: entry.key)
            } else if entry.key.hasPrefix("/machines/") {
                machines[entry.key] = try JSON.decode(Machine.self, from: entry.value, what: entry.key)
            }
        } catch {
            logger.error("record left out of the routes", error: error, metadata: ["store.key": "\(entry.key)"])
        }
    }
}

extension EdgeLink.Edge {
    /// Requests in flight but for streams.
    func waitedFor(_ machine: Machine.ID) -> Int { (inFlight[machine] ?? 0) - (news.streams?[machine] ?? 0) }
}
