import Foundation
import Model
import Store
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Deploys and leases", .timeLimit(.minutes(2)))
struct RolloutLeaseTests {
    private typealias Bench = RolloutRunTests.Bench

    private func order(_ nonce: String? = nil) -> Leases.Order {
        Leases.Order(nonce: nonce, ttl: .seconds(60), owner: "eve@laptop", description: "at work")
    }

    @Test("a deploy is refused at once where somebody has a Machine's lease, and goes ahead when it is free")
    func refused() async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config())
        let leases = Leases(store: bench.store)
        let machine = try #require(try await bench.fleet.machines().first)
        let lease = try await leases.acquire(machine, order())
        let calls = await bench.fleet.calls
        let fault = await #expect(throws: Fault.self) { try await bench.deploy("sha256:2", bench.config()) }
        #expect(fault?.code == .leaseHeld)
        let words = "aborted: machine ID \(machine.id) lease currently held by eve@laptop, expires at "
        #expect(fault?.message.hasPrefix(words) == true, "\(fault?.message ?? "")")
        #expect(fault?.hint?.contains("roost machine leases clear \(machine.id)") == true)
        await #expect(throws: Fault.self) {
            try await bench.rollouts.begin("a", ReleaseOrder(.restart, user: "ada"))
        }
        // Nothing was touched, nothing is left that would be in the way.
        #expect(await bench.fleet.calls == calls)
        #expect(try await bench.records.deployLocks.get("a") == nil)
        try await leases.release(machine, nonce: lease.nonce)
        #expect(try await bench.deploy("sha256:2", bench.config()).phase == .complete)
    }

    @Test("a lease that comes while the image is built ends the deploy before it changes anything")
    func whileBuilding() async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config())
        let machine = try #require(try await bench.fleet.machines().last)
        let calls = await bench.fleet.calls
        let request = bench.request(bench.config())
        var run = RolloutRun(rollouts: bench.rollouts, rollout: try await bench.rollouts.begin("a", request))
        let order = order()
        await run.carryOut(.deploy(request)) { _, _, _ in
            _ = try await Leases(store: bench.store).acquire(machine, order)
            return Image(digest: "sha256:2", layers: [], config: .init())
        }
        #expect(run.rollout.phase == .failed && run.rollout.fault?.code == .leaseHeld)
        // What looks only is no change.
        #expect(await bench.fleet.calls.filter { $0 != "vet" } == calls.filter { $0 != "vet" })
        #expect(try await bench.current() == 1)
        #expect(try await bench.releases().map(\.version) == [1])
    }

    @Test("nobody gets the lease of a Machine that a deploy works on; that of another he does")
    func duringDeploy() async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config())
        let machines = try await bench.fleet.machines()
        var rollout = Rollout(id: ULID.make(), app: "a", holder: "ada@laptop", startedAt: .now())
        rollout.phase = .rolling
        rollout.steps = [.update(machine: machines[0].id, group: "app")]
        try await bench.rollouts.save(rollout)
        try await bench.records.lockDeploy(rollout)
        let leases = Leases(store: bench.store)
        let fault = await #expect(throws: Fault.self) { try await leases.acquire(machines[0], order()) }
        let words = "aborted: machine ID \(machines[0].id) lease currently held by the deploy of ada@laptop"
        #expect(fault?.code == .leaseHeld && fault?.message.hasPrefix(words) == true, "\(fault?.message ?? "")")
        #expect(try await leases.current(machines[0]) == nil)
        _ = try await leases.acquire(machines[1], order())
    }
}
