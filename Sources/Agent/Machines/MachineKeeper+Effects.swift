import Logging
import Model
import Runtime
import Store
import Toolkit

/// What a keeper does when the lifecycle says so.
extension MachineKeeper {
    /// Takes in an event, and the events that its effects bring.
    ///
    /// A `refusable` one that can't be recorded has not happened. All others have, so their effects come all the same.
    func apply(_ event: Lifecycle.Event, refusable: Bool = true) async throws {
        var events = [event]
        var refusable = refusable
        while !events.isEmpty {
            let next = events.removeFirst()
            var lifecycle = Lifecycle(state: machine.status.state, restarts: machine.status.restarts)
            let before = lifecycle.state
            let (record, gates) = (machine, readiness)
            let effects = try lifecycle.handle(next, restart: machine.spec.config.restart, now: .now())
            machine.status.state = lifecycle.state
            machine.status.restarts = lifecycle.restarts
            for case .record(let entry) in effects {
                count(entry)
                note(entry)
            }
            if lifecycle.state != before {
                // Frozen sockets go on listening: what was open before a suspend is open after it.
                if case .started = before, !lifecycle.state.isFrozen { readiness.portsOpen = false }
                // What the process passed that has ended by itself says nothing of the next one.
                if case .exited = next, !before.isStopping { readiness.restarted(now: .now()) }
                machine.status.gate = nil
                host.logger.notice(
                    "machine state changed",
                    metadata: tags.merging(news(lifecycle.state, effects)) { $1 }
                )
                // The end of a Machine is told before its record goes, or its followers would never hear of it.
                if case .destroyed = lifecycle.state { machine.status.address = nil }
                do {
                    try await saveBefore(effects, refusable)
                } catch {
                    (machine, readiness) = (record, gates)
                    throw error
                }
            } else if !effects.isEmpty {
                await saveSoon()
            }
            refusable = false
            for effect in effects {
                if let outcome = try await perform(effect) { events.append(outcome) }
            }
            if case .destroyed = lifecycle.state { await forget() }
            if endsWithItsProcess(next) { events.append(.stop(then: .destroyed)) }
        }
    }

    /// Takes a new configuration; what runs is replaced when `launch`, or stays asleep.
    func replace(_ update: MachineUpdate) async throws {
        let (config, release, launch) = (update.config, update.release, update.launch)
        if let expected = update.expected, expected != machine.spec.instance {
            throw Fault(
                .revisionConflict,
                "Machine \(id) is at version \(machine.spec.instance), not \(expected)",
                hint: "somebody else changed it: read it again, then try again"
            )
        }
        if machine.spec.config != config || machine.spec.release != release {
            try await change {
                machine.spec.config = config
                machine.spec.release = release
                machine.spec.instance = ULID.make()
                readiness = .unproven(config.namedChecks.map(\.name), now: .now())
                let detail = release > 0 ? "release \(release)" : nil
                note(Machine.Event(kind: .update, at: .now(), detail: detail))
            }
            await host.keep(MachineVersion(instance: machine.spec.instance, config: config, at: .now()), of: machine)
        }
        guard machine.status.runningInstance != machine.spec.instance || machine.status.state.process == nil else {
            return
        }
        if machine.status.state.process != nil {
            try await apply(.stop(then: launch ? .started : .stopped))
        } else if launch {
            try await apply(.start)
        }
    }

    /// Stops as that one order says.
    func stop(_ then: Machine.AfterStop, _ order: StopOrder) async throws {
        let before = stopConfig
        stopConfig = order.over(stopConfig)
        do {
            try await apply(.stop(then: then))
        } catch {
            stopConfig = before
            throw error
        }
    }

    /// Kills, and again every few seconds while a stop waits for it: one that fails must not be the last one.
    func killProcess() async throws {
        tell(.overdue(generation: generation), after: .seconds(5))
        try await host.runtime.signal(id, .kill)
        // A frozen process takes the signal only once it is thawed.
        try? await host.runtime.resume(id)
    }

    // MARK: - Private

    /// Writes the new state before its effects, so that a daemon which ends in between leaves word of them.
    private func saveBefore(_ effects: [Lifecycle.Effect], _ refusable: Bool) async throws {
        for case .thaw in effects {
            // A request waits for it, and the record that follows a thaw says all: what runs and what is frozen is found
            // as it is, whichever of them the record has.
            return
        }
        if refusable { try await save() } else { await saveSoon() }
    }

    /// Whether that was the end of a Machine that should not outlive its process.
    private func endsWithItsProcess(_ event: Lifecycle.Event) -> Bool {
        guard machine.spec.config.autoDestroy else { return false }
        switch (event, machine.status.state) {
        case (.exited, .stopped(let exit)): return exit?.requested != true
        default: return false
        }
    }

    /// What a person who reads the log has to know of a change.
    private func news(_ state: Machine.State, _ effects: [Lifecycle.Effect]) -> Logger.Metadata {
        var news: Logger.Metadata = ["machine.state": "\(state.name)"]
        if let process = state.process { news["process.pid"] = "\(process.pid)" }
        for case .record(let event) in effects {
            if let detail = event.detail { news["reason"] = "\(detail)" }
            guard let exit = event.exit else { continue }
            news["exit.code"] = "\(exit.code)"
            news["exit.out_of_memory"] = "\(exit.outOfMemory)"
            news["exit.requested"] = "\(exit.requested)"
        }
        return news
    }

    /// Takes the record away; one that stays is taken up, and away, by the next start of the daemon.
    private func forget() async {
        await host.bury(machine)
        do {
            try await host.store.machines.delete("\(machine.app)/\(id)")
        } catch {
            host.logger.error("record of a destroyed machine not removed", error: error, metadata: tags)
        }
    }

    /// For those who watch: how often Machines of an app end badly, and are started again by themselves.
    private func count(_ event: Machine.Event) {
        if event.exit?.outOfMemory == true { host.counts.add(.outOfMemory, app: machine.app) }
        guard event.kind == .restart, let exit = machine.status.events.last(where: { $0.exit != nil })?.exit else {
            return
        }
        let cause = exit.outOfMemory ? "memory" : exit.code == 0 ? "end" : "error"
        host.counts.add(.restarts, app: machine.app, cause)
    }

    func note(_ event: Machine.Event) {
        machine.status.events.append(event)
        let excess = machine.status.events.count - Machine.maximumEvents
        if excess > 0 { machine.status.events.removeFirst(excess) }
    }

    /// - Returns: the event that tells how it went, where the lifecycle waits for one.
    private func perform(_ effect: Lifecycle.Effect) async throws -> Lifecycle.Event? {
        switch effect {
        case .record: return nil
        case .launch: return await launch()
        case .terminate:
            try await terminate()
            return nil
        case .kill:
            try await killProcess()
            return nil
        case .freeze:
            do {
                try await host.runtime.suspend(id)
                return .frozen
            } catch {
                return .freezeFailed("\(error)")
            }
        case .thaw(let process):
            do {
                try await host.runtime.resume(id)
                beginWork()
                return .launched(process)
            } catch {
                return .launchFailed("\(error)")
            }
        case .clear:
            await host.closeDoor(id)
            do {
                try await host.runtime.clear(id)
            } catch {
                // The next start clears first, and says so when it can't.
                host.logger.warning("sandbox not cleared", error: error, metadata: tags)
            }
            return nil
        case .remove: return await remove()
        case .retry(let due):
            tell(.event(.retryDue(at: due), nil), after: due.since(.now()))
            return nil
        }
    }

    /// - Returns: nil when something is left of it, which is tried again.
    private func remove() async -> Lifecycle.Event? {
        await host.closeDoor(id)
        do {
            try await host.runtime.destroy(id)
        } catch {
            host.logger.error("machine not removed, will be tried again", error: error, metadata: tags)
            tell(.event(.stop(then: .destroyed), nil), after: .seconds(5))
            return nil
        }
        for mount in machine.spec.config.mounts { await release(volume: mount.volume) }
        return .destroyed
    }

    private func launch() async -> Lifecycle.Event {
        do {
            guard let address = machine.status.address else { throw Fault(.corrupt, "Machine \(id) has no address") }
            let (image, layers) = try await host.image(machine.spec.config.imageDigest)
            let secrets = try await host.secrets(machine)
            await publishStatics()
            var mounts = try await folders(image, layers)
            mounts += try await host.putFiles(id, machine.spec.config.files ?? [], secrets)
            var sandbox = try SandboxPlan.make(machine, address: address, image: image, layers: layers, mounts: mounts)
            var owner = machine
            owner.status.events = []
            sandbox.owner = owner
            sandbox.secrets = secrets
            sandbox.door = await openDoor()
            try await host.runtime.provision(id, address: address)
            let process = try await host.runtime.start(sandbox)
            stopConfig = machine.spec.config.stopConfig
            machine.status.runningInstance = machine.spec.instance
            readiness.portsOpen = false
            beginWork()
            return .launched(process)
        } catch {
            return .launchFailed("\(error)")
        }
    }

    /// Lays out what the edge is to answer with; the app is asked for what it does not find, so a failure is only told.
    private func publishStatics() async {
        guard let statics = machine.spec.config.statics else { return }
        do {
            try await host.publishStatics(machine.spec.config.imageDigest, statics.map(\.guestPath))
        } catch {
            host.logger.warning("static files not laid out", error: error, metadata: tags)
            try? await host.writeLog(id, "[[statics]] are left to the app: \(error)")
        }
    }

    /// A Machine without the API inside is better than none.
    func openDoor() async -> String? {
        do {
            return try await host.openDoor(machine)
        } catch {
            host.logger.warning("no API inside machine", error: error, metadata: tags)
            return nil
        }
    }

    private func terminate() async throws {
        // First the timer: a signal that can't be sent must not leave the stop without an end.
        tell(.overdue(generation: generation), after: stopConfig.timeout.duration)
        switch stopConfig.signal {
        case .kill, .stop: try await host.runtime.signal(id, stopConfig.signal)
        case .hup, .int, .quit, .usr1, .usr2, .term, .unknown: try await askToEnd([])
        }
    }

    /// Asks now, and a moment later those whom that did not reach: a shell goes on to its next command.
    func askToEnd(_ told: Set<SandboxProcess>) async throws {
        let number = generation
        let all = try await host.runtime.askToEnd(id, stopConfig.signal, told: told)
        tell(.askAgain(generation: number, told: all), after: .seconds(1))
    }

    private func folders(_ image: Image, _ layers: [String]) async throws -> [Sandbox.Mount] {
        var mounts: [Sandbox.Mount] = []
        for mount in machine.spec.config.mounts {
            guard let id = mount.volume, let volume = try await host.store.volumes.get(id)?.value else {
                throw Fault(.volumeNotFound, "Machine \(id) has no volume \"\(mount.name)\"")
            }
            let folder = try await host.volumeFolder(volume, image, layers)
            mounts.append(Sandbox.Mount(source: folder, destination: mount.path))
        }
        return mounts
    }

    /// A volume that names a Machine which is gone counts as free, so a failure here costs nothing.
    private func release(volume: String?) async {
        guard let volume else { return }
        do {
            try await host.closeVolume(volume)
        } catch {
            // It stays mounted, which the next Machine finds it as.
            host.logger.warning("volume not unmounted", error: error, metadata: tags)
        }
        do {
            try await host.store.volumes.update(volume, missing: Fault(.volumeNotFound, "volume \(volume) is gone")) {
                $0.attachedTo = nil
            }
        } catch {
            host.logger.warning("volume not released", error: error, metadata: tags)
        }
    }
}

extension Machine.State {
    fileprivate var isStopping: Bool {
        if case .stopping = self { true } else { false }
    }

    /// On its way to a freeze, or frozen.
    var isFrozen: Bool {
        switch self {
        case .suspending, .suspended: true
        default: false
        }
    }
}
