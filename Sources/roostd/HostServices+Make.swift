import Agent
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
        let volumes = VolumeStore(paths: config.paths)
        let environment = AppEnvironment(folder: config.paths.environment)
        var services = HostServices(
            name: config.host,
            region: config.region,
            runtime: runtime,
            store: store,
            prober: prober,
            image: { try await workshop.unpacked($0) },
            volumeFolder: { volume, image, layers in
                try volumes.create(volume.id, user: image.config.user, layers: layers)
            },
            removeVolumeFolder: { try await volumes.remove($0) },
            freeAddress: { try runtime.addressPlan().firstFree(used: $0) },
            readLog: { runtime.logs($0, tail: $1, follow: $2) },
            logger: logger
        )
        services.environment = { try environment.values(of: $0) }
        return services
    }
}
