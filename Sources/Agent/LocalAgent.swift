import Logging
package import Model
import Runtime
import ServiceLifecycle
import Store
import Toolkit

/// The owner of this host's Machines: the only writer of their records.
package actor LocalAgent: Fleet, Service {
    let host: HostServices
    /// What Machines tell of themselves.
    let scraper: MetricsScraper
    /// Who may talk to whom, of all Machines that have an address.
    var members: [Machine.ID: Reach.Member] = [:]
    var limits = ReachLimits()
    var keepers: [Machine.ID: MachineKeeper] = [:]
    /// Sandboxes that no record here knows of; they run on until somebody decides.
    var unclaimed: [Machine.ID: Stranger] = [:]
    /// Machines that are being made: what they were given is theirs already.
    private var inMaking: Set<Machine.ID> = []
    private let hired: AsyncStream<MachineKeeper>
    let hire: AsyncStream<MachineKeeper>.Continuation
    /// Addresses promised to Machines whose records are not written yet.
    private var promised: Set<Machine.Address> = []
    /// Machines whose records can't be read: nobody drives them, and nobody takes what is theirs.
    var unreadable: Set<Machine.ID> = []
    /// Those that ran before the host went down, the most important first.
    private var toBoot: [MachineKeeper] = []
    /// Addresses of sandboxes whose records can't be read, or are none of this host's.
    var reserved: [Machine.ID: Machine.Address] = [:]

    package init(host: HostServices) {
        self.host = host
        scraper = MetricsScraper(host: host)
        (hired, hire) = AsyncStream.makeStream(of: MachineKeeper.self)
    }

    package func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.passOnExits() }
            group.addTask { await self.followRepairs() }
            group.addTask { await self.scraper.run { await self.machines() } }
            group.addTask { await Boot(width: self.host.width).run(self.takeBoots()) }
            for await keeper in hired.cancelOnGracefulShutdown() {
                group.addTask {
                    await keeper.run()
                    await self.dismiss(keeper)
                }
            }
            group.cancelAll()
        }
    }

    /// Takes over what runs already, before anything is asked of this agent; the host has to be prepared.
    package func adopt() async throws {
        let recorded = try await readableMachines()
        let machines = recorded.filter { host.owns($0.host) }
        let seen = try await host.runtime.list()
        for id in seen.keys where unreadable.contains(id) { reserved[id] = await host.runtime.trace(of: id).address }
        let known = unreadable.union(machines.map(\.id))
        await meetStrangers(seen.filter { !known.contains($0.key) }, recorded)
        // Before any of them can start: what is closed was never open.
        for machine in machines { members[machine.id] = Reach.Member(machine) }
        await applyReachOrTell()
        await aFewAtATime(machines.map(makeKeeper), width: host.width) { await self.adopt($0, seen[$0.id]) }
        for machine in BootOrder.sorted(machines) {
            guard let keeper = keepers[machine.id], await keeper.machine.status.state.awaitsBootSince != nil else {
                continue
            }
            toBoot.append(keeper)
        }
        host.logger.notice(
            "machines adopted",
            metadata: ["machines": "\(machines.count)", "machines.to_start": "\(toBoot.count)"]
        )
    }

    // MARK: - Fleet

    package func create(_ order: MachineOrder) async throws -> Machine {
        if let keeper = keepers[order.id] {
            let machine = await keeper.machine
            // The keeper of one that is destroyed goes away a moment later than its followers hear of it.
            if machine.status.state != .destroyed { return machine }
        }
        inMaking.insert(order.id)
        defer { inMaking.remove(order.id) }
        let address = try await promiseAddress(in: order.app)
        defer { promised.remove(address) }
        var machine = Machine(
            id: order.id,
            name: order.name,
            app: order.app,
            region: order.region,
            host: host.name,
            createdAt: .now(),
            spec: Machine.Spec(instance: ULID.make(), config: order.config, release: order.release)
        )
        machine.status.address = address
        machine.spec.config.mounts = try await attach(order)
        let names = machine.spec.config.namedChecks.map(\.name)
        machine.status.checks = Readiness.unproven(names, now: .now()).checks
        machine.status.events = [Machine.Event(kind: .launch, at: .now())]
        // Before it has a network: what is closed was never open.
        try await join(machine)
        do {
            try await host.store.machines.put("\(order.app)/\(order.id)", machine, expected: 0)
        } catch {
            await leave(machine.id)
            throw error
        }
        await keep(
            MachineVersion(instance: machine.spec.instance, config: machine.spec.config, at: .now()),
            of: machine
        )
        let keeper = MachineKeeper(machine, host: host)
        keepers[order.id] = keeper
        hire.yield(keeper)
        try await host.runtime.provision(order.id, address: address)
        return machine
    }

    package func update(
        _ id: Machine.ID,
        config: MachineConfig,
        release: Int,
        launch: Bool,
        expected: String?
    ) async throws {
        let keeper = try keeper(id)
        var config = config
        let current = await keeper.machine.spec.config.mounts
        for index in config.mounts.indices {
            let wanted = config.mounts[index]
            guard
                let same = current.first(where: {
                    wanted.volume == nil ? wanted.name == $0.name : wanted.volume == $0.volume
                })
            else {
                throw Fault(
                    .invalidConfig,
                    "Machine \(id) has no volume \(wanted.volume ?? "named \"\(wanted.name)\""), and volumes can't be "
                        + "exchanged",
                    hint: "destroy the Machine, then deploy again: roost machine destroy \(id)"
                )
            }
            config.mounts[index].volume = same.volume
            config.mounts[index].name = same.name
        }
        let old = await keeper.machine
        if old.spec.config.openTo != config.openTo {
            var new = old
            new.spec.config = config
            try await join(new)
        }
        try await keeper.update(config, release: release, launch: launch, expected: expected)
    }

    package func start(_ id: Machine.ID) async throws {
        let keeper = try keeper(id)
        try await keeper.request(.start)
        if case .failed(let reason) = await keeper.machine.status.state { throw Fault(.toolFailed, reason) }
    }

    package func stop(_ id: Machine.ID, then: Machine.AfterStop, order: StopOrder) async throws {
        try await keeper(id).stop(then: then, order)
    }

    package func suspend(_ id: Machine.ID) async throws {
        try await keeper(id).request(.suspend)
    }

    package func cordon(_ id: Machine.ID, _ cordoned: Bool) async throws {
        try await keeper(id).cordon(cordoned)
    }

    package func hold(_ id: Machine.ID, _ hold: Hold) async throws {
        try await keeper(id).changeHolds { $0.set(hold) }
    }

    package func release(_ id: Machine.ID, owner: String) async throws {
        try await keeper(id).changeHolds { $0.end(owner: owner) }
    }

    package func changes(of id: Machine.ID) async throws -> AsyncStream<Machine> {
        try await keeper(id).follow()
    }

    package func listeners(_ id: Machine.ID) async throws -> [String] {
        try await host.runtime.listeners(id).map(\.description)
    }

    package func look(_ id: Machine.ID, port: Int, paths: [String]) async throws -> MachineLook {
        guard let address = try await keeper(id).machine.status.address else {
            throw Fault(.invalidState, "Machine \(id) has no address yet")
        }
        var answers: [MachineLook.Answer] = []
        for path in paths {
            var check = MachineConfig.Check(type: .http, port: port)
            check.path = path
            check.timeout = "5s"
            let result = await host.prober.probe(.init(name: "look", port: port, check: check), at: address)
            answers.append(.init(path: path, passed: result.passed, output: result.output))
        }
        let peak = try await host.runtime.peakMemory(id)
        let listeners = try await listeners(id)
        return MachineLook(listeners: listeners, peakMemoryBytes: peak, answers: answers)
    }

    package func logs(_ id: Machine.ID, tail: Int, follow: Bool) async throws -> LogFeed {
        try await host.readLog(id, tail, follow)
    }

    package func tapLog(_ id: Machine.ID, from start: LogStart) async throws -> LogTap {
        await host.tapLog(id, start)
    }

    package func note(_ id: Machine.ID, _ text: String) async throws {
        try await host.writeLog(id, text)
    }

    package func vet(_ config: MachineConfig) async throws {
        let (image, layers) = try await host.image(config.imageDigest)
        try await host.runtime.vet(try SandboxPlan.trial(config, image: image, layers: layers))
    }

    package func destroyVolume(_ id: String) async throws {
        guard let volume = try await host.store.volumes.get(id)?.value else { return }
        if let machine = volume.attachedTo, keepers[machine] != nil || mayBeUsed(by: machine) {
            throw Fault(
                .volumeInUse,
                "volume \(id) is attached to Machine \(machine)",
                hint: "destroy it first: roost machine destroy \(machine)"
            )
        }
        try await host.removeVolumeFolder(id)
        try await host.store.volumes.delete(id)
    }

    // MARK: - Private

    func keeper(_ id: Machine.ID) throws(Fault) -> MachineKeeper {
        guard let keeper = keepers[id] else {
            throw Fault(.machineNotFound, "machine not found: \(id)", hint: "roost machine list shows those there are")
        }
        return keeper
    }

    /// A keeper for a Machine that has a record of this host; it begins to work when the agent runs.
    func makeKeeper(_ machine: Machine) -> MachineKeeper {
        var machine = machine
        // An older record has the host's name of that time.
        machine.host = host.name
        let keeper = MachineKeeper(machine, host: host)
        keepers[machine.id] = keeper
        return keeper
    }

    /// Has a keeper take over its Machine, of which `seen` is what the host has.
    nonisolated func adopt(_ keeper: MachineKeeper, _ seen: SandboxStatus?) async {
        do {
            try await keeper.adopt(seen)
        } catch {
            // One Machine must not keep all others down.
            host.logger.error("machine not adopted", error: error, metadata: ["machine.id": "\(keeper.id)"])
        }
        hire.yield(keeper)
    }

    private func takeBoots() -> [MachineKeeper] {
        defer { toBoot = [] }
        return toBoot
    }

    private func dismiss(_ keeper: MachineKeeper) async {
        guard keepers[keeper.id] === keeper else { return }
        keepers.removeValue(forKey: keeper.id)
        // A daemon that shuts down dismisses all of them, and they go on running.
        if case .destroyed = await keeper.machine.status.state { await leave(keeper.id) }
    }

    private func readableMachines() async throws -> [Machine] {
        var damaged: Set<Machine.ID> = []
        let machines = try await host.store.machines.list { name, fault in
            host.logger.error("machine record unreadable, left alone", error: fault, metadata: ["machine": "\(name)"])
            if let id = name.split(separator: "/").last.flatMap({ Machine.ID(String($0)) }) { damaged.insert(id) }
        }
        unreadable = damaged
        return machines
    }

    private func passOnExits() async {
        for await exit in host.runtime.exits {
            guard let keeper = keepers[exit.id] else { continue }
            if exit.monitorLost {
                keeper.tell(.monitorLost(pid: exit.pid))
            } else {
                keeper.tell(.exited(pid: exit.pid, code: exit.code, outOfMemory: exit.outOfMemory))
            }
        }
    }

    private func promiseAddress(in app: String) async throws -> Machine.Address {
        let network = try await host.store.apps.get(app)?.value.network ?? .default
        let records = try await Records<AddressRecord>(host.store, "/machines/").list { _, _ in }
        let used = records.compactMap(\.status.address) + promised + reserved.values
        let address = try host.freeAddress(network.number, used)
        promised.insert(address)
        return address
    }

    /// A Machine without a keeper that may run all the same.
    private func mayBeUsed(by id: Machine.ID) -> Bool { unreadable.contains(id) || unclaimed[id] != nil }

    func isFree(_ volume: Volume, for id: Machine.ID) -> Bool {
        guard volume.filledFrom == nil else { return false }
        guard let owner = volume.attachedTo, owner != id else { return true }
        return keepers[owner] == nil && !inMaking.contains(owner) && !mayBeUsed(by: owner)
    }
}

/// As little of a Machine's record as its address needs, so that one which is otherwise damaged keeps its own.
private struct AddressRecord: Codable, Sendable {
    struct Status: Codable, Sendable {
        var address: Machine.Address?
    }

    var status: Status
}
