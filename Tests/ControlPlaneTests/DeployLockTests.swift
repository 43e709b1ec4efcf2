import Foundation
import Model
import Store
import Testing

@testable import ControlPlane

@Suite("Deploy lock")
struct DeployLockTests {
    private func rollout(_ id: String, _ phase: Rollout.Phase) -> Rollout {
        var rollout = Rollout(id: id, app: "a", holder: "me", startedAt: Timestamp(milliseconds: 0))
        rollout.phase = phase
        return rollout
    }

    @Test("a roll-out under way keeps others out, and lets go of its own lock only")
    func held() async throws {
        let store = MemoryStore()
        let (first, second) = (rollout("1", .rolling), rollout("2", .building))
        for rollout in [first, second] { try await store.rollouts.put("a/\(rollout.id)", rollout) }
        try await store.lockDeploy(first)
        let fault = await #expect(throws: Fault.self) { try await store.lockDeploy(second) }
        #expect(fault?.code == .revisionConflict)
        try await store.unlockDeploy(second)
        #expect(try await store.deployUnderWay("a")?.id == "1")
        try await store.unlockDeploy(first)
        try await store.lockDeploy(second)
        #expect(try await store.deployUnderWay("a")?.id == "2")
    }

    @Test("a lock whose roll-out is over, gone or unreadable holds nobody up", arguments: ["over", "gone", "damaged"])
    func stale(what: String) async throws {
        let store = MemoryStore()
        if what == "over" { try await store.rollouts.put("a/1", rollout("1", .failed)) }
        if what == "damaged" { try await store.put("/rollouts/a/1", Data("{".utf8), expected: 0) }
        try await store.deployLocks.put("a", "1")
        #expect(try await store.deployUnderWay("a") == nil)
        let next = rollout("2", .building)
        try await store.rollouts.put("a/2", next)
        try await store.lockDeploy(next)
        #expect(try await store.deployUnderWay("a")?.id == "2")
    }

    @Test("a damaged record is told and left out, and stays in the store")
    func damaged() async throws {
        let store = MemoryStore()
        try await store.rollouts.put("a/1", rollout("1", .failed))
        try await store.put("/rollouts/a/2", Data("{".utf8), expected: 0)
        var names: [String] = []
        let readable = try await store.rollouts.list { name, _ in names.append(name) }
        #expect(readable.map(\.id) == ["1"])
        #expect(names == ["a/2"])
        await #expect(throws: Fault.self) { try await store.rollouts.list() }
        #expect(await store.get("/rollouts/a/2") != nil)
    }
}
