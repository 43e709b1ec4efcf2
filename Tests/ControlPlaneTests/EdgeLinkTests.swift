import Logging
import Model
import Store
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Edges of serve", .timeLimit(.minutes(1)))
struct EdgeLinkTests {
    private let store = MemoryStore()
    private let fleet = FakeFleet()
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func link() -> EdgeLink { EdgeLink(store: store, domain: "x", fleet: fleet, logger: quiet) }

    private func put(_ app: String, _ machine: Machine?) async throws {
        try await store.apps.put(app, App(name: app, createdAt: Timestamp(milliseconds: 0), owner: "o"))
        if let machine { try await store.machines.put("\(app)/\(machine.id)", machine) }
    }

    /// A started Machine that answers for its app.
    private func machine(_ app: String, suspends: Bool = false) -> Machine {
        var config = MachineConfig(image: "x")
        config.services = [MachineConfig.Service()]
        if suspends { config.services[0].autostop = .suspend }
        var machine = Machine(
            id: .random(),
            name: "m",
            app: app,
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config)
        )
        let zero = Timestamp(milliseconds: 0)
        machine.status.state = .started(.init(pid: 1, startTicks: 1, monitorPID: 1, startedAt: zero))
        machine.status.ready = true
        machine.status.address = Machine.Address(ipv4: "10.0.0.2", ipv6: "fdaa::2")
        return machine
    }

    /// Runs the link while `body` does.
    private func with(_ link: EdgeLink, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await link.run() }
            tasks.addTask { try await body() }
            try await tasks.next()
            tasks.cancelAll()
        }
    }

    @Test("an edge that is there before the records are read is told nothing, rather than that there is nothing")
    func beforeFirstPublish() async throws {
        try await put("a", machine("a"))
        let link = link()
        let (number, orders) = await link.connect()
        await link.report(.hello(pid: 1, can: ["changes"]), from: number)
        try await with(link) {
            var orders = orders.makeAsyncIterator()
            guard case .routes(let table) = await orders.next() else {
                Issue.record("the first order is no table")
                return
            }
            #expect(table.apps.map(\.app) == ["a"])
        }
    }

    @Test("an edge that can take changes gets them; one that can't gets whole tables")
    func changes() async throws {
        try await put("a", machine("a"))
        let link = link()
        let (new, newOrders) = await link.connect()
        let (_, oldOrders) = await link.connect()
        await link.report(.hello(pid: 1, can: ["changes"]), from: new)
        try await with(link) {
            var newOrders = newOrders.makeAsyncIterator()
            var oldOrders = oldOrders.makeAsyncIterator()
            guard case .routes(let first) = await newOrders.next(), case .routes = await oldOrders.next() else {
                Issue.record("no table first")
                return
            }
            try await self.put("b", self.machine("b"))
            // The app's record comes first; a route without its Machine's record there is none.
            guard case .changes(let changes) = await newOrders.next() else {
                Issue.record("no change")
                return
            }
            #expect(changes.base == first.revision && changes.revision > first.revision)
            #expect(changes.routes.map(\.app) == ["b"])
            guard case .routes(let second) = await oldOrders.next() else {
                Issue.record("no second table")
                return
            }
            #expect(second.apps.map(\.app) == ["a", "b"] && second.revision == changes.revision)
            await link.report(.lost(revision: 1), from: new)
            guard case .routes(let whole) = await newOrders.next() else {
                Issue.record("no whole table")
                return
            }
            #expect(whole == second)
        }
    }

    /// The next table that an edge of the older kind is told.
    private func table(_ orders: inout AsyncStream<EdgeOrder>.AsyncIterator) async throws -> RouteTable {
        while let order = await orders.next(isolation: #isolation) {
            if case .routes(let table) = order { return table }
        }
        throw CancellationError()
    }

    @Test("an edge that comes back is told all routes, and its counts go on from where they were")
    func comesBack() async throws {
        try await put("a", machine("a"))
        let link = link()
        try await with(link) {
            let (first, firstOrders) = await link.connect()
            var orders = firstOrders.makeAsyncIterator()
            await link.report(.hello(pid: 7), from: first)
            let before = try await self.table(&orders)
            await link.report(
                .load(inFlight: [:], news: EdgeNews(tallies: ["a": EdgeTally(held: 2, failed: 1)])),
                from: first
            )
            #expect(await link.tally("a") == EdgeTally(held: 2, failed: 1))
            await link.disconnect(first)
            #expect(await link.tally("a") == nil)
            #expect(await !link.isWatched)
            let (second, secondOrders) = await link.connect()
            orders = secondOrders.makeAsyncIterator()
            await link.report(.hello(pid: 7), from: second)
            #expect(try await self.table(&orders) == before)
            #expect(await link.tally("a") == EdgeTally(held: 2, failed: 1))
            // Another process has counted from its own beginning.
            await link.report(
                .load(inFlight: [:], news: EdgeNews(tallies: ["a": EdgeTally(held: 3, failed: 1)])),
                from: second
            )
            let (third, _) = await link.connect()
            await link.report(.hello(pid: 8), from: third)
            await link.report(.load(inFlight: [:], news: EdgeNews(tallies: ["a": EdgeTally(held: 1)])), from: third)
            #expect(await link.tally("a") == EdgeTally(held: 4, failed: 1))
        }
    }

    @Test("a wake starts the Machine; one that fails is told to the edge that asked, with its reason")
    func wakes() async throws {
        let fleet = StoreFleet(store)
        let link = EdgeLink(store: store, domain: "x", fleet: fleet, logger: quiet)
        let sleeper = machine("a")
        try await put("a", sleeper)
        let (edge, orders) = await link.connect()
        await link.report(.wake(app: "a", machine: sleeper.id), from: edge)
        #expect(await fleet.calls == ["start \(sleeper.id)"])
        await fleet.fail("start", Fault(.toolFailed, "no memory left"))
        await link.report(.wake(app: "a", machine: sleeper.id), from: edge)
        var iterator = orders.makeAsyncIterator()
        guard case .wakeFailed(let id, let reason) = await iterator.next() else {
            Issue.record("the edge was not told")
            return
        }
        #expect(id == sleeper.id && reason.contains("no memory left"))
    }

    @Test("an edge that reads so slowly that it lost changes gets the whole table")
    func slow() async throws {
        try await put("a", machine("a"))
        let link = link()
        let (edge, orders) = await link.connect()
        await link.report(.hello(pid: 1, can: ["changes"]), from: edge)
        try await with(link) {
            for number in 0..<100 { try await self.put("app\(number)", self.machine("app\(number)")) }
            for _ in 0..<1000 where await link.awaitedApps < 101 { try await Task.sleep(for: .milliseconds(5)) }
            await link.disconnect(edge)
            // As an edge takes them: changes that fit, and tables.
            var keys: Set<String> = []
            var revision: Int64 = -1
            for await order in orders {
                switch order {
                case .routes(let table) where table.revision >= revision:
                    keys = Set(table.apps.map(\.key))
                    revision = table.revision
                case .changes(let changes) where changes.base == revision:
                    keys.formUnion(changes.routes.map(\.key))
                    keys.subtract(changes.removed)
                    revision = changes.revision
                default: continue
                }
            }
            #expect(keys.count == 101)
        }
    }

    @Test("without an edge for longer than it takes one to come back a drain waits for nobody")
    func nobodyThere() async throws {
        var held = machine("a")
        held.status.holds = [Hold(owner: "t", reason: "test", since: Timestamp(milliseconds: 0))]
        try await put("a", held)
        let link = link()
        let id = held.id
        try await with(link) { try await link.drain(id, limit: .seconds(20)) }
    }

    @Test("a drain waits for each edge, and says so when the time is up")
    func eachEdge() async throws {
        var held = machine("a")
        held.status.holds = [Hold(owner: "t", reason: "test", since: Timestamp(milliseconds: 0))]
        try await put("a", held)
        let link = link()
        let id = held.id
        try await with(link) {
            let (first, orders) = await link.connect()
            let (second, _) = await link.connect()
            var iterator = orders.makeAsyncIterator()
            let revision = try await self.table(&iterator).revision
            await link.report(.applied(revision: revision, inFlight: [id: 1]), from: first)
            await link.report(.applied(revision: revision, inFlight: [id: 1]), from: second)
            #expect(await link.inFlight(id) == 2)
            let fault = await #expect(throws: Fault.self) { try await link.drain(id, limit: .milliseconds(50)) }
            #expect(fault?.code == .timedOut)
            await link.report(.applied(revision: revision, inFlight: [:]), from: first)
            await #expect(throws: Fault.self) { try await link.drain(id, limit: .milliseconds(50)) }
            // One that goes away takes its requests along.
            await link.disconnect(second)
            try await link.drain(id, limit: .seconds(20))
        }
    }

    @Test("requests that have taken long already are waited for by themselves")
    func long() async throws {
        let one = machine("a")
        try await put("a", one)
        let link = link()
        let (edge, _) = await link.connect()
        await link.report(.load(inFlight: [one.id: 2], news: EdgeNews(long: [one.id: 1])), from: edge)
        await #expect(throws: Fault.self) { try await link.awaitLong(one.id, limit: .milliseconds(50)) }
        await link.report(.load(inFlight: [one.id: 1]), from: edge)
        try await link.awaitLong(one.id, limit: .seconds(20))
    }

    @Test("what an edge met is written to the log of the Machine that was asked, else of any of the app")
    func troubles() async throws {
        let fleet = StoreFleet(store)
        let link = EdgeLink(store: store, domain: "x", fleet: fleet, logger: quiet)
        let one = machine("a")
        try await put("a", one)
        try await with(link) {
            for _ in 0..<1000 where await link.awaitedApps < 1 { try await Task.sleep(for: .milliseconds(5)) }
            await link.tell([
                EdgeTrouble(app: "a", machine: nil, status: 503, request: "GET /", reason: "full"),
                EdgeTrouble(app: "a", machine: one.id, status: nil, request: "GET /x", reason: "reset", omitted: 2),
                EdgeTrouble(app: "nobody", machine: nil, status: 503, request: "GET /", reason: "none"),
            ])
            #expect(
                await fleet.notes == [
                    "\(one.id) edge: 503 GET /: full",
                    "\(one.id) edge: GET /x cut off: reset (2 more were not logged)",
                ]
            )
        }
    }

    @Test("a WebSocket that is opened while its Machine is being put to sleep keeps it awake")
    func openedMeanwhile() async throws {
        let machine = machine("a", suspends: true)
        try await put("a", machine)
        let link = link()
        let machines = Machines(store: store, fleet: fleet, edges: link, settings: .test)
        let (edge, _) = await link.connect()
        let stream = EdgeNews(streams: [machine.id: 1])
        await link.report(.applied(revision: .max, inFlight: [machine.id: 1], news: stream), from: edge)
        try await machines.sleep(machine, suspending: true)
        #expect(fleet.state.withLock { $0.calls } == ["hold", "release"])
    }
}

extension EdgeLink {
    /// Apps that it has routes for.
    fileprivate var awaitedApps: Int { routes.apps.count }
}
