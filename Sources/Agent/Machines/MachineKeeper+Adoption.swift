import Logging
import Model
import Runtime
import Store
import Toolkit

/// How a keeper takes over after a restart of the daemon or of the host.
extension MachineKeeper {
    /// Brings the record in line with what the kernel has, then goes on with what was under way.
    ///
    /// Called before `run()`: nothing else changes the Machine meanwhile.
    ///
    /// - Parameter seen: nil when the host has nothing of this Machine, as after a reboot.
    /// - Throws: ``Fault`` of the runtime; the stored record is then as it was.
    func adopt(_ seen: SandboxStatus?) async throws {
        let recorded = machine.status.state
        // Whoever held it has ended with the daemon; a roll-out that goes on asks again.
        machine.status.holds.endPassing()
        if case .destroyed = recorded { return finishDestroy() }
        if case .destroying = recorded { return finishDestroy() }
        if seen == nil { await provisionAgain() }
        switch seen {
        case .running(let process): try await take(process, suspended: false, recorded)
        case .suspended(let process): try await take(process, suspended: true, recorded)
        case .unmonitored(let process):
            tell(.monitorLost(pid: process.pid))
            // After that letter: what was to become of the Machine still holds.
            try await take(process, suspended: false, recorded)
        case .ended(let code, let outOfMemory): ended(recorded, code, outOfMemory)
        case .provisioned, nil: ended(recorded, nil, false)
        }
        await saveSoon()
    }

    // MARK: - Private

    private func take(_ process: Machine.Process, suspended: Bool, _ recorded: Machine.State) async throws {
        try await host.runtime.watch(id, process)
        _ = await openDoor()
        switch recorded {
        case .stopping(_, let then):
            machine.status.state = .started(process)
            if suspended { machine.status.state = .suspended(process) }
            tell(.stop(then: then))
        case .created, .stopped, .failed:
            // The record says that nothing should run: the daemon ended between the start and its record.
            machine.status.state = .started(process)
            tell(.stop(then: .stopped))
        case .suspending, .suspended, .starting, .started, .restarting, .destroying, .destroyed,
            .unknown:
            machine.status.state = suspended ? .suspended(process) : .started(process)
            if !suspended { beginWork() }
            // It took requests a moment ago, and goes on to: its checks say so when that is no longer true.
            if !suspended, recorded == .started(process), machine.status.ready { readiness.open() }
            // One that was frozen after all its gates has its ports open, and is ready as soon as it is thawed.
            if suspended, recorded == .suspended(process), machine.status.proven { readiness.open() }
        }
        if machine.status.runningInstance == nil { machine.status.runningInstance = machine.spec.instance }
    }

    /// The process of the record is gone.
    private func ended(_ recorded: Machine.State, _ code: Int32?, _ outOfMemory: Bool) {
        switch recorded {
        case .stopped(let exit?) where machine.spec.config.autoDestroy && !exit.requested:
            tell(.stop(then: .destroyed))
        case .created, .stopped, .failed, .destroying, .destroyed, .unknown: break
        case .started(let process), .stopping(let process, _), .suspending(let process), .suspended(let process):
            if code == nil, case .started = recorded {
                // Nobody saw how it ended, as after a reboot.
                machine.status.state = .awaitingBoot(.now())
            } else if code == nil, recorded.name == "suspended" {
                // What slept goes on sleeping, until a request wakes it from its image.
                machine.status.state = .stopped(nil)
            } else {
                tell(.exited(pid: process.pid, code: code, outOfMemory: outOfMemory))
            }
        case .starting, .restarting: machine.status.state = .awaitingBoot(.now())
        }
    }

    private func finishDestroy() {
        machine.status.state = .destroying
        tell(.stop(then: .destroyed))
    }

    /// A start does it again, and fails when it has to.
    private func provisionAgain() async {
        guard let address = machine.status.address else { return }
        do {
            try await host.runtime.provision(id, address: address)
        } catch {
            host.logger.warning("machine has no network yet", error: error, metadata: tags)
        }
    }
}
