import Logging
import Model
import Runtime
import ServiceLifecycle
import Toolkit

/// Keeps what Machines see of their size up to date; see decision 0020.
struct SizeUpkeep: Service {
    let runtime: OCIRuntime
    let logger: Logger

    /// Between two rounds; more where one takes long, so that a thousand Machines cost no more than a fiftieth of a CPU.
    private static let interval = Duration.seconds(2)
    private static let rest = 50

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let clock = ContinuousClock()
            while !Task.isCancelled {
                let start = clock.now
                for (id, cpus) in await runtime.refreshSizes() {
                    logger.debug("machine goes on elsewhere", metadata: ["machine.id": "\(id)", "cpus": "\(cpus)"])
                }
                let pause = max(Self.interval, (clock.now - start) * Self.rest)
                guard (try? await Task.sleep(for: pause)) != nil else { return }
            }
        }
    }
}
