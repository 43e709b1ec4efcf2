import Model
import Store
import Synchronization
import Testing
import Toolkit

@testable import ControlPlane

/// What users do with single Machines, on a fleet of records.
@Suite("Commands to Machines", .timeLimit(.minutes(1)))
struct MachinesTests {
    private struct Bench: Sendable {
        let store: any StateStore = MemoryStore()
        let fleet: StoreFleet
        let edges: EdgeLink
        let machines: Machines

        init(_ settings: Machines.Settings = .test) {
            fleet = StoreFleet(store)
            edges = EdgeLink(store: store, domain: "localhost", fleet: fleet, logger: ControlBench.quiet)
            machines = Machines(store: store, fleet: fleet, edges: edges, settings: settings)
        }

        /// One that runs.
        func machine(_ app: String = "a") async throws -> Machine {
            try await store.apps.put(app, App(name: app, createdAt: .now(), owner: "o"))
            var config = MachineConfig(image: "roost/\(app)@sha256:1")
            config.services = [MachineConfig.Service()]
            let order = MachineOrder(id: .random(), app: app, name: "m", region: "local", config: config, release: 1)
            _ = try await fleet.create(order)
            try await fleet.start(order.id)
            return try await machines.get(app, order.id.text)
        }

        func holds(_ machine: Machine) async throws -> [Hold] {
            try await store.machines.get("\(machine.app)/\(machine.id)")?.value.status.holds ?? []
        }

        func verbs() async -> [String] { await fleet.calls.map { String($0.prefix { $0 != " " }) } }
    }

    @Test("a stop takes a Machine out of traffic first, and leaves nothing of that")
    func stop() async throws {
        let bench = Bench()
        let machine = try await bench.machine()
        try await bench.machines.stop(machine, then: .stopped)
        #expect(await bench.verbs() == ["create", "start", "hold", "stop", "release"])
        #expect(try await bench.machines.get("a", machine.id.text).status.state.name == "stopped")
        #expect(try await bench.holds(machine).isEmpty)
    }

    @Test("one that can't be stopped takes requests again", arguments: [false, true])
    func stopFails(suspends: Bool) async throws {
        let bench = Bench()
        let machine = try await bench.machine()
        await bench.fleet.fail(suspends ? "suspend" : "stop", Fault(.toolFailed, "the kernel says no"))
        let fault = await #expect(throws: Fault.self) {
            if suspends {
                try await bench.machines.suspend(machine)
            } else {
                try await bench.machines.stop(machine, then: .stopped)
            }
        }
        #expect(fault?.message == "the kernel says no")
        #expect(try await bench.holds(machine).isEmpty)
        #expect(try await bench.machines.get("a", machine.id.text).status.ready)
    }

    @Test("what another has taken out of traffic stays out of it")
    func othersHold() async throws {
        let bench = Bench()
        let machine = try await bench.machine()
        try await bench.fleet.hold(machine.id, Hold(owner: "rollout 1", reason: "a deploy", since: .now()))
        try await bench.machines.suspend(machine)
        #expect(try await bench.holds(machine).map(\.owner) == ["rollout 1"])
    }

    @Test("one that sleeps needs no pause in its traffic")
    func stopAsleep() async throws {
        let bench = Bench()
        let machine = try await bench.machine()
        try await bench.machines.stop(machine, then: .stopped)
        let asleep = try await bench.machines.get("a", machine.id.text)
        try await bench.machines.stop(asleep, then: .stopped)
        #expect(await bench.verbs().count { $0 == "hold" } == 1)
    }

    @Test("a Machine that a deploy works on is left to it, and who deploys is told; another one is not")
    func duringDeploy() async throws {
        let bench = Bench()
        let (machine, other) = (try await bench.machine(), try await bench.machine())
        var rollout = Rollout(id: "1", app: "a", holder: "ada@laptop", startedAt: .now())
        rollout.phase = .rolling
        rollout.steps = [.update(machine: machine.id, group: "app")]
        try await bench.store.rollouts.put("a/1", rollout)
        try await bench.store.deployLocks.put("a", "1")
        for then in [Machine.AfterStop.stopped, .destroyed] {
            let fault = await #expect(throws: Fault.self) { try await bench.machines.stop(machine, then: then) }
            #expect(fault?.code == .deployInProgress && fault?.message.contains("ada@laptop") == true)
        }
        await #expect(throws: Fault.self) { try await bench.machines.suspend(machine) }
        try await bench.machines.stop(other, then: .stopped)
    }

    @Test("one that has turned out to be busy is not put to sleep")
    func busy() async throws {
        let bench = Bench()
        let machine = try await bench.machine()
        let (edge, _) = await bench.edges.connect()
        let stream = EdgeNews(streams: [machine.id: 1])
        await bench.edges.report(.applied(revision: .max, inFlight: [machine.id: 1], news: stream), from: edge)
        try await bench.machines.sleep(machine, suspending: true)
        try await bench.machines.sleep(machine, suspending: false)
        #expect(try await bench.machines.get("a", machine.id.text).status.ready)
        #expect(await !bench.verbs().contains("suspend"))
    }

    @Test("what runs is destroyed only by force, and is gone when the command ends")
    func destroy() async throws {
        let bench = Bench()
        let machine = try await bench.machine()
        let fault = await #expect(throws: Fault.self) { try await bench.machines.destroy(machine, force: false) }
        #expect(fault?.code == .invalidState && fault?.hint?.contains("--force") == true)
        try await bench.machines.destroy(machine, force: true)
        let gone = await #expect(throws: Fault.self) { try await bench.machines.get("a", machine.id.text) }
        #expect(gone?.code == .machineNotFound)
    }

    @Test(
        "a Machine of another app is not found, nor is what is no ID",
        arguments: ["", "x", "148e21b7c65089", "../a"]
    )
    func missing(id: String) async throws {
        let bench = Bench()
        let machine = try await bench.machine()
        for (app, id) in [("a", id), ("b", machine.id.text)] {
            let fault = await #expect(throws: Fault.self) { try await bench.machines.get(app, id) }
            #expect(fault?.code == .machineNotFound)
        }
    }

    @Test("one that was destroyed can be read for a while, and is told as gone")
    func destroyed() async throws {
        let bench = Bench()
        var machine = try await bench.machine()
        let left = try await bench.machine()
        try await bench.store.machines.delete("a/\(machine.id)")
        machine.status.state = .destroyed
        try await bench.store.destroyedMachines.put("a/\(machine.id)", machine)
        #expect(try await bench.machines.list("a").map(\.id) == [left.id])
        #expect(try await bench.machines.destroyed("a").map(\.id) == [machine.id])
        #expect(try await bench.machines.find("a", machine.id.text).id == machine.id)
        let fault = await #expect(throws: Fault.self) { try await bench.machines.get("a", machine.id.text) }
        #expect(fault?.message.contains("was destroyed at") == true)
    }

    @Test("of two Machines of one name that are made at once one is refused")
    func names() async throws {
        let claims = NameClaims()
        try await claims.with("a", "web") {
            let fault = await #expect(throws: Fault.self) { try await claims.with("a", "web") {} }
            #expect(fault?.code == .revisionConflict)
            try await claims.with("b", "web") {}
        }
        try await claims.with("a", "web") {}
    }
}

@Suite("Images that Machines name")
struct MachineImagesTests {
    private let store: any StateStore = MemoryStore()
    private let digest = "sha256:" + String(repeating: "a", count: 64)
    private let other = "sha256:" + String(repeating: "b", count: 64)

    private func images(holds: Set<String>) -> MachineImages {
        MachineImages(
            store: store,
            settings: Machines.Settings(
                region: "local",
                holds: { holds.contains($0) },
                pull: { [other] _, name in
                    guard name.hasSuffix("nginx:latest") else { throw Fault(.imageNotFound, "no \(name)") }
                    return other
                }
            )
        )
    }

    private func release(_ version: Int, of app: String = "a") async throws {
        let release = Release(
            app: app,
            version: version,
            image: digest,
            config: AppConfig(),
            createdAt: .now(),
            user: "ada"
        )
        try await store.releases.put(Release.key(app, version), release)
        var record = App(name: app, createdAt: .now(), owner: "o")
        record.currentRelease = version
        try await store.apps.put(app, record)
    }

    @Test("an image of this host is named by its digest, by a release, or by the newest one")
    func own() async throws {
        try await release(3)
        let images = images(holds: [digest])
        for name in [digest, "roost/a@\(digest)", "roost/a:v3", "roost/a:latest"] {
            #expect(try await images.resolve(name, for: "a") == "roost/a@\(digest)")
        }
        // Another app's image runs under the name of the app that runs it.
        #expect(try await images.resolve("roost/a:v3", for: "b") == "roost/b@\(digest)")
    }

    @Test("one of a registry is pulled, but not when it is here")
    func registry() async throws {
        #expect(try await images(holds: []).resolve("nginx:latest", for: "a") == "roost/a@\(other)")
        let named = "docker.io/library/nginx@\(digest)"
        #expect(try await images(holds: [digest]).resolve(named, for: "a") == "roost/a@\(digest)")
        await #expect(throws: Fault.self) { try await images(holds: []).resolve(named, for: "a") }
    }

    @Test(
        "what is not here is told as such",
        arguments: ["roost/a:v4", "roost/a:v", "roost/nobody:latest", "roost/a:main"]
    )
    func missing(name: String) async throws {
        try await release(3)
        let fault = await #expect(throws: Fault.self) { try await images(holds: [digest]).resolve(name, for: "a") }
        #expect(fault?.code == .imageNotFound && fault?.message.contains(name) == true)
    }

    @Test("a release whose image was removed can't be run")
    func removed() async throws {
        try await release(3)
        let fault = await #expect(throws: Fault.self) { try await images(holds: []).resolve("roost/a:v3", for: "a") }
        #expect(fault?.code == .imageNotFound)
    }

    @Test("a token for one app runs that app's images and no other's")
    func scoped() async throws {
        try await release(3)
        try await release(1, of: "b")
        let images = images(holds: [digest, other])
        var caller = Caller.nobody("test")
        caller.scope = .deploy(app: "b")
        try await Caller.$current.withValue(caller) {
            let own = try await images.resolve(digest, for: "b")
            #expect(own == "roost/b@\(digest)")
            for name in [other, "roost/a:v3"] {
                let fault = await #expect(throws: Fault.self) { try await images.resolve(name, for: "b") }
                #expect(fault?.code == .imageNotFound)
            }
        }
    }
}
