import Foundation
import Model
import Store
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

/// Whole roll-outs on a fleet of records.
@Suite("A roll-out's way", .timeLimit(.minutes(3)))
struct RolloutRunTests {
    /// An app on a control plane whose Machines come up at once.
    struct Bench: Sendable {
        let store: FaultyStore
        let fleet: StoreFleet
        let rollouts: Rollouts
        let edges: EdgeLink

        /// The control plane of a first daemon, or of the one that comes after.
        init(after other: Self? = nil) {
            store = other?.store ?? FaultyStore()
            fleet = other?.fleet ?? StoreFleet(store)
            edges = EdgeLink(store: store, domain: "localhost", fleet: fleet, logger: ControlBench.quiet)
            rollouts = ControlBench.rollouts(store, fleet, edges)
        }

        var records: any StateStore { store }

        func app() async throws {
            try await records.apps.put("a", App(name: "a", createdAt: .now(), owner: "o"))
        }

        /// As `fly.toml` says it: one served group whose check proves it.
        func config(
            _ strategy: AppConfig.Strategy = .rolling,
            _ change: (inout AppConfig) -> Void = { _ in }
        ) -> AppConfig {
            var config = AppConfig()
            config.httpService = AppConfig.Service()
            config.deploy.strategy = strategy
            config.deploy.stayUp = "0s"
            change(&config)
            return config
        }

        func request(_ config: AppConfig) -> DeployRequest {
            DeployRequest(config: config, manifest: nil, user: "ada@laptop", lines: [:])
        }

        /// Deploys an image, with a daemon of its own for that.
        @discardableResult
        func deploy(_ digest: String, _ config: AppConfig) async throws -> Rollout {
            let rollout = try await rollouts.begin("a", request(config))
            return await finish(rollout, .deploy(request(config)), digest)
        }

        func finish(_ rollout: Rollout, _ order: Rollouts.Order?, _ digest: String) async -> Rollout {
            var run = RolloutRun(rollouts: rollouts, rollout: rollout)
            await run.carryOut(order) { _, _, _ in Image(digest: digest, layers: [], config: .init()) }
            return run.rollout
        }

        func releases() async throws -> [Release] { try await records.releases.list("a/") }

        func current() async throws -> Int? { try await records.apps.get("a")?.value.currentRelease }

        func story(_ rollout: Rollout) async -> [String] {
            var lines: [String] = []
            for await event in await rollouts.follow(rollout) {
                if case .line(let line) = event { lines.append(line) }
            }
            return lines
        }
    }

    static let strategies: [AppConfig.Strategy] = [.rolling, .canary, .bluegreen, .immediate]

    /// What must hold after a roll-out that went well.
    private func expectInService(_ bench: Bench, _ release: Int, machines count: Int) async throws {
        let machines = try await bench.fleet.machines()
        #expect(machines.count == count)
        #expect(machines.allSatisfy { $0.spec.release == release })
        #expect(machines.allSatisfy { $0.status.ready && !$0.isUnrouted })
        #expect(try await bench.current() == release)
        #expect(try await bench.records.deployLocks.get("a") == nil)
    }

    @Test("a first deploy makes the Machines, and the release is in service", arguments: strategies)
    func first(strategy: AppConfig.Strategy) async throws {
        let bench = Bench()
        try await bench.app()
        let rollout = try await bench.deploy("sha256:1", bench.config(strategy))
        #expect(rollout.phase == .complete && rollout.fault == nil && rollout.finishedAt != nil)
        try await expectInService(bench, 1, machines: 2)
        #expect(try await bench.releases().map(\.status) == [.complete])
        #expect(try await bench.releases().first?.counts == ["app": 2])
    }

    @Test("a second one brings each Machine to the new release", arguments: strategies)
    func second(strategy: AppConfig.Strategy) async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config(strategy))
        let rollout = try await bench.deploy("sha256:2", bench.config(strategy))
        #expect(rollout.phase == .complete && rollout.previous == 1)
        try await expectInService(bench, 2, machines: 2)
        #expect(try await bench.releases().map(\.status) == [.complete, .complete])
    }

    @Test(
        "a release that does not come up is taken back: every Machine has the earlier one, and says why",
        arguments: [AppConfig.Strategy.rolling, .canary, .bluegreen]
    )
    func broken(strategy: AppConfig.Strategy) async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config(strategy))
        await bench.fleet.breakImage("sha256:2")
        let rollout = try await bench.deploy("sha256:2", bench.config(strategy))
        #expect(rollout.phase == .rolledBack)
        #expect(rollout.fault?.message.contains("ended with exit code 3") == true)
        try await expectInService(bench, 1, machines: 2)
        #expect(try await bench.releases().map(\.status) == [.complete, .rolledBack])
    }

    @Test("a canary that has taken a Machine's place gives it back when the next one fails")
    func canaryGoesBack() async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config(.canary))
        await bench.fleet.before { [fleet = bench.fleet] _ in
            // The canary's was the third.
            guard await fleet.calls.count(where: { $0.hasPrefix("create") }) == 3 else { return }
            await fleet.fail("create", Fault(.toolFailed, "no sandbox"))
        }
        let rollout = try await bench.deploy("sha256:2", bench.config(.canary))
        #expect(rollout.phase == .rolledBack && rollout.done == 2 && rollout.fault?.message == "no sandbox")
        try await expectInService(bench, 1, machines: 2)
    }

    @Test("a first deploy that does not come up leaves nothing that runs")
    func firstBroken() async throws {
        let bench = Bench()
        try await bench.app()
        await bench.fleet.breakImage("sha256:1")
        let rollout = try await bench.deploy("sha256:1", bench.config())
        #expect(rollout.phase == .failed && rollout.previous == nil)
        #expect(try await bench.fleet.machines().isEmpty)
        #expect(try await bench.current() == nil)
        // And the app can be deployed again at once.
        #expect(try await bench.deploy("sha256:2", bench.config()).phase == .complete)
        try await expectInService(bench, 2, machines: 2)
    }

    @Test("a program that can't be started is found before anything is changed")
    func vetted() async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config())
        let before = await bench.fleet.calls
        await bench.fleet.fail("vet", Fault(.invalidConfig, "no program named gunicorn"))
        let rollout = try await bench.deploy("sha256:2", bench.config())
        #expect(rollout.phase == .failed && rollout.fault?.message == "no program named gunicorn")
        #expect(await bench.fleet.calls == before + ["vet"])
        #expect(try await bench.releases().count == 1)
        try await expectInService(bench, 1, machines: 2)
    }

    @Test("a build that fails changes nothing, and the story says so")
    func buildFails() async throws {
        let bench = Bench()
        try await bench.app()
        let rollout = try await bench.rollouts.begin("a", bench.request(bench.config()))
        var run = RolloutRun(rollouts: bench.rollouts, rollout: rollout)
        await run.carryOut(.deploy(bench.request(bench.config()))) { _, _, tell in
            await tell(.line("error: no such package"))
            throw Fault(.buildFailed, "pip failed")
        }
        #expect(run.rollout.phase == .failed && run.rollout.fault?.code == .buildFailed)
        #expect(await bench.story(run.rollout) == ["error: no such package"])
        #expect(await bench.fleet.calls.isEmpty)
        #expect(try await bench.records.deployLocks.get("a") == nil)
    }

    @Test("a step whose Machine can't be changed is taken back, and the Machine takes requests again")
    func stepFails() async throws {
        let bench = Bench()
        try await bench.app()
        let config = bench.config { $0.mounts = [AppConfig.Mount(source: "data", destination: "/data")] }
        try await bench.deploy("sha256:1", config)
        await bench.fleet.fail("update", Fault(.toolFailed, "runc says no"))
        let rollout = try await bench.deploy("sha256:2", config)
        #expect(rollout.phase == .rolledBack && rollout.fault?.message == "runc says no")
        try await expectInService(bench, 1, machines: 1)
    }

    @Test("what runs already is not deployed again where that was asked for; anything else is")
    func onlyIfChanged() async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config())
        var request = bench.request(bench.config())
        request.onlyIfChanged = true
        let same = try await bench.rollouts.begin("a", request)
        let after = await bench.finish(same, .deploy(request), "sha256:1")
        #expect(after.phase == .complete && after.release == 1)
        #expect(await bench.story(after) == ["v1 is what runs already"])
        let other = try await bench.rollouts.begin("a", request)
        #expect(await bench.finish(other, .deploy(request), "sha256:2").release == 2)
        try await expectInService(bench, 2, machines: 2)
    }

    @Test("one deploy an app at a time; the second is told who deploys, and which step it is at")
    func oneAtATime() async throws {
        let bench = Bench()
        try await bench.app()
        let first = try await bench.rollouts.begin("a", bench.request(bench.config()))
        let fault = await #expect(throws: Fault.self) {
            try await bench.rollouts.begin("a", bench.request(bench.config()))
        }
        #expect(fault?.code == .deployInProgress)
        #expect(fault?.message.contains("ada@laptop") == true && fault?.message.contains("now: building") == true)
        #expect(try await bench.records.rollouts.list("a/").map(\.id) == [first.id])
    }

    @Test("sizes that were set by hand are not forgotten because the store did not answer")
    func keptSizes() async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config())
        let size = MachineConfig.Guest(memoryMiB: 1024)
        try await bench.records.releases.update(Release.key("a", 1), missing: Fault(.corrupt, "gone")) {
            $0.sizes = ["app": size]
        }
        await bench.store.fail("/releases/", times: 1)
        let failed = try await bench.deploy("sha256:2", bench.config())
        #expect(failed.phase == .failed && failed.fault?.code == .io)
        let next = try await bench.deploy("sha256:2", bench.config())
        #expect(next.phase == .complete)
        #expect(try await bench.fleet.machines().allSatisfy { $0.spec.config.guest == size })
    }

    @Test("one that is cancelled is taken back")
    func cancelled() async throws {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config())
        let count = await bench.fleet.calls.count
        let begun = Mutex<Rollout?>(nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let rollouts = ControlBench.rollouts(bench.store, bench.fleet, bench.edges) { _, _, _ in
                Image(digest: "sha256:2", layers: [], config: .init())
            }
            await bench.fleet.before { number in
                // In the middle of the first Machine.
                guard number == count + 4, let rollout = begun.withLock({ $0 }) else { return }
                try? await rollouts.cancel(rollout)
                // Whoever is cut off here does not go on.
                try? await Task.sleep(for: .seconds(20))
            }
            group.addTask { try await rollouts.run() }
            let rollout = try await rollouts.begin("a", bench.request(bench.config()))
            begun.withLock { $0 = rollout }
            var last: Rollout?
            for await event in await rollouts.follow(rollout) {
                if case .finished(let end, _) = event { last = end }
            }
            #expect(last?.phase == .rolledBack && last?.fault?.code == .cancelled)
            group.cancelAll()
        }
        try await expectInService(bench, 1, machines: 2)
    }

    /// Ends the daemon before a certain call of the second deploy, then has the next daemon go on.
    private func resumed(
        _ strategy: AppConfig.Strategy,
        cutAt: Int,
        broken: Bool
    ) async throws -> (bench: Bench, end: Rollout, cut: Bool) {
        let bench = Bench()
        try await bench.app()
        try await bench.deploy("sha256:1", bench.config(strategy))
        if broken { await bench.fleet.breakImage("sha256:2") }
        let before = await bench.fleet.calls.count
        let rollout = try await bench.rollouts.begin("a", bench.request(bench.config(strategy)))
        let daemon = Mutex<Task<Rollout, Never>?>(nil)
        await bench.fleet.before { number in
            if number == before + cutAt { daemon.withLock { $0?.cancel() } }
        }
        let task = Task {
            await bench.finish(rollout, .deploy(bench.request(bench.config(strategy))), "sha256:2")
        }
        daemon.withLock { $0 = task }
        _ = await task.value
        await bench.fleet.before { _ in }
        let recorded = try #require(try await bench.records.rollouts.get("a/\(rollout.id)")?.value)
        guard !recorded.phase.isOver else { return (bench, recorded, false) }
        let next = Bench(after: bench)
        return (next, await next.finish(recorded, nil, "sha256:2"), true)
    }

    @Test(
        "a daemon that ends at any call leaves a roll-out that the next one ends well",
        arguments: strategies,
        Array(0..<24)
    )
    func killed(strategy: AppConfig.Strategy, cutAt: Int) async throws {
        let (bench, end, cut) = try await resumed(strategy, cutAt: cutAt, broken: false)
        if end.phase == .failed {
            // Cut off before the release was written: nothing has changed, and the story says what to do.
            #expect(cut && end.fault?.code == .cancelled)
            return try await expectInService(bench, 1, machines: 2)
        }
        #expect(end.phase == .complete)
        try await expectInService(bench, 2, machines: 2)
    }

    @Test(
        "one of a broken release is taken back, wherever the daemon ended",
        arguments: [AppConfig.Strategy.rolling, .canary, .bluegreen],
        Array(0..<16)
    )
    func killedBroken(strategy: AppConfig.Strategy, cutAt: Int) async throws {
        let (bench, end, _) = try await resumed(strategy, cutAt: cutAt, broken: true)
        #expect(end.phase == .rolledBack || end.phase == .failed)
        try await expectInService(bench, 1, machines: 2)
    }
}
