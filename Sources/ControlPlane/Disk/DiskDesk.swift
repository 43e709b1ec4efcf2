package import Model
package import Store
import Toolkit

/// What takes a host's disk, and how some of it is given up.
package struct DiskDesk: Sendable {
    let room: DiskGuard
    private let folder: String
    private let store: any StateStore
    private let sizes: Sizes

    /// How many bytes of the disk each thing takes.
    package struct Sizes: Sendable {
        var purposes: @Sendable () async -> [DiskView.Purpose]
        var machine: @Sendable (Machine.ID) async -> Int64
        var volume: @Sendable (String) async -> Int64
        var caches: @Sendable (_ app: String) async -> Int64

        package init(
            purposes: @escaping @Sendable () async -> [DiskView.Purpose],
            machine: @escaping @Sendable (Machine.ID) async -> Int64,
            volume: @escaping @Sendable (String) async -> Int64,
            caches: @escaping @Sendable (String) async -> Int64
        ) {
            (self.purposes, self.machine, self.volume, self.caches) = (purposes, machine, volume, caches)
        }
    }

    package init(_ room: DiskGuard, store: any StateStore, folder: String, sizes: Sizes) {
        (self.room, self.store, self.folder, self.sizes) = (room, store, folder, sizes)
    }

    /// What takes it now: each file is looked at, which may take seconds.
    func view() async throws -> DiskView {
        guard let (level, space) = await room.state() else {
            throw Fault(.io, "the file system of \(folder) does not say how much room it has")
        }
        var apps: [String: DiskView.App] = [:]
        for app in try await store.apps.list(unreadable: { _, _ in }) {
            apps[app.name] = DiskView.App(name: app.name, caches: await sizes.caches(app.name))
        }
        for machine in try await store.machines.list(unreadable: { _, _ in }) {
            apps[machine.app, default: DiskView.App(name: machine.app)].machines += await sizes.machine(machine.id)
        }
        for volume in try await store.volumes.list(unreadable: { _, _ in }) {
            apps[volume.app, default: DiskView.App(name: volume.app)].volumes += await sizes.volume(volume.id)
        }
        return DiskView(
            level: level,
            room: space,
            folder: folder,
            purposes: await sizes.purposes().sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) },
            apps: apps.values.sorted { $0.name < $1.name }
        )
    }
}
