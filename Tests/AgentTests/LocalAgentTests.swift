import Agent
import FakeRuntime
import Logging
import Model
import Runtime
import Store
import Synchronization
import Testing

@Suite("Agent")
struct LocalAgentTests {
    /// An agent on a fake runtime, running for as long as `body` does.
    private func withAgent(
        _ store: MemoryStore = MemoryStore(),
        _ runtime: FakeRuntime = FakeRuntime(),
        _ body: @escaping @concurrent @Sendable (LocalAgent, MemoryStore, FakeRuntime) async throws -> Void
    ) async throws {
        let prober = Prober()
        let image = Image(digest: "sha256:0", layers: [], config: .init(cmd: ["true"]))
        let host = HostServices(
            name: "here",
            region: "local",
            runtime: runtime,
            store: store,
            prober: prober,
            image: { _ in (image, []) },
            volumeFolder: { volume, _, _ in "/volumes/\(volume.id)" },
            removeVolumeFolder: { _ in },
            freeAddress: { Machine.Address(ipv4: "127.0.0.1", ipv6: "::\($1.count + 1)") },
            readLog: { _, _, _ in LogFeed() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let agent = LocalAgent(host: host)
        try await agent.adopt()
        do {
            try await withThrowingTaskGroup { group in
                group.addTask { try await agent.run() }
                group.addTask { try await body(agent, store, runtime) }
                try await group.next()
                group.cancelAll()
            }
        } catch {
            throw error
        }
    }

    private func order(_ config: MachineConfig = MachineConfig(image: "roost/a@sha256:0")) -> MachineOrder {
        MachineOrder(id: .random(), app: "a", name: "a", region: "local", config: config, release: 1)
    }

    private func wait(
        _ agent: LocalAgent,
        _ id: Machine.ID,
        _ what: @Sendable (Machine) -> Bool
    ) async throws -> Machine {
        for await machine in try await agent.changes(of: id) where what(machine) { return machine }
        throw Fault(.machineNotFound, "the Machine went away")
    }

    @Test("a Machine without services is ready once it has stayed alive")
    func readyWithoutServices() async throws {
        try await withAgent { agent, store, _ in
            let machine = try await agent.create(order())
            try await agent.start(machine.id)
            let ready = try await wait(agent, machine.id) { $0.status.ready }
            #expect(ready.status.proven)
            #expect(try await store.machines.get("a/\(machine.id)")?.value.status.state.name == "started")
        }
    }

    @Test("creating, starting and stopping again change nothing")
    func idempotence() async throws {
        try await withAgent { agent, _, runtime in
            let wanted = order()
            let first = try await agent.create(wanted)
            #expect(try await agent.create(wanted).status.address == first.status.address)
            try await agent.start(wanted.id)
            try await agent.start(wanted.id)
            #expect(runtime.state.withLock { $0.starts.count } == 1)
            try await agent.stop(wanted.id, then: .stopped)
            _ = try await wait(agent, wanted.id) { $0.status.state.name == "stopped" }
            try await agent.stop(wanted.id, then: .stopped)
        }
    }

    @Test("a crash is restarted, its end recorded with code and out-of-memory")
    func crash() async throws {
        try await withAgent { agent, _, runtime in
            let machine = try await agent.create(order())
            try await agent.start(machine.id)
            runtime.end(machine.id, code: 137, outOfMemory: true)
            let after = try await wait(agent, machine.id) { $0.status.events.last?.kind == .restart }
            let exit = after.status.events.last { $0.kind == .exit }?.exit
            #expect(exit?.outOfMemory == true)
            #expect(exit?.requested == false)
            #expect(runtime.state.withLock { $0.starts.count } == 2)
        }
    }

    @Test("a process that ends before it has answered has proven nothing")
    func endsUnanswered() async throws {
        let port = try SilentPort()
        try await withAgent { agent, store, runtime in
            var config = MachineConfig(image: "roost/a@sha256:0")
            config.services = [.init(internalPort: port.number)]
            let machine = try await agent.create(order(config))
            try await agent.start(machine.id)
            _ = try await wait(agent, machine.id) { $0.status.state.name == "started" }
            // Until somebody asks for an answer.
            try await Task.sleep(for: .milliseconds(200))
            runtime.end(machine.id, code: 3)
            _ = try await wait(agent, machine.id) { $0.status.state.name == "restarting" }
            port.close()
            let again = try await wait(agent, machine.id) { $0.status.events.last?.kind == .restart }
            #expect(!again.status.proven && !again.status.ready)
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await store.machines.get("a/\(machine.id)")?.value.status.proven == false)
        }
    }

    @Test("a process that ignores its stop signal is killed after the timeout")
    func stubborn() async throws {
        try await withAgent { agent, _, runtime in
            var config = MachineConfig(image: "roost/a@sha256:0")
            config.stopConfig = .init(signal: .term, timeout: "20ms")
            runtime.state.withLock { $0.obedient = false }
            let machine = try await agent.create(order(config))
            try await agent.start(machine.id)
            try await agent.stop(machine.id, then: .stopped)
            _ = try await wait(agent, machine.id) { $0.status.state.name == "stopped" }
            #expect(runtime.state.withLock { $0.signals } == [.term, .kill])
        }
    }

    @Test("an update replaces the process, and the same update again does not")
    func update() async throws {
        try await withAgent { agent, _, runtime in
            let machine = try await agent.create(order())
            try await agent.start(machine.id)
            var config = machine.spec.config
            config.env["GREETING"] = "new"
            for _ in 0..<2 {
                try await agent.update(machine.id, config: config, release: 2, launch: true)
                _ = try await wait(agent, machine.id) {
                    $0.status.state.name == "started" && $0.status.runningInstance == $0.spec.instance
                }
            }
            let starts = runtime.state.withLock { $0.starts }
            #expect(starts.count == 2)
            #expect(starts.last?.env["GREETING"] == "new")
            #expect(starts.last?.env["FLY_MACHINE_ID"] == machine.id.text)
        }
    }

    @Test("a volume is made once, found again by its name, and can't be destroyed under a Machine")
    func volumes() async throws {
        try await withAgent { agent, store, runtime in
            var config = MachineConfig(image: "roost/a@sha256:0")
            config.mounts = [.init(name: "data", path: "/data")]
            let machine = try await agent.create(order(config))
            let volume = try #require(try await store.volumes.list().first)
            #expect(volume.attachedTo == machine.id)
            await #expect(throws: Fault.self) { try await agent.destroyVolume(volume.id) }
            try await agent.start(machine.id)
            #expect(runtime.state.withLock { $0.starts.last?.mounts.first?.source } == "/volumes/\(volume.id)")
            for await _ in try await destroyed(agent, machine.id) {}
            let next = try await agent.create(order(config))
            #expect(next.spec.config.mounts.first?.volume == volume.id)
            #expect(try await store.volumes.list().count == 1)
        }
    }

    private func destroyed(_ agent: LocalAgent, _ id: Machine.ID) async throws -> AsyncStream<Machine> {
        let changes = try await agent.changes(of: id)
        try await agent.stop(id, then: .destroyed)
        return changes
    }

    @Test("what runs is adopted as it is; what should run and does not is started; strangers are removed")
    func adoption() async throws {
        let store = MemoryStore()
        let runtime = FakeRuntime()
        let (kept, lost, stranger) = (order(), order(), Machine.ID.random())
        try await withAgent(store, runtime) { agent, _, _ in
            for order in [kept, lost] {
                _ = try await agent.create(order)
                try await agent.start(order.id)
            }
        }
        let pid = runtime.state.withLock { state in
            state.running.removeValue(forKey: lost.id)
            state.provisioned.insert(stranger)
            return state.running[kept.id]?.pid
        }
        try await withAgent(store, runtime) { agent, _, runtime in
            let machine = try await wait(agent, kept.id) { _ in true }
            #expect(machine.status.state.process?.pid == pid)
            _ = try await wait(agent, lost.id) { $0.status.state.name == "started" }
            #expect(runtime.state.withLock { !$0.provisioned.contains(stranger) })
        }
    }

    @Test("a start that fails is told, and leaves the Machine failed")
    func startFails() async throws {
        try await withAgent { agent, _, runtime in
            runtime.state.withLock { $0.startFault = Fault(.toolFailed, "runc says no") }
            let machine = try await agent.create(order())
            let fault = await #expect(throws: Fault.self) { try await agent.start(machine.id) }
            #expect(fault?.message.contains("runc says no") == true)
        }
    }

    @Test(
        "a closed Machine is closed before it has a network, has the app's Machines for guests, and is forgotten at its end"
    )
    func reach() async throws {
        try await withAgent { agent, _, runtime in
            var config = MachineConfig(image: "roost/a@sha256:0")
            config.openTo = "a"
            var closed = order(config)
            closed.app = "a-redis"
            _ = try await agent.create(closed)
            #expect(runtime.state.withLock { $0.reach.closed.count } == 1)
            #expect(runtime.state.withLock { $0.reach.pairs.isEmpty })
            let guest = order()
            let address = try #require(try await agent.create(guest).status.address)
            #expect(runtime.state.withLock { $0.reach.pairs.map(\.guest) } == [address])
            try await agent.stop(guest.id, then: .destroyed)
            try await eventually { runtime.state.withLock { $0.reach.pairs.isEmpty } }
            try await agent.stop(closed.id, then: .destroyed)
            try await eventually { runtime.state.withLock { $0.reach.isOpen } }
        }
    }

    @Test("who may reach whom is told anew to the kernel when the daemon starts")
    func reachAfterRestart() async throws {
        let store = MemoryStore()
        try await withAgent(store) { agent, _, _ in
            var config = MachineConfig(image: "roost/a@sha256:0")
            config.openTo = "a"
            var closed = self.order(config)
            closed.app = "a-redis"
            _ = try await agent.create(closed)
            _ = try await agent.create(self.order())
        }
        let runtime = FakeRuntime()
        try await withAgent(store, runtime) { _, _, _ in
            #expect(runtime.state.withLock { $0.reach.pairs.count } == 1)
        }
    }

    private func eventually(_ holds: () -> Bool) async throws {
        for _ in 0..<200 where !holds() { try await Task.sleep(for: .milliseconds(10)) }
        #expect(holds())
    }
}
