import Foundation
import Model
import Store
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Roll-outs")
struct RolloutTests {
    @Test("on the way back, a store that fails for a moment is asked again: the earlier release is put back")
    func storeFault() async throws {
        let bench = ControlBench()
        let store: any StateStore = bench.store
        try await bench.app("a")
        let release = Release(
            app: "a",
            version: 1,
            image: "sha256:1",
            config: AppConfig(),
            createdAt: .now(),
            user: "u"
        )
        try await store.releases.put(Release.key("a", 1), release)
        var machine = bench.fleet.state.withLock { $0.machine }
        machine.status.state = .stopped(nil)
        try await store.machines.put("a/\(machine.id)", machine)
        var rollout = Rollout(id: ULID.make(), app: "a", holder: "ada", startedAt: .now())
        rollout.phase = .rollingBack
        rollout.previous = 1
        rollout.steps = [.update(machine: machine.id, group: "app")]
        try await bench.rollouts.save(rollout)
        try await store.lockDeploy(rollout)
        await bench.store.fail("/releases/", times: 1)
        var run = RolloutRun(rollouts: bench.rollouts, rollout: rollout)
        await run.carryOut(nil) { _, _, _ in throw CancellationError() }
        #expect(run.rollout.phase == .rolledBack)
        #expect(bench.fleet.state.withLock { $0.calls.contains("update") })
    }

    @Test("of two at once that want one host name, one is told whose it is")
    func hostNames() async throws {
        let bench = ControlBench()
        try await bench.app("a")
        try await bench.app("b")
        let first = try await bench.rollouts.begin("a", bench.request(["x.example.com"]))
        let fault = await #expect(throws: Fault.self) {
            try await bench.rollouts.begin("b", bench.request(["x.example.com"]))
        }
        #expect(fault?.code == .nameTaken)
        #expect(fault?.message.contains("belongs to app a") == true)
        // And b may deploy again at once: nothing of it was left behind.
        _ = try await bench.rollouts.begin("b", bench.request(["y.example.com"]))
        #expect(first.phase == .building)
    }

    @Test("one that fails gives its host names back")
    func givenBack() async throws {
        let bench = ControlBench()
        let store: any StateStore = bench.store
        try await bench.app("a", hostnames: ["kept.example.com"])
        try await bench.app("b")
        let rollout = try await bench.rollouts.begin("a", bench.request(["kept.example.com", "x.example.com"]))
        var run = RolloutRun(rollouts: bench.rollouts, rollout: rollout)
        await run.carryOut(.deploy(bench.request())) { _, _, _ in throw Fault(.buildFailed, "no") }
        #expect(run.rollout.phase == .failed)
        #expect(try await store.hostNames.named().map(\.name) == ["kept.example.com"])
        _ = try await bench.rollouts.begin("b", bench.request(["x.example.com"]))
    }

    @Test("a claim that a crash has left is taken over")
    func leftClaim() async throws {
        let bench = ControlBench()
        let store: any StateStore = bench.store
        try await bench.app("a")
        try await bench.app("b")
        try await store.hostNames.put("x.example.com", HostNameClaim(app: "a", rollout: "gone"))
        try await store.hostNames.put("y.example.com", HostNameClaim(app: "nobody", rollout: "gone"))
        _ = try await bench.rollouts.begin("b", bench.request(["x.example.com", "y.example.com"]))
        #expect(Set(try await store.hostNames.named().map(\.value.value.app)) == ["b"])
    }

    @Test("while one works on a Machine, a command is told so, and nothing is stopped")
    func commandRefused() async throws {
        let bench = ControlBench()
        let store: any StateStore = bench.store
        let machines = Machines(store: store, fleet: bench.fleet, edges: bench.edges, settings: .test)
        let machine = bench.fleet.state.withLock { $0.machine }
        var rollout = Rollout(id: ULID.make(), app: machine.app, holder: "ada@laptop", startedAt: .now())
        rollout.phase = .rolling
        rollout.steps = [.update(machine: machine.id, group: "app")]
        try await bench.rollouts.save(rollout)
        try await store.lockDeploy(rollout)
        let fault = await #expect(throws: Fault.self) { try await machines.stop(machine, then: .stopped) }
        #expect(fault?.code == .deployInProgress)
        #expect(fault?.message.contains("ada@laptop") == true)
        #expect(bench.fleet.state.withLock { $0.calls.isEmpty })
    }

    @Test("a command's end does not route a Machine that a roll-out holds")
    func twoOwners() async throws {
        let bench = ControlBench()
        bench.fleet.run(ready: true)
        let machine = bench.fleet.state.withLock { $0.machine }
        try await bench.fleet.hold(machine.id, Hold(owner: "rollout 1", reason: "deploy", since: .now()))
        let machines = Machines(store: bench.store, fleet: bench.fleet, edges: bench.edges, settings: .test)
        try await machines.suspend(machine)
        #expect(bench.fleet.state.withLock { $0.machine.status.holds.map(\.owner) } == ["rollout 1"])
    }
}
