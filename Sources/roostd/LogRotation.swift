import Logging
import Runtime
import ServiceLifecycle
import Toolkit

/// Keeps each Machine's log within its limit.
struct LogRotation: Service {
    let runtime: OCIRuntime
    let logger: Logger
    private static let interval = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await repeating(every: Self.interval) {
                do {
                    try await runtime.rotateLogs()
                } catch {
                    logger.warning("logs not rotated", error: error)
                }
            }
        }
    }
}
