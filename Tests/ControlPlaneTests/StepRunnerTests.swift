import Model
import Store
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

/// Each step of a roll-out by itself, and once more, as after a daemon that ended in the middle of it.
@Suite("Steps of a roll-out", .timeLimit(.minutes(1)))
struct StepRunnerTests {
    private struct Bench: Sendable {
        let store = MemoryStore()
        let fleet: StoreFleet
        let edges: EdgeLink
        let told = Told()

        final class Told: Sendable {
            private let lines = Mutex<[String]>([])
            var all: [String] { lines.withLock { $0 } }
            func add(_ line: String) { lines.withLock { $0.append(line) } }
        }

        init() {
            fleet = StoreFleet(store)
            edges = EdgeLink(store: store, domain: "localhost", fleet: fleet, logger: ControlBench.quiet)
        }

        func steps(_ phase: Rollout.Phase = .rolling) -> StepRunner {
            var rollout = Rollout(id: "r1", app: "a", holder: "ada@laptop", startedAt: .now())
            rollout.phase = phase
            let told = told
            return StepRunner(
                store: store,
                fleet: fleet,
                edges: edges,
                region: "local",
                rollout: rollout,
                pull: nil,
                note: { event in if case .line(let line) = event { told.add(line) } }
            )
        }

        func release(_ version: Int, _ change: (inout Release) -> Void = { _ in }) -> Release {
            var config = AppConfig()
            config.httpService = AppConfig.Service()
            config.deploy.stayUp = "0s"
            var release = Release(
                app: "a",
                version: version,
                image: "sha256:\(version)",
                config: config,
                createdAt: .now(),
                user: "ada@laptop"
            )
            change(&release)
            return release
        }

        /// One that runs release 1.
        func machine() async throws -> Machine.ID {
            let id = Machine.ID.random()
            try await steps().perform(.create(machine: id, group: "app"), release(1))
            return id
        }

        func record(_ id: Machine.ID) async throws -> Machine? {
            try await (store as any StateStore).machines.get("a/\(id)")?.value
        }

        /// The verbs since then.
        func verbs(since count: Int) async -> [String] {
            await fleet.calls.dropFirst(count).map { String($0.prefix { $0 != " " }) }
        }
    }

    @Test("a Machine is made as the release has it, started, and good; once more changes nothing")
    func create() async throws {
        let bench = Bench()
        let id = Machine.ID.random()
        let release = bench.release(3) {
            $0.secrets = 5
            $0.sizes = ["app": MachineConfig.Guest(memoryMiB: 777)]
            $0.config.primaryRegion = "fra"
        }
        for _ in 0..<2 {
            try await bench.steps().perform(.create(machine: id, group: "app"), release)
            let machine = try #require(try await bench.record(id))
            #expect(machine.region == "fra" && machine.spec.release == 3 && machine.group == "app")
            #expect(machine.spec.config.image == "roost/a@sha256:3")
            #expect(machine.spec.config.metadata[MachineConfig.releaseKey] == "3")
            #expect(machine.spec.config.metadata[MachineConfig.secretsKey] == "5")
            #expect(machine.spec.config.guest.memoryMiB == 777)
            #expect(machine.status.ready && !machine.spec.cordoned)
        }
        #expect(try await bench.fleet.machines().count == 1)
    }

    @Test("one that is prepared is good and out of traffic, from before its start")
    func prepare() async throws {
        let bench = Bench()
        let id = Machine.ID.random()
        try await bench.steps().perform(.prepare(machine: id, group: "app"), bench.release(2))
        #expect(await bench.verbs(since: 0) == ["create", "cordon", "start"])
        let machine = try #require(try await bench.record(id))
        #expect(machine.spec.cordoned && machine.status.ready)
    }

    @Test("one that does not come up ends the step, and the last lines of its log are told")
    func notGood() async throws {
        let bench = Bench()
        let id = Machine.ID.random()
        await bench.fleet.breakImage("sha256:2")
        await bench.fleet.write(id, "ImportError: no module named app")
        let fault = await #expect(throws: Fault.self) {
            try await bench.steps().perform(.create(machine: id, group: "app"), bench.release(2))
        }
        #expect(fault?.message.contains("exit code 3") == true)
        #expect(bench.told.all == ["ImportError: no module named app"])
    }

    @Test("what runs is left out of traffic, changed, and in traffic again")
    func update() async throws {
        let bench = Bench()
        let id = try await bench.machine()
        let count = await bench.fleet.calls.count
        for _ in 0..<2 { try await bench.steps().perform(.update(machine: id, group: "app"), bench.release(2)) }
        let once = ["hold", "update", "release"]
        #expect(await bench.verbs(since: count) == once + once)
        let machine = try #require(try await bench.record(id))
        #expect(machine.spec.release == 2 && machine.status.ready && machine.status.holds.isEmpty)
    }

    @Test("what sleeps gets the new configuration and sleeps on, unless it is to be started")
    func updateAsleep() async throws {
        let bench = Bench()
        let id = try await bench.machine()
        try await bench.fleet.stop(id, then: .stopped, order: StopOrder())
        try await bench.steps().perform(.update(machine: id, group: "app"), bench.release(2))
        var machine = try #require(try await bench.record(id))
        #expect(machine.spec.release == 2 && machine.status.state.name == "stopped")
        try await bench.steps().perform(.update(machine: id, group: "app", start: true), bench.release(3))
        machine = try #require(try await bench.record(id))
        #expect(machine.spec.release == 3 && machine.status.ready)
    }

    @Test("one that can't be changed takes requests again")
    func updateFails() async throws {
        let bench = Bench()
        let id = try await bench.machine()
        await bench.fleet.fail("update", Fault(.toolFailed, "runc says no"))
        let fault = await #expect(throws: Fault.self) {
            try await bench.steps().perform(.update(machine: id, group: "app"), bench.release(2))
        }
        #expect(fault?.message == "runc says no")
        let machine = try #require(try await bench.record(id))
        #expect(machine.spec.release == 1 && machine.status.ready && machine.status.holds.isEmpty)
    }

    @Test("one that is not there can't be updated, and is destroyed already")
    func missing() async throws {
        let bench = Bench()
        let fault = await #expect(throws: Fault.self) {
            try await bench.steps().perform(.update(machine: .random(), group: "app"), bench.release(2))
        }
        #expect(fault?.code == .machineNotFound)
        try await bench.steps().perform(.destroy(machine: .random()), bench.release(2))
    }

    @Test("a Machine gets no new requests before it is destroyed")
    func destroy() async throws {
        let bench = Bench()
        let id = try await bench.machine()
        let count = await bench.fleet.calls.count
        for _ in 0..<2 { try await bench.steps().perform(.destroy(machine: id), bench.release(2)) }
        #expect(await bench.verbs(since: count) == ["hold", "destroy", "hold"])
        #expect(try await bench.record(id) == nil)
    }

    @Test("the new one is good before the old one ends; once more changes nothing")
    func replace() async throws {
        let bench = Bench()
        let (old, new) = (try await bench.machine(), Machine.ID.random())
        let step = Rollout.Step.replace(old: old, new: new, spare: .random(), group: "app")
        let count = await bench.fleet.calls.count
        try await bench.steps().perform(step, bench.release(2))
        #expect(await bench.verbs(since: count) == ["create", "start", "release", "hold", "destroy"])
        try await bench.steps().perform(step, bench.release(2))
        #expect(try await bench.fleet.machines().map(\.id) == [new])
    }

    @Test("when the new one is not good, the old one is as it was")
    func replaceFails() async throws {
        let bench = Bench()
        let (old, new) = (try await bench.machine(), Machine.ID.random())
        let before = try await bench.record(old)
        await bench.fleet.breakImage("sha256:2")
        await #expect(throws: Fault.self) {
            let step = Rollout.Step.replace(old: old, new: new, spare: .random(), group: "app")
            try await bench.steps().perform(step, bench.release(2))
        }
        #expect(try await bench.record(old) == before)
    }

    @Test("a replacement that is taken back leaves one Machine of the old release", arguments: [false, true])
    func putBack(oldIsGone: Bool) async throws {
        let bench = Bench()
        let (old, new, spare) = (try await bench.machine(), Machine.ID.random(), Machine.ID.random())
        try await bench.steps().create(new, "app", bench.release(2))
        let steps = bench.steps(.rollingBack)
        if oldIsGone { try await steps.destroy(old) } else { try await bench.fleet.hold(old, steps.hold) }
        let step = Rollout.Step.putBack(old: old, new: new, spare: spare, group: "app")
        for _ in 0..<2 { try await steps.perform(step, bench.release(1)) }
        let left = try await bench.fleet.machines()
        #expect(left.map(\.id) == [oldIsGone ? spare : old])
        #expect(left.allSatisfy { $0.spec.release == 1 && $0.status.ready && !$0.isUnrouted })
    }

    @Test("all traffic goes to the new ones before the old ones lose it; those that are gone are passed over")
    func turn() async throws {
        let bench = Bench()
        let (old, new) = (try await bench.machine(), Machine.ID.random())
        try await bench.steps().perform(.prepare(machine: new, group: "app"), bench.release(2))
        let count = await bench.fleet.calls.count
        let step = Rollout.Step.turn(to: [new, .random()], from: [.random(), old])
        try await bench.steps().perform(step, bench.release(2))
        #expect(await bench.fleet.calls.dropFirst(count) == ["cordon \(new)", "cordon \(old)"])
        #expect(try await bench.record(new)?.spec.cordoned == false)
        #expect(try await bench.record(old)?.spec.cordoned == true)
    }

    @Test("of many that are changed at once all are tried; the first that can't be is told")
    func atOnce() async throws {
        let bench = Bench()
        var all: [Machine.ID] = []
        for _ in 0..<11 { all.append(try await bench.machine()) }
        await bench.fleet.fail("update", Fault(.toolFailed, "runc says no"))
        let fault = await #expect(throws: Fault.self) {
            try await bench.steps().perform(.updateAtOnce(machines: all), bench.release(2))
        }
        #expect(fault?.message == "runc says no")
        let changed = try await bench.fleet.machines().filter { $0.spec.release == 2 }
        #expect(changed.count == 10)
        try await bench.steps().perform(.updateAtOnce(machines: all), bench.release(2))
        #expect(try await bench.fleet.machines().allSatisfy { $0.spec.release == 2 })
    }

    @Test("a step of a newer version says what to do, and does nothing")
    func unknown() async throws {
        let bench = Bench()
        let fault = await #expect(throws: Fault.self) {
            try await bench.steps().perform(.unknown(.string("later")), bench.release(2))
        }
        #expect(fault?.code == .newerVersion)
        #expect(await bench.fleet.calls.isEmpty)
    }

    @Test("a release command runs once in a Machine of its own: no traffic, no volumes, no second try")
    func releaseCommand() async throws {
        let bench = Bench()
        let id = Machine.ID.random()
        let release = bench.release(2) {
            $0.config.deploy.releaseCommand = ["alembic", "upgrade", "head"]
            $0.config.mounts = [AppConfig.Mount(source: "data", destination: "/data")]
            $0.config.deploy.releaseCommandVM = MachineConfig.Guest(memoryMiB: 999)
        }
        let made = Mutex<MachineConfig?>(nil)
        await bench.fleet.before { _ in
            guard let machine = try? await bench.record(id) else { return }
            made.withLock { $0 = machine.spec.config }
        }
        try await bench.steps().perform(.releaseCommand(machine: id), release)
        let config = try #require(made.withLock { $0 })
        #expect(config.services.isEmpty && config.mounts.isEmpty && config.checks.isEmpty)
        #expect(config.restart.policy == .no && config.env["RELEASE_COMMAND"] == "1")
        #expect(config.`init`.cmd == ["alembic", "upgrade", "head"] && config.guest.memoryMiB == 999)
        // Once more, as after a daemon that ended before the step was recorded: how it ended is known, so nothing runs again.
        let count = await bench.fleet.calls.count
        try await bench.steps().perform(.releaseCommand(machine: id), release)
        #expect(await !bench.verbs(since: count).contains("start"))
        try await bench.steps().clear(.releaseCommand(machine: id))
        #expect(try await bench.fleet.machines().isEmpty)
    }

    @Test("a release command that fails ends the roll-out, with its code; its Machine does not stay")
    func releaseCommandFails() async throws {
        let bench = Bench()
        await bench.fleet.breakImage("sha256:2")
        let release = bench.release(2) { $0.config.deploy.releaseCommand = ["./migrate"] }
        let id = Machine.ID.random()
        let fault = await #expect(throws: Fault.self) {
            try await bench.steps().perform(.releaseCommand(machine: id), release)
        }
        #expect(fault?.code == .releaseCommandFailed)
        #expect(fault?.message == "release_command \"./migrate\" ended with 3")
        try await bench.steps().clear(.releaseCommand(machine: id))
        #expect(try await bench.fleet.machines().isEmpty)
    }

    @Test("without a release command the step is none")
    func noReleaseCommand() async throws {
        let bench = Bench()
        try await bench.steps().perform(.releaseCommand(machine: .random()), bench.release(2))
        #expect(await bench.fleet.calls.isEmpty)
    }
}
