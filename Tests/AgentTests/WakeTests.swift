import Agent
import FakeRuntime
import Model
import Store
import Testing
import Toolkit

@Suite("What an agent does for a wake", .timeLimit(.minutes(1)))
struct WakeTests {
    private func suspended(_ bench: AgentBench, _ order: MachineOrder) async throws {
        try await bench.run { agent in
            _ = try await agent.create(order)
            try await agent.start(order.id)
            try await bench.eventually { try await record(bench, order).status.ready }
            try await agent.suspend(order.id)
            try await bench.eventually { try await record(bench, order).status.state.name == "suspended" }
        }
    }

    private func record(_ bench: AgentBench, _ order: MachineOrder) async throws -> Machine {
        try #require(try await bench.store.machines.get("\(order.app)/\(order.id)")?.value)
    }

    @Test("the first record after a thaw is the one that a request waits for: it runs and is ready")
    func oneRecord() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await suspended(bench, order)
        try await bench.run { agent in
            let before = try await bench.store.range("/machines/").revision
            try await agent.start(order.id)
            for await event in bench.store.watch("/machines/", after: before) {
                guard case .put(let entry) = event else { continue }
                let machine = try JSON.decode(Machine.self, from: entry.value, what: entry.key)
                // The takeover by this second agent may have written what it found.
                if machine.status.state.name == "suspended" { continue }
                #expect(machine.status.state.name == "started" && machine.status.ready)
                break
            }
            #expect(bench.runtime.state.withLock { $0.frozen.isEmpty })
        }
    }

    @Test("a daemon that ends between a thaw and its record leaves a Machine that the next one finds awake")
    func cutOff() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await suspended(bench, order)
        let process = try await record(bench, order).status.state.process
        try await bench.runtime.resume(order.id)
        #expect(try await record(bench, order).status.state.name == "suspended")
        try await bench.run { _ in
            try await bench.eventually { try await record(bench, order).status.ready }
            #expect(try await record(bench, order).status.state.process == process)
            #expect(bench.starts.count == 1)
        }
    }

    @Test("a start of what runs, and a second start while it is thawed, change nothing")
    func again() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await suspended(bench, order)
        try await bench.run { agent in
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await agent.start(order.id) } }
                try await group.waitForAll()
            }
            let machine = try await record(bench, order)
            #expect(machine.status.state.name == "started" && machine.status.ready)
            #expect(bench.starts.count == 1)
        }
    }

    @Test("a frozen Machine whose process is gone is no longer said to sleep: a start makes another process")
    func gone() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await suspended(bench, order)
        bench.reboot()
        try await bench.run { agent in
            try await bench.eventually { try await record(bench, order).status.state.name == "stopped" }
            try await agent.start(order.id)
            try await bench.eventually { try await record(bench, order).status.ready }
            // Those before the host went down are not counted.
            #expect(bench.starts == [order.id])
        }
    }
}
