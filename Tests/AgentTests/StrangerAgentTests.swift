import Agent
import FakeRuntime
import Logging
import Model
import Runtime
import Store
import Synchronization
import Testing
import Toolkit

/// An agent on a fake runtime, for what it finds at its start.
struct AgentBench {
    let store: any StateStore = MemoryStore()
    /// What there is on the host; each daemon has a runtime of its own on it.
    let host = FakeRuntime.Host()
    var runtime: FakeRuntime { FakeRuntime(host) }
    /// How many Machines start at once after a start of the host; nil: as usual.
    var width: Int?
    private let prober = Prober()

    init(width: Int? = nil) {
        self.width = width
    }

    func services(name: String = "host_a", formerNames: Set<String> = []) -> HostServices {
        let image = Image(digest: "sha256:0", layers: [], config: .init(cmd: ["true"]))
        var host = HostServices(
            name: name,
            region: "local",
            runtime: runtime,
            store: store,
            prober: prober,
            image: { _ in (image, []) },
            volumeFolder: { volume, _, _ in "/volumes/\(volume.id)" },
            removeVolumeFolder: { _ in },
            freeAddress: { _, used in
                let taken = Set(used.map(\.ipv4))
                let free = (2...250).lazy.map { "127.0.1.\($0)" }.first { !taken.contains($0) }
                return Machine.Address(ipv4: free ?? "", ipv6: free ?? "")
            },
            readLog: { _, _, _ in LogFeed() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        host.formerNames = formerNames
        if let width { host.width = width }
        return host
    }

    /// Runs an agent for as long as `body` does.
    func run(
        name: String = "host_a",
        formerNames: Set<String> = [],
        _ body: @escaping @concurrent @Sendable (LocalAgent) async throws -> Void
    ) async throws {
        let agent = LocalAgent(host: services(name: name, formerNames: formerNames))
        try await agent.adopt()
        try await withThrowingTaskGroup { group in
            group.addTask { try await agent.run() }
            group.addTask { try await body(agent) }
            try await group.next()
            group.cancelAll()
        }
    }

    func order(_ app: String = "a", mounts: [MachineConfig.Mount] = []) -> MachineOrder {
        var config = MachineConfig(image: "roost/a@sha256:0")
        config.mounts = mounts
        return MachineOrder(id: .random(), app: app, name: app, region: "local", config: config, release: 1)
    }

    /// A Machine that runs, its daemon gone.
    func started(_ order: MachineOrder, name: String = "host_a") async throws {
        try await run(name: name) { agent in
            _ = try await agent.create(order)
            try await agent.start(order.id)
        }
    }

    var running: Set<Machine.ID> { runtime.state.withLock { Set($0.running.keys) } }

    /// All processes are gone, and nobody saw them end.
    func reboot() {
        runtime.state.withLock { state in
            (state.running, state.ended, state.provisioned, state.starts) = ([:], [:], [], [])
        }
    }

    /// The Machines that were started since, in their order.
    var starts: [Machine.ID] { runtime.state.withLock { $0.starts.map(\.id) } }

    func eventually(_ holds: () async throws -> Bool) async throws {
        for _ in 0..<1000 {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it never came to be")
    }
}

@Suite("What an agent finds that it does not know")
struct StrangerAgentTests {
    @Test("under another name of the host its Machines are its own, and go on")
    func renamed() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.started(order, name: "debian")
        try await bench.run(name: "host_new", formerNames: ["debian"]) { agent in
            #expect(await agent.strangers.isEmpty)
            #expect(try await bench.store.machines.get("a/\(order.id)")?.value.host == "host_new")
            try await agent.stop(order.id, then: .stopped)
        }
    }

    @Test("another host's Machine that runs here is left alone, with its record")
    func foreign() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.started(order, name: "host_b")
        try await bench.run { agent in
            #expect(await agent.strangers.map(\.id) == [order.id])
            #expect(bench.running == [order.id])
            let record = try await bench.store.machines.get("a/\(order.id)")
            #expect(record?.value.host == "host_b")
        }
    }

    @Test("a sandbox whose record is lost runs on, keeps its address and its volume, and is reported")
    func lost() async throws {
        let bench = AgentBench()
        let mount = MachineConfig.Mount(name: "data", path: "/data")
        let (lost, other) = (bench.order(mounts: [mount]), bench.order(mounts: [mount]))
        try await bench.started(lost)
        try await bench.store.machines.delete("a/\(lost.id)")
        try await bench.run { agent in
            #expect(await agent.strangers.first?.machine?.app == "a")
            #expect(bench.running == [lost.id])
            let address = try #require(await agent.strangers.first?.address)
            let made = try await agent.create(other)
            #expect(made.status.address != address)
            #expect(try await bench.store.volumes.list().count == 2)
            // What ended beside it stays too: the store is not to be trusted.
            let volume = try #require(await agent.strangers.first?.machine?.spec.config.mounts.first?.volume)
            await #expect(throws: Fault.self) { try await agent.destroyVolume(volume) }
        }
    }

    @Test("what has ended stays as long as something runs that nobody knows either")
    func endedBeside() async throws {
        let bench = AgentBench()
        let (lost, ended) = (bench.order(), Machine.ID.random())
        try await bench.started(lost)
        try await bench.store.machines.delete("a/\(lost.id)")
        try await bench.runtime.provision(ended, address: Machine.Address(ipv4: "10.0.0.9", ipv6: "::9"))
        try await bench.run { agent in
            #expect(await Set(agent.strangers.map(\.id)) == [lost.id, ended])
            try await agent.destroyStranger(lost.id)
            #expect(bench.running.isEmpty)
        }
        try await bench.run { agent in #expect(await agent.strangers.isEmpty) }
        #expect(bench.runtime.state.withLock { $0.provisioned.isEmpty })
    }

    @Test("is taken up again as the Machine that it was, without a restart of its process")
    func adopted() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.started(order)
        try await bench.store.machines.delete("a/\(order.id)")
        try await bench.run { agent in
            let process = try #require(await agent.strangers.first?.process)
            let fault = await #expect(throws: Fault.self) { try await agent.adoptStranger(order.id) }
            #expect(fault?.code == .appNotFound)
            try await bench.store.apps.put("a", App(name: "a", createdAt: .now(), owner: "o"))
            let machine = try await agent.adoptStranger(order.id)
            #expect(machine.status.state.process == process)
            #expect(await agent.strangers.isEmpty)
            #expect(try await bench.store.machines.get("a/\(order.id)")?.value.status.state == .started(process))
            #expect(bench.runtime.state.withLock { $0.starts.count } == 1)
            try await agent.stop(order.id, then: .stopped)
            await #expect(throws: Fault.self) { try await agent.adoptStranger(order.id) }
        }
    }
}

@Suite("An agent under load and at its end")
struct AgentFaultTests {
    @Test("two Machines made at once never get one volume", arguments: 0..<5)
    func oneVolume(round: Int) async throws {
        let bench = AgentBench()
        let mount = MachineConfig.Mount(name: "data", path: "/data")
        let free = Volume(
            id: Volume.newID(),
            name: "data",
            app: "a",
            region: "local",
            host: "host_a",
            sizeGB: 1,
            createdAt: Timestamp(milliseconds: 0)
        )
        try await bench.store.volumes.put(free.id, free)
        let orders = (0..<3).map { _ in bench.order(mounts: [mount]) }
        try await bench.run { agent in
            let made = try await withThrowingTaskGroup(of: Machine.self) { group in
                for order in orders { group.addTask { try await agent.create(order) } }
                var machines: [Machine] = []
                for try await machine in group { machines.append(machine) }
                return machines
            }
            let volumes = made.compactMap { $0.spec.config.mounts.first?.volume }
            #expect(Set(volumes).count == 3, "round \(round)")
            #expect(volumes.contains(free.id))
        }
    }

    @Test("a daemon that ends does not kill what has been asked to stop", arguments: 0..<10)
    func endOfDaemon(round: Int) async throws {
        let bench = AgentBench()
        bench.runtime.state.withLock { $0.obedient = false }
        var order = bench.order()
        order.config.stopConfig = MachineConfig.Stop(signal: .term, timeout: "60s")
        let wanted = order
        try await bench.run { agent in
            _ = try await agent.create(wanted)
            try await agent.start(wanted.id)
            try await agent.stop(wanted.id, then: .stopped)
        }
        #expect(bench.runtime.state.withLock { $0.signals } == [.term], "round \(round)")
    }

    @Test("a lasting hold outlives the daemon, a roll-out's does not")
    func holds() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.run { agent in
            _ = try await agent.create(order)
            try await agent.hold(order.id, Hold(owner: "green", reason: "waits", since: .now(), isLasting: true))
            try await agent.hold(order.id, Hold(owner: "rollout 1", reason: "deploy", since: .now()))
        }
        try await bench.run { agent in
            var machine: Machine?
            for await now in try await agent.changes(of: order.id) {
                machine = now
                break
            }
            #expect(machine?.status.holds.map(\.owner) == ["green"])
        }
    }
}
