import Logging
import NIOCore
import Synchronization

/// Says that connections wait to be accepted, once a minute at most.
final class CrowdingNotice: Sendable {
    init(logger: Logger) { self.logger = logger }

    /// The system has no descriptor left.
    func exhausted(_ error: any Error) {
        guard isDue() else { return }
        logger.warning("no descriptors left: accepting pauses", metadata: ["error": "\(error)"])
    }

    /// There are as many connections as there may be.
    func full(_ connections: Int) {
        guard isDue() else { return }
        logger.warning(
            "as many connections as there may be: accepting pauses",
            metadata: ["connections": "\(connections)"]
        )
    }

    // MARK: - Private

    private let logger: Logger
    private let last = Mutex<NIODeadline?>(nil)

    private func isDue() -> Bool {
        let now = NIODeadline.now()
        return last.withLock { last in
            if let before = last, now - before < .minutes(1) { return false }
            last = now
            return true
        }
    }
}
