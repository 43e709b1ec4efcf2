import Logging
import Model
import Synchronization

/// What all event loops and the link to `serve` have in common.
final class EdgeShared: Sendable {
    let configuration: EdgeServer.Configuration
    let logger: Logger
    let loads = Loads()
    let wakes = WakeBoard()
    let signals = LinkSignals()
    let troubles = TroubleBoard()

    init(_ configuration: EdgeServer.Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// The routes that every event loop uses; nil until there were some.
    var inForce: RouteIndex? {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    // MARK: - Private

    private let current = Mutex<RouteIndex?>(nil)
}
