package import Logging
import Model
import ServiceLifecycle
import Toolkit

/// Looks after volumes: takes snapshots by the clock, lets them grow, removes them once their grace is over.
package struct VolumeSweep: Service {
    private let volumes: Volumes
    private let logger: Logger
    private static let pace = Duration.seconds(30)

    package init(volumes: Volumes, logger: Logger) {
        self.volumes = volumes
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.attempt("volumes not made whole") { try await volumes.finishFills(failed: self.tell) }
            await repeating(every: Self.pace) {
                await self.attempt("destroyed volumes not removed") { try await volumes.sweep(.now()) }
                await self.attempt("volumes not grown") { try await volumes.growWhereFull() }
                await self.attempt("snapshots not taken") { try await volumes.keepSnapshots(.now(), failed: self.tell) }
            }
        }
    }

    // MARK: - Private

    private func attempt(_ what: Logger.Message, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            logger.warning(what, error: error)
        }
    }

    private func tell(_ volume: Volume, _ error: any Error) {
        logger.error("volume needs a look", error: error, metadata: ["volume.id": "\(volume.id)"])
    }
}
