import Agent
import FakeRuntime
import Foundation
import Model
import Runtime
import Store
import Synchronization
import Testing
import Toolkit

@Suite("What an agent does after a start of its host", .timeLimit(.minutes(1)))
struct BootTests {
    /// An app that is never ready: nothing listens on its port.
    private func slow(_ bench: AgentBench, _ app: String) -> MachineOrder {
        var order = bench.order(app)
        order.config.services = [MachineConfig.Service(internalPort: 1)]
        return order
    }

    private func makeAndStart(_ bench: AgentBench, _ orders: [MachineOrder]) async throws {
        try await bench.run { agent in
            for order in orders {
                _ = try await agent.create(order)
                try await agent.start(order.id)
            }
        }
    }

    private func state(_ bench: AgentBench, _ order: MachineOrder) async throws -> Machine.State? {
        try await bench.store.machines.get("\(order.app)/\(order.id)")?.value.status.state
    }

    @Test("no more Machines start at once than the host can bear; the others wait for their turn")
    func fewAtATime() async throws {
        let bench = AgentBench(width: 2)
        let orders = ["a", "b", "c", "d"].map { slow(bench, $0) }
        try await makeAndStart(bench, orders)
        bench.reboot()
        try await bench.run { agent in
            try await bench.eventually { bench.starts.count == 2 }
            try await Task.sleep(for: .milliseconds(100))
            #expect(bench.starts == orders.prefix(2).map(\.id))
            #expect(try await self.state(bench, orders[2])?.awaitsBootSince != nil)
            // Whoever asks for one need not wait.
            try await agent.start(orders[3].id)
            #expect(bench.starts == [orders[0].id, orders[1].id, orders[3].id])
            // One that goes makes room for the next.
            try await agent.stop(orders[0].id, then: .stopped)
            try await bench.eventually { bench.starts.count == 4 }
            #expect(bench.starts.last == orders[2].id)
        }
    }

    @Test("what others need comes first, each has its turn, and none starts twice")
    func order() async throws {
        let bench = AgentBench(width: 1)
        var all = [bench.order("z-database"), bench.order("a"), bench.order("b")]
        all[0].config.openTo = "a"
        let wanted = all.map(\.id)
        try await makeAndStart(bench, all)
        bench.reboot()
        try await bench.run { _ in
            try await bench.eventually { bench.starts.count == 3 }
            #expect(bench.starts == wanted)
            try await bench.eventually { bench.running == Set(wanted) }
        }
    }

    @Test("one that is stopped or destroyed before its turn is not started")
    func stopped() async throws {
        let bench = AgentBench(width: 1)
        let orders = ["a", "b", "c", "d"].map { slow(bench, $0) }
        try await makeAndStart(bench, orders)
        bench.reboot()
        try await bench.run { agent in
            try await bench.eventually { bench.starts.count == 1 }
            try await agent.stop(orders[1].id, then: .stopped)
            try await agent.stop(orders[2].id, then: .destroyed)
            try await agent.stop(orders[0].id, then: .stopped)
            try await bench.eventually { bench.starts.count == 2 }
            #expect(bench.starts == [orders[0].id, orders[3].id])
            #expect(try await self.state(bench, orders[1]) == .stopped(nil))
        }
    }

    @Test("a daemon that ends while some wait leaves their turns to the next one")
    func cutOff() async throws {
        let bench = AgentBench(width: 1)
        let orders = ["a", "b"].map { slow(bench, $0) }
        try await makeAndStart(bench, orders)
        bench.reboot()
        try await bench.run { _ in try await bench.eventually { bench.starts.count == 1 } }
        try await bench.run { agent in
            // The first runs on; the second is the only one that waits.
            try await bench.eventually { bench.starts == orders.map(\.id) }
        }
    }

    @Test("what slept before stays asleep")
    func asleep() async throws {
        let bench = AgentBench()
        let (suspended, stopped) = (bench.order("a"), bench.order("b"))
        try await makeAndStart(bench, [suspended, stopped])
        try await bench.run { agent in
            try await agent.suspend(suspended.id)
            try await agent.stop(stopped.id, then: .stopped)
            try await bench.eventually { try await self.state(bench, stopped)?.name == "stopped" }
        }
        bench.reboot()
        try await bench.run { _ in
            try await Task.sleep(for: .milliseconds(50))
            #expect(bench.starts.isEmpty)
            #expect(try await self.state(bench, suspended)?.name == "stopped")
        }
    }

    @Test("many are adopted at once: one whose network takes long holds up no other")
    func parallelAdoption() async throws {
        let bench = AgentBench(width: 8)
        let orders = (0..<8).map { bench.order("app\($0)") }
        try await makeAndStart(bench, orders)
        // Without a start of the host: all run on, and are found.
        let before = bench.running
        try await bench.run { agent in
            for order in orders {
                for await machine in try await agent.changes(of: order.id) {
                    #expect(machine.status.state.name == "started")
                    break
                }
            }
            #expect(bench.running == before)
        }
    }
}

@Suite("Records that are repaired", .timeLimit(.minutes(1)))
struct RepairTests {
    private func damage(_ bench: AgentBench, _ order: MachineOrder) async throws -> Data {
        let key = "/machines/\(order.app)/\(order.id)"
        let entry = try #require(try await bench.store.get(key))
        try await bench.store.put(key, Data("{".utf8), expected: nil)
        return entry.value
    }

    @Test("a Machine is taken up as soon as its record can be read, without a new start of the daemon")
    func repaired() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.started(order)
        let good = try await damage(bench, order)
        try await bench.run { agent in
            await #expect(throws: Fault.self) { try await agent.stop(order.id, then: .stopped) }
            #expect(bench.running == [order.id])
            try await bench.store.put("/machines/a/\(order.id)", good, expected: nil)
            try await bench.eventually {
                do {
                    for await machine in try await agent.changes(of: order.id) {
                        return machine.status.state.name == "started"
                    }
                    return false
                } catch {
                    return false
                }
            }
            // The process that ran is the one that is stopped.
            try await agent.stop(order.id, then: .stopped)
            try await bench.eventually { bench.running.isEmpty }
            #expect(bench.starts.count == 1)
        }
    }

    @Test("one whose process is gone meanwhile is started again")
    func gone() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.started(order)
        let good = try await damage(bench, order)
        bench.reboot()
        try await bench.run { _ in
            try await bench.store.put("/machines/a/\(order.id)", good, expected: nil)
            try await bench.eventually { bench.running == [order.id] }
        }
    }

    @Test("one whose record is given up goes on as a stranger")
    func dropped() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.started(order)
        _ = try await damage(bench, order)
        try await bench.run { agent in
            #expect(await agent.strangers.isEmpty)
            try await bench.store.delete("/machines/a/\(order.id)", expected: nil)
            try await bench.eventually { await agent.strangers.map(\.id) == [order.id] }
            #expect(bench.running == [order.id])
        }
    }

    @Test("a record that turns out to be another host's is left to that host")
    func foreign() async throws {
        let bench = AgentBench()
        let order = bench.order()
        try await bench.started(order)
        let good = try await damage(bench, order)
        var foreign = try JSON.decode(Machine.self, from: good, what: "record")
        foreign.host = "host_other"
        let data = try JSON.encode(foreign)
        try await bench.run { agent in
            try await bench.store.put("/machines/a/\(order.id)", data, expected: nil)
            try await Task.sleep(for: .milliseconds(100))
            await #expect(throws: Fault.self) { try await agent.stop(order.id, then: .stopped) }
            #expect(try await bench.store.machines.get("a/\(order.id)")?.value.host == "host_other")
        }
    }
}
