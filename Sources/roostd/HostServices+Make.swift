import Agent
import ControlPlane
import Foundation
import Logging
import Model
import Runtime
import Store
import Toolkit

extension HostServices {
    /// Puts together what the agent works with on this host.
    static func make(
        _ config: HostConfig,
        _ runtime: OCIRuntime,
        _ store: SQLiteStore,
        _ workshop: Workshop,
        _ prober: Prober,
        _ logger: Logger
    ) -> HostServices {
        var services = HostServices(
            name: config.host,
            region: config.region,
            runtime: runtime,
            store: store,
            prober: prober,
            image: { try await workshop.unpacked($0) },
            volumeFolder: { volume, _, _ in throw Fault(.volumeNotFound, "this host keeps no volume \(volume.id)") },
            removeVolumeFolder: { _ in },
            freeAddress: { try runtime.addressPlan().within($0).firstFree(used: $1) },
            readLog: { await runtime.openLog($0, tail: $1, follow: $2) },
            logger: logger
        )
        services.publishStatics = { try await workshop.publishStatics($0, $1) }
        services.tapLog = { runtime.tapLog($0, from: $1) }
        services.writeLog = { try await runtime.note($0, $1) }
        let files = GuestFiles(paths: config.paths)
        services.putFiles = { try files.put($0, $1, $2) }
        services.openSession = { try await runtime.openSession($0, $1) }
        return services
    }

    /// Lets Machines ask the API by sockets of their own.
    mutating func openDoors(_ paths: HostPaths, _ logger: Logger) -> GuestDoors {
        let doors = GuestDoors(folder: paths.guests, logger: logger)
        openDoor = { try await doors.open($0) }
        closeDoor = { await doors.close($0) }
        return doors
    }

    /// Keeps volumes on this host's disk, after an end to what an earlier daemon has left half done there.
    mutating func keepVolumes(_ paths: HostPaths) throws -> VolumeStore {
        let volumes = VolumeStore(paths: paths)
        try volumes.prepare()
        volumeFolder = { volume, image, layers in
            try await volumes.open(volume, user: image.config.user, layers: layers)
        }
        removeVolumeFolder = { try await volumes.remove($0) }
        closeVolume = { try await volumes.close($0) }
        return volumes
    }
}
