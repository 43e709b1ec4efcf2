import Logging
package import Model
import Runtime
import Store
import Toolkit

/// What users do with Machines beyond starting and stopping them.
extension LocalAgent {
    package func launch(_ id: Machine.ID) async throws {
        try keeper(id).tell(.start)
    }

    package func setMetadata(_ id: Machine.ID, _ change: MetadataChange) async throws {
        try await keeper(id).setMetadata(change)
    }

    package func record(_ id: Machine.ID, _ event: Machine.Event) async throws {
        try await keeper(id).record(event)
    }

    package func signal(_ id: Machine.ID, _ number: Int32) async throws {
        try await requireStarted(id, "a signal")
        try await host.runtime.send(id, signal: number)
    }

    package func exec(_ id: Machine.ID, _ command: MachineCommand) async throws -> MachineCommand.Outcome {
        try await requireStarted(id, "a command")
        return try await host.runtime.exec(id, command)
    }

    package func processes(_ id: Machine.ID) async throws -> [MachineProcess] {
        try await requireStarted(id, "its processes")
        return try await host.runtime.processes(id)
    }

    package func usage(_ id: Machine.ID) async throws -> MachineUsage? {
        try await requireStarted(id, "its memory")
        guard let machine = await keepers[id]?.machine else { return nil }
        return await host.runtime.usage(of: [machine])[id]
    }

    /// Keeps a configuration for `GET …/versions`, and lets go of the oldest; nothing else depends on it.
    func keep(_ version: MachineVersion, of machine: Machine) async {
        await host.keep(version, of: machine)
    }

    // MARK: - Private

    private func requireStarted(_ id: Machine.ID, _ what: String) async throws {
        let state = try await keeper(id).machine.status.state
        guard case .started = state else {
            throw Fault(
                .invalidState,
                "Machine \(id) is \(state.name), \(what) needs one that is started",
                hint: "start it first: roost machine start \(id)"
            )
        }
    }
}

extension HostServices {
    /// Keeps a configuration for `GET …/versions`, and lets go of the oldest; nothing else depends on it.
    func keep(_ version: MachineVersion, of machine: Machine) async {
        let name = "\(machine.app)/\(machine.id)/"
        do {
            try await store.machineVersions.put(name + version.instance, version)
            let all = try await store.machineVersions.list(name) { _, _ in }
            for old in all.dropLast(MachineVersion.kept) {
                try await store.machineVersions.delete(name + old.instance)
            }
        } catch {
            logger.warning("machine version not kept", error: error, metadata: ["machine.id": "\(machine.id)"])
        }
    }

    /// Puts a destroyed Machine where its end can still be read for a while, and lets go of the rest.
    func bury(_ machine: Machine) async {
        do {
            let name = "\(machine.app)/\(machine.id)"
            let lease = try await store.grantLease(ttl: Machine.visibleAfterDestroy)
            try await store.destroyedMachines.put(name, machine, lease: lease)
            for version in try await store.machineVersions.list("\(name)/", unreadable: { _, _ in }) {
                try await store.machineVersions.delete("\(name)/\(version.instance)")
            }
            try await store.machineLeases.delete(name)
        } catch {
            logger.warning("destroyed machine not kept", error: error, metadata: ["machine.id": "\(machine.id)"])
        }
    }
}
