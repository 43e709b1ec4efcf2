import Model
import Store
import Toolkit

/// Which volume a new Machine gets.
extension LocalAgent {
    /// Finds or makes the volumes that a new Machine mounts, and marks them as its own.
    ///
    /// - Throws: ``Fault`` `volumeNotFound` or `volumeInUse` for one that was named by its ID.
    func attach(_ order: MachineOrder) async throws -> [MachineConfig.Mount] {
        var mounts = order.config.mounts
        for index in mounts.indices {
            var found: Volume?
            while found == nil { found = try await attach(mounts[index], order) }
            guard let volume = found else { continue }
            mounts[index].volume = volume.id
            mounts[index].name = volume.name
            mounts[index].sizeGB = volume.sizeGB
        }
        return mounts
    }

    // MARK: - Private

    /// Nil when another Machine was given the volume first: there may be another one, or none.
    private func attach(_ mount: MachineConfig.Mount, _ order: MachineOrder) async throws -> Volume? {
        // A volume whose record can't be read ends this: an empty one in its place would pass for lost data.
        let all = try await host.store.volumes.versions()
        let there = try named(mount, all.map(\.value), order) ?? free(mount, all.map(\.value), order)
        var volume = there ?? new(mount, order)
        volume.attachedTo = order.id
        do {
            let revision = all.first { $0.value.id == volume.id }?.revision ?? 0
            try await host.store.volumes.put(volume.id, volume, expected: revision)
            return volume
        } catch let fault as Fault where fault.code == .revisionConflict {
            return nil
        }
    }

    private func named(_ mount: MachineConfig.Mount, _ all: [Volume], _ order: MachineOrder) throws(Fault) -> Volume? {
        guard let id = mount.volume else { return nil }
        guard let volume = all.first(where: { $0.id == id && $0.app == order.app && host.owns($0.host) }),
            !volume.isLeaving
        else {
            throw Fault(
                .volumeNotFound,
                "volume \(id) not found in app \(order.app)",
                hint: "roost volumes list -a \(order.app) shows those there are"
            )
        }
        guard volume.filledFrom == nil else {
            throw Fault(
                .invalidState,
                "volume \(id) is being made of \(volume.filledFrom ?? "")",
                hint: "try again when `roost volumes show \(id)` says that it is created"
            )
        }
        guard isFree(volume, for: order.id) else {
            throw Fault(
                .volumeInUse,
                "volume \(id) is attached to Machine \(volume.attachedTo?.text ?? "")",
                hint: "destroy that Machine first, or make another volume: roost volumes create \(volume.name)"
            )
        }
        guard volume.region == order.region else {
            throw Fault(
                .invalidRequest,
                "volume \(id) is in region \(volume.region), the Machine would be in \(order.region)",
                hint: "make the Machine in \(volume.region)"
            )
        }
        return volume
    }

    private func free(_ mount: MachineConfig.Mount, _ all: [Volume], _ order: MachineOrder) -> Volume? {
        all.first {
            $0.app == order.app && $0.name == mount.name && host.owns($0.host) && !$0.isLeaving
                && isFree($0, for: order.id)
        }
    }

    private func new(_ mount: MachineConfig.Mount, _ order: MachineOrder) -> Volume {
        var volume = Volume(
            id: Volume.newID(),
            name: mount.name,
            app: order.app,
            region: order.region,
            host: host.name,
            sizeGB: mount.sizeGB,
            createdAt: .now()
        )
        volume.snapshotRetention = mount.snapshotRetention
        volume.scheduledSnapshots = mount.scheduledSnapshots
        return volume
    }
}
