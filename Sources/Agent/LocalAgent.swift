import Logging
package import Model
import Runtime
import ServiceLifecycle
import Store
import Toolkit

/// The owner of this host's Machines: the only writer of their records.
package actor LocalAgent: Fleet, Service {
    let host: HostServices
    /// Who may talk to whom, of all Machines that have an address.
    var members: [Machine.ID: Reach.Member] = [:]
    var limits = ReachLimits()
    private var keepers: [Machine.ID: MachineKeeper] = [:]
    private let hired: AsyncStream<MachineKeeper>
    private let hire: AsyncStream<MachineKeeper>.Continuation
    /// Addresses promised to Machines whose records are not written yet.
    private var promised: Set<Machine.Address> = []
    /// Machines whose records can't be read: nobody drives them, and nobody takes what is theirs.
    private var unreadable: Set<Machine.ID> = []

    package init(host: HostServices) {
        self.host = host
        (hired, hire) = AsyncStream.makeStream(of: MachineKeeper.self)
    }

    package func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.passOnExits() }
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
        let machines = try await readableMachines().filter { $0.host == host.name }
        let seen = try await host.runtime.list()
        let known = unreadable.union(machines.map(\.id))
        for id in seen.keys where !known.contains(id) { await removeStranger(id) }
        // Before any of them can start: what is closed was never open.
        for machine in machines { members[machine.id] = Reach.Member(machine) }
        await applyReachOrTell()
        for machine in machines {
            let keeper = MachineKeeper(machine, host: host)
            keepers[machine.id] = keeper
            do {
                try await keeper.adopt(seen[machine.id])
            } catch {
                // One Machine must not keep all others down.
                host.logger.error("machine not adopted", error: error, metadata: ["machine.id": "\(machine.id)"])
            }
            hire.yield(keeper)
        }
        host.logger.notice("machines adopted", metadata: ["machines": "\(machines.count)"])
    }

    // MARK: - Fleet

    package func create(_ order: MachineOrder) async throws -> Machine {
        if let keeper = keepers[order.id] {
            let machine = await keeper.machine
            // The keeper of one that is destroyed goes away a moment later than its followers hear of it.
            if machine.status.state != .destroyed { return machine }
        }
        let address = try await promiseAddress()
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
        let keeper = MachineKeeper(machine, host: host)
        keepers[order.id] = keeper
        hire.yield(keeper)
        try await host.runtime.provision(order.id, address: address)
        return machine
    }

    package func update(_ id: Machine.ID, config: MachineConfig, release: Int, launch: Bool) async throws {
        let keeper = try keeper(id)
        var config = config
        let current = await keeper.machine.spec.config.mounts
        for index in config.mounts.indices where config.mounts[index].volume == nil {
            guard let same = current.first(where: { $0.name == config.mounts[index].name }) else {
                throw Fault(
                    .invalidConfig,
                    "Machine \(id) has no volume named \"\(config.mounts[index].name)\", and volumes can't be exchanged",
                    hint: "destroy the Machine, then deploy again: roost machine destroy \(id)"
                )
            }
            config.mounts[index].volume = same.volume
        }
        let old = await keeper.machine
        if old.spec.config.openTo != config.openTo {
            var new = old
            new.spec.config = config
            try await join(new)
        }
        try await keeper.update(config, release: release, launch: launch)
    }

    package func start(_ id: Machine.ID) async throws {
        let keeper = try keeper(id)
        try await keeper.request(.start)
        if case .failed(let reason) = await keeper.machine.status.state { throw Fault(.toolFailed, reason) }
    }

    package func stop(_ id: Machine.ID, then: Machine.AfterStop) async throws {
        try await keeper(id).request(.stop(then: then))
    }

    package func suspend(_ id: Machine.ID) async throws {
        try await keeper(id).request(.suspend)
    }

    package func cordon(_ id: Machine.ID, _ cordoned: Bool) async throws {
        try await keeper(id).cordon(cordoned)
    }

    package func quiesce(_ id: Machine.ID, _ quiet: Bool) async throws {
        try await keeper(id).quiesce(quiet)
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

    package func note(_ id: Machine.ID, _ text: String) async throws {
        try await host.writeLog(id, text)
    }

    package func vet(_ config: MachineConfig) async throws {
        let digest = config.image.split(separator: "@").last.map(String.init) ?? ""
        let (image, layers) = try await host.image(digest)
        try await host.runtime.vet(try SandboxPlan.trial(config, image: image, layers: layers))
    }

    package func destroyVolume(_ id: String) async throws {
        guard let volume = try await host.store.volumes.get(id)?.value else { return }
        if let machine = volume.attachedTo, keepers[machine] != nil || unreadable.contains(machine) {
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

    private func keeper(_ id: Machine.ID) throws(Fault) -> MachineKeeper {
        guard let keeper = keepers[id] else {
            throw Fault(.machineNotFound, "machine not found: \(id)", hint: "roost machine list shows those there are")
        }
        return keeper
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

    private func removeStranger(_ id: Machine.ID) async {
        host.logger.warning("sandbox without a record removed", metadata: ["machine.id": "\(id)"])
        do {
            try await host.runtime.destroy(id)
        } catch {
            host.logger.error("sandbox not removed", error: error, metadata: ["machine.id": "\(id)"])
        }
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

    private func promiseAddress() async throws -> Machine.Address {
        let records = try await Records<AddressRecord>(host.store, "/machines/").list { _, _ in }
        let address = try host.freeAddress(records.compactMap(\.status.address) + promised)
        promised.insert(address)
        return address
    }

    /// Finds or makes the volumes that a new Machine mounts, and marks them as its own.
    private func attach(_ order: MachineOrder) async throws -> [MachineConfig.Mount] {
        var mounts = order.config.mounts
        for index in mounts.indices {
            let mount = mounts[index]
            // A volume whose record can't be read ends this: an empty one in its place would pass for lost data.
            let all = try await host.store.volumes.list()
            let free = all.first {
                $0.app == order.app && $0.name == mount.name && $0.host == host.name
                    && isFree($0, for: order.id)
            }
            var volume =
                free
                ?? Volume(
                    id: Volume.newID(),
                    name: mount.name,
                    app: order.app,
                    region: order.region,
                    host: host.name,
                    sizeGB: mount.sizeGB,
                    createdAt: .now()
                )
            volume.attachedTo = order.id
            try await host.store.volumes.put(volume.id, volume)
            mounts[index].volume = volume.id
        }
        return mounts
    }

    private func isFree(_ volume: Volume, for id: Machine.ID) -> Bool {
        guard let owner = volume.attachedTo, owner != id else { return true }
        return keepers[owner] == nil && !unreadable.contains(owner)
    }
}

/// As little of a Machine's record as its address needs, so that one which is otherwise damaged keeps its own.
private struct AddressRecord: Codable, Sendable {
    struct Status: Codable, Sendable {
        var address: Machine.Address?
    }

    var status: Status
}
