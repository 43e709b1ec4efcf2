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
    /// - Throws: ``Fault`` of the runtime or of the store; the stored record is then as it was.
    func adopt(_ seen: SandboxStatus?) async throws {
        let recorded = machine.status.state
        if case .destroyed = recorded { return try await finishDestroy() }
        if case .destroying = recorded { return try await finishDestroy() }
        if seen == nil, let address = machine.status.address { try await host.runtime.provision(id, address: address) }
        switch seen {
        case .running(let process): try await take(process, suspended: false, recorded)
        case .suspended(let process): try await take(process, suspended: true, recorded)
        case .unmonitored(let process):
            machine.status.state = .started(process)
            tell(.monitorLost(pid: process.pid))
            try await host.runtime.watch(id, process)
        case .ended(let code, let outOfMemory): ended(recorded, code, outOfMemory)
        case .provisioned, nil: ended(recorded, nil, false)
        }
        try await save()
    }

    // MARK: - Private

    private func take(_ process: Machine.Process, suspended: Bool, _ recorded: Machine.State) async throws {
        try await host.runtime.watch(id, process)
        switch recorded {
        case .stopping(_, let then):
            machine.status.state = .started(process)
            if suspended { machine.status.state = .suspended(process) }
            tell(.stop(then: then))
        case .created, .stopped, .failed:
            // The record says that nothing should run: the daemon ended between the start and its record.
            machine.status.state = .started(process)
            tell(.stop(then: .stopped))
        case .suspending, .suspended, .starting, .started, .restarting, .destroying, .destroyed:
            machine.status.state = suspended ? .suspended(process) : .started(process)
            if !suspended { beginWork() }
        }
        if machine.status.runningInstance == nil { machine.status.runningInstance = machine.spec.instance }
    }

    /// The process of the record is gone.
    private func ended(_ recorded: Machine.State, _ code: Int32?, _ outOfMemory: Bool) {
        switch recorded {
        case .created, .stopped, .failed, .destroying, .destroyed: break
        case .started(let process), .stopping(let process, _), .suspending(let process), .suspended(let process):
            if code == nil, case .started = recorded {
                // Nobody saw how it ended, as after a reboot: what should run is started again.
                machine.status.state = .stopped(nil)
                tell(.start)
            } else {
                tell(.exited(pid: process.pid, code: code, outOfMemory: outOfMemory))
            }
        case .starting, .restarting:
            machine.status.state = .stopped(nil)
            tell(.start)
        }
    }

    private func finishDestroy() async throws {
        machine.status.state = .destroying
        tell(.destroyed)
        try await host.runtime.destroy(id)
    }
}
