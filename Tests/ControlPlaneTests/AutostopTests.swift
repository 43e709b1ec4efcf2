import Logging
import Model
import Store
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Autostop", .timeLimit(.minutes(1)))
struct AutostopTests {
    private let store = MemoryStore()
    private let fleet = FakeFleet()
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func link() -> EdgeLink { EdgeLink(store: store, domain: "x", fleet: fleet, logger: quiet) }

    private func put(_ app: String, _ machine: Machine) async throws {
        try await store.apps.put(app, App(name: app, createdAt: Timestamp(milliseconds: 0), owner: "o"))
        try await store.machines.put("\(app)/\(machine.id)", machine)
    }

    private func machine(_ app: String, suspends: Bool = false) -> Machine {
        var config = MachineConfig(image: "x")
        config.services = [MachineConfig.Service()]
        config.services[0].autostop = suspends ? .suspend : .stop
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

    /// One look, until all that it puts to sleep is asleep.
    private func pass(_ autostop: Autostop, _ now: Timestamp) async {
        for choice in await autostop.choose(now) { await autostop.sleep(choice) }
    }

    private var later: Timestamp { Timestamp.now().advanced(by: .seconds(1000)) }

    @Test("requests that came and went between two reports keep a Machine awake; a stream does while it is open")
    func autostop() async throws {
        let machine = machine("a", suspends: true)
        try await put("a", machine)
        let link = link()
        let machines = Machines(store: store, fleet: fleet, edges: link, settings: .test)
        let autostop = Autostop(store: store, machines: machines, edges: link, logger: quiet)
        let calls = { self.fleet.state.withLock { $0.calls.filter { $0 == "suspend" }.count } }
        let later = { (seconds: Int) in Timestamp.now().advanced(by: .seconds(seconds)) }
        // Nobody watches.
        await pass(autostop, later(1000))
        #expect(calls() == 0)
        let (edge, _) = await link.connect()
        await link.report(.load(inFlight: [:], news: EdgeNews(begun: [machine.id: 1])), from: edge)
        await pass(autostop, later(200))
        #expect(calls() == 0)
        let stream = EdgeNews(streams: [machine.id: 1])
        await link.report(.applied(revision: .max, inFlight: [machine.id: 1], news: stream), from: edge)
        await pass(autostop, later(1000))
        #expect(calls() == 0)
        // The stream ends: from then on it counts.
        await link.report(.load(inFlight: [:]), from: edge)
        await pass(autostop, later(200))
        #expect(calls() == 0)
        await pass(autostop, later(400))
        #expect(calls() == 1)
    }

    @Test("a Machine that was thawed a moment ago is not idle since before it slept")
    func thawed() async throws {
        var machine = machine("a", suspends: true)
        machine.status.events = [.init(kind: .start, at: Timestamp.now().advanced(by: .seconds(900)))]
        try await put("a", machine)
        let link = link()
        let machines = Machines(store: store, fleet: fleet, edges: link, settings: .test)
        let autostop = Autostop(store: store, machines: machines, edges: link, logger: quiet)
        _ = await link.connect()
        await pass(autostop, Timestamp.now().advanced(by: .seconds(1000)))
        #expect(!fleet.state.withLock { $0.calls.contains("suspend") })
    }

    /// Autostop over Machines that are records, with an edge that watches.
    private func bench() async -> (autostop: Autostop, fleet: StoreFleet, link: EdgeLink, machines: Machines) {
        let fleet = StoreFleet(store)
        let link = EdgeLink(store: store, domain: "x", fleet: fleet, logger: quiet)
        let machines = Machines(store: store, fleet: fleet, edges: link, settings: .test)
        let (edge, _) = await link.connect()
        await link.report(.applied(revision: .max, inFlight: [:]), from: edge)
        return (Autostop(store: store, machines: machines, edges: link, logger: quiet), fleet, link, machines)
    }

    @Test("one whose process takes long to end holds up neither the others nor the next look")
    func slowStop() async throws {
        let (stubborn, other) = (machine("a"), machine("b"))
        try await put("a", stubborn)
        try await put("b", other)
        let (autostop, fleet, _, _) = await bench()
        let (opened, open) = AsyncStream.makeStream(of: Void.self)
        await fleet.block("stop \(stubborn.id)") { for await _ in opened { break } }
        await withDiscardingTaskGroup { group in
            for choice in await autostop.choose(later) { group.addTask { await autostop.sleep(choice) } }
            for _ in 0..<1000 where await !fleet.calls.contains("stop \(other.id)") {
                try? await Task.sleep(for: .milliseconds(5))
            }
            #expect(await fleet.calls.contains("stop \(other.id)"))
            // It is being put to sleep already: no second order.
            let again = try? await autostop.idle(later)
            #expect(again?.isEmpty == true)
            open.yield()
        }
        #expect(await fleet.calls.count { $0.hasPrefix("stop") } == 2)
        // And all is as before: one that runs again may be put to sleep again.
        try await store.machines.put("a/\(stubborn.id)", stubborn)
        #expect(try await autostop.idle(later).map(\.machine.id) == [stubborn.id])
    }

    @Test("one that can't be put to sleep keeps no other awake, and takes requests again")
    func failing() async throws {
        let (first, second) = (machine("a", suspends: true), machine("b", suspends: true))
        try await put("a", first)
        try await put("b", second)
        let (autostop, fleet, _, _) = await bench()
        await fleet.fail("suspend", Fault(.toolFailed, "the freezer is busy"))
        await pass(autostop, later)
        let calls = await fleet.calls
        #expect(calls.count { $0.hasPrefix("suspend") } == 2)
        let records = try await store.machines.list("") { _, _ in }
        #expect(records.allSatisfy { $0.status.holds.isEmpty })
    }

    @Test("Machines that a deploy works on are left to it")
    func deploy() async throws {
        let one = machine("a")
        try await put("a", one)
        let (autostop, _, _, _) = await bench()
        var rollout = Rollout(id: "1", app: "a", holder: "ada", startedAt: .now())
        rollout.phase = .rolling
        try await store.rollouts.put("a/1", rollout)
        try await store.deployLocks.put("a", "1")
        #expect(try await autostop.idle(later).isEmpty)
        rollout.phase = .complete
        try await store.rollouts.put("a/1", rollout)
        #expect(try await autostop.idle(later).count == 1)
    }

    private struct Silence: MachineSession {
        func next() async throws -> SessionFrame? { nil }
        func take(_ frame: SessionFrame) async throws {}
        func end() async {}
    }

    @Test("who has a console there works with it, whether or not requests come")
    func console() async throws {
        let one = machine("a")
        try await put("a", one)
        let (autostop, _, _, machines) = await bench()
        let session = machines.sessions.counting(Silence(), in: one.id)
        #expect(try await autostop.idle(later).isEmpty)
        await session.end()
        #expect(try await autostop.idle(later).count == 1)
    }

    @Test("of several one goes to sleep a look; those that the app wants running stay")
    func several() async throws {
        let all = (0..<3).map { _ in
            var machine = machine("a")
            machine.spec.config.env["PRIMARY_REGION"] = "local"
            machine.spec.config.services[0].minMachinesRunning = 1
            return machine
        }
        for machine in all { try await put("a", machine) }
        let (autostop, fleet, _, _) = await bench()
        for count in [1, 2, 2] {
            await pass(autostop, later)
            #expect(await fleet.calls.count { $0.hasPrefix("stop") } == count)
        }
    }

    @Test("a damaged record keeps no other Machine awake")
    func damaged() async throws {
        try await put("a", machine("a"))
        try await store.put("/machines/b/broken", .init("{".utf8), expected: nil)
        let (autostop, _, _, _) = await bench()
        #expect(try await autostop.idle(later).count == 1)
    }
}
