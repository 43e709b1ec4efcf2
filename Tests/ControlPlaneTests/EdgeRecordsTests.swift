import Foundation
import Logging
import Model
import Store
import Testing
import Toolkit

@testable import ControlPlane

@Suite("The link to the edges")
struct EdgeRecordsTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func machine(_ app: String) -> Machine {
        var config = MachineConfig(image: "x")
        config.services = [MachineConfig.Service(internalPort: 8000)]
        let zero = Timestamp(milliseconds: 0)
        var machine = Machine(
            id: .random(),
            name: "m",
            app: app,
            region: "local",
            host: "h",
            createdAt: zero,
            spec: Machine.Spec(instance: "i", config: config)
        )
        machine.status.address = Machine.Address(ipv4: "10.0.0.2", ipv6: "fdaa::2")
        machine.status.state = .started(.init(pid: 1, startTicks: 1, monitorPID: 1, startedAt: zero))
        machine.status.ready = true
        machine.status.proven = true
        return machine
    }

    private static func put(_ store: any StateStore, _ app: String) async throws -> Machine {
        var record = App(name: app, createdAt: Timestamp(milliseconds: 0), owner: "o")
        record.hostnames = ["\(app).example.com"]
        try await store.apps.put(app, record)
        let machine = machine(app)
        try await store.machines.put("\(app)/\(machine.id)", machine)
        return machine
    }

    /// The first table that an edge is sent which pleases `wanted`.
    private static func table(
        _ link: EdgeLink,
        _ wanted: @escaping @Sendable (RouteTable) -> Bool
    ) async throws -> RouteTable {
        try await withTimeout(.seconds(10), "a table") {
            for await order in await link.connect().orders {
                if case .routes(let table) = order, wanted(table) { return table }
            }
            throw CancellationError()
        }
    }

    private static func running<Result: Sendable>(
        _ link: EdgeLink,
        _ body: @escaping @concurrent @Sendable (EdgeLink) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await link.run()
                return nil
            }
            group.addTask { try await body(link) }
            defer { group.cancelAll() }
            while let result = try await group.next() { if let result { return result } }
            throw CancellationError()
        }
    }

    @Test(
        "after a start, an app or a Machine whose record can't be read stays routed as it was",
        arguments: [true, false]
    )
    func damaged(app damagesApp: Bool) async throws {
        let store: any StateStore = MemoryStore()
        let machine = try await Self.put(store, "notes")
        _ = try await Self.put(store, "other")
        let before = try await Self.running(
            EdgeLink(store: store, domain: "localhost", fleet: FakeFleet(), logger: Self.quiet)
        ) {
            try await Self.table($0) { $0.apps.count == 2 }
        }
        let key = damagesApp ? "/apps/notes" : "/machines/notes/\(machine.id)"
        try await store.put(key, Data([0xff, 0xfe]), expected: nil)
        let next = EdgeLink(store: store, domain: "localhost", fleet: FakeFleet(), logger: Self.quiet, last: before)
        let after = try await Self.running(next) { try await Self.table($0) { $0.revision > 0 } }
        #expect(after.apps == before.apps)
        #expect(after.apps.first?.hostnames == ["notes.localhost", "notes.example.com"])
    }

    @Test("what is removed by a command is no longer routed, whatever it was")
    func removed() async throws {
        let store: any StateStore = MemoryStore()
        let machine = try await Self.put(store, "notes")
        let target = Route.Target(
            machine: machine.id,
            region: "local",
            address: Machine.Address(ipv4: "10.0.0.2", ipv6: "fdaa::2"),
            port: 8000,
            state: .ready,
            concurrency: MachineConfig.Concurrency()
        )
        let last = RouteTable(
            revision: 9,
            apps: [Route(app: "notes", hostnames: ["notes.localhost"], autostart: true, machines: [target])]
        )
        try await store.put("/apps/notes", Data("nonsense".utf8), expected: nil)
        let link = EdgeLink(store: store, domain: "localhost", fleet: FakeFleet(), logger: Self.quiet, last: last)
        try await Self.running(link) { link in
            _ = try await Self.table(link) { $0.apps.count == 1 }
            try await store.delete("/apps/notes", expected: nil)
            _ = try await Self.table(link) { $0.revision > 0 && $0.apps.isEmpty }
        }
    }

    @Test("what runs without a record stays routed until somebody has decided")
    func strangers() async throws {
        let store: any StateStore = MemoryStore()
        let machine = try await Self.put(store, "notes")
        let before = try await Self.running(Self.link(store)) { try await Self.table($0) { $0.apps.count == 1 } }
        let empty: any StateStore = MemoryStore()
        try await empty.apps.put("other", App(name: "other", createdAt: .now(), owner: "o"))
        let link = Self.link(empty, before)
        await link.keep([machine.id])
        try await Self.running(link) { link in
            let after = try await Self.table(link) { $0.revision > 0 }
            #expect(after.apps == before.apps)
            await link.forget(machine.id)
            _ = try await Self.table(link) { $0.revision > 0 && $0.apps.isEmpty }
        }
    }

    private static func link(_ store: any StateStore, _ last: RouteTable = RouteTable()) -> EdgeLink {
        EdgeLink(store: store, domain: "localhost", fleet: FakeFleet(), logger: quiet, last: last)
    }

    @Test("a Machine is drained once its edge has taken the routes in and has no request for it left but streams")
    func drained() async throws {
        let store: any StateStore = MemoryStore()
        var machine = try await Self.put(store, "notes")
        let link = EdgeLink(store: store, domain: "localhost", fleet: FakeFleet(), logger: Self.quiet)
        machine.status.holds = [Hold(owner: "t", reason: "test", since: Timestamp(milliseconds: 0))]
        let id = machine.id
        let quiet = machine
        try await Self.running(link) { link in
            let (edge, orders) = await link.connect()
            await link.report(.hello(pid: 7), from: edge)
            try await store.machines.put("notes/\(id)", quiet)
            var revision: Int64 = 0
            for await order in orders {
                guard case .routes(let table) = order else { continue }
                revision = table.revision
                if table.apps.first?.machines.first?.state == .draining { break }
            }
            await #expect(throws: Fault.self) { try await link.drain(id, limit: .milliseconds(50)) }
            await link.report(.applied(revision: revision, inFlight: [id: 2]), from: edge)
            await #expect(throws: Fault.self) { try await link.drain(id, limit: .milliseconds(50)) }
            #expect(await link.waitedFor(id) == 2)
            let news = EdgeNews(streams: [id: 1])
            await link.report(.applied(revision: revision, inFlight: [id: 1], news: news), from: edge)
            try await link.drain(id, limit: .seconds(5))
        }
    }
}
