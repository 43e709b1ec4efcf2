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
            for case .record(let entry) in effects { note(entry) }
            if lifecycle.state != before {
                // Frozen sockets go on listening: what was open before a suspend is open after it.
                if case .started = before, !lifecycle.state.isFrozen { readiness.portsOpen = false }
                host.logger.notice(
                    "machine state changed",
                    metadata: tags.merging(news(lifecycle.state, effects)) { $1 }
                )
                // The end of a Machine is told before its record goes, or its followers would never hear of it.
                if case .destroyed = lifecycle.state { machine.status.address = nil }
                do {
                    if refusable { try await save() } else { await saveSoon() }
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
        }
    }

    /// Takes a new configuration; what runs is replaced when `launch`, or stays asleep.
    func replace(_ config: MachineConfig, _ release: Int, _ launch: Bool) async throws {
        if machine.spec.config != config || machine.spec.release != release {
            try await change {
                machine.spec.config = config
                machine.spec.release = release
                machine.spec.instance = ULID.make()
                readiness = .unproven(config.namedChecks.map(\.name), now: .now())
                note(Machine.Event(kind: .update, at: .now(), detail: "release \(release)"))
            }
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

    /// Kills, and again every few seconds while a stop waits for it: one that fails must not be the last one.
    func killProcess() async throws {
        let number = generation
        jobs.append { [weak self] in
            try? await Task.sleep(for: .seconds(5))
            self?.tell(.overdue(generation: number))
        }
        try await host.runtime.signal(id, .kill)
        // A frozen process takes the signal only once it is thawed.
        try? await host.runtime.resume(id)
    }

    // MARK: - Private

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
        do {
            try await host.store.machines.delete("\(machine.app)/\(id)")
        } catch {
            host.logger.error("record of a destroyed machine not removed", error: error, metadata: tags)
        }
    }

    private func note(_ event: Machine.Event) {
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
            do {
                try await host.runtime.clear(id)
            } catch {
                // The next start clears first, and says so when it can't.
                host.logger.warning("sandbox not cleared", error: error, metadata: tags)
            }
            return nil
        case .remove: return await remove()
        case .retry(let due):
            let wait = due.since(.now())
            jobs.append { [weak self] in
                try? await Task.sleep(for: wait)
                self?.tell(.retryDue)
            }
            return nil
        }
    }

    /// - Returns: nil when something is left of it, which is tried again.
    private func remove() async -> Lifecycle.Event? {
        do {
            try await host.runtime.destroy(id)
        } catch {
            host.logger.error("machine not removed, will be tried again", error: error, metadata: tags)
            jobs.append { [weak self] in
                try? await Task.sleep(for: .seconds(5))
                self?.tell(.stop(then: .destroyed))
            }
            return nil
        }
        for mount in machine.spec.config.mounts { await release(volume: mount.volume) }
        return .destroyed
    }

    private func launch() async -> Lifecycle.Event {
        do {
            guard let address = machine.status.address else { throw Fault(.corrupt, "Machine \(id) has no address") }
            let digest = machine.spec.config.image.split(separator: "@").last.map(String.init) ?? ""
            let (image, layers) = try await host.image(digest)
            let mounts = try await folders(image, layers)
            var sandbox = try SandboxPlan.make(machine, address: address, image: image, layers: layers, mounts: mounts)
            sandbox.env = SandboxPlan.adding(try host.environment(machine.app), to: sandbox.env)
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

    private func terminate() async throws {
        let number = generation
        let timeout = stopConfig.timeout.duration
        // First the timer: a signal that can't be sent must not leave the stop without an end.
        jobs.append { [weak self] in
            try? await Task.sleep(for: timeout)
            self?.tell(.overdue(generation: number))
        }
        try await host.runtime.signal(id, stopConfig.signal)
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
            try await host.store.volumes.update(volume, missing: Fault(.volumeNotFound, "volume \(volume) is gone")) {
                $0.attachedTo = nil
            }
        } catch {
            host.logger.warning("volume not released", error: error, metadata: tags)
        }
    }
}

extension Machine.State {
    /// On its way to a freeze, or frozen.
    var isFrozen: Bool {
        switch self {
        case .suspending, .suspended: true
        default: false
        }
    }
}
