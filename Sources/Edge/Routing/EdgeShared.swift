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
    let certificates = CertificateShelf()
    let tls: TLSBook
    let replays = ReplayMemory()
    let kept: KeptBytes
    let crowding: CrowdingNotice
    let access: AccessLog?

    init(_ configuration: EdgeServer.Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        tls = TLSBook(shelf: certificates)
        crowding = CrowdingNotice(logger: logger)
        access = configuration.accessLog.map { AccessLog($0) }
        kept = KeptBytes(limit: configuration.limits.keptBytes)
    }

    /// The routes that every event loop uses; nil until there were some.
    var inForce: RouteIndex? { current.withLock { $0 } }

    /// Takes in what every event loop uses by now.
    func adopt(_ update: RouteUpdate) {
        current.withLock { current in _ = current.take(update) }
    }

    /// The port on which TLS is spoken, once it is known; nil where it is spoken on none.
    var securePort: Int? {
        get { port.withLock { $0 } }
        set { port.withLock { $0 = newValue } }
    }

    /// Ports of the edge's own addresses, which no app may have.
    var ownPorts: Set<Int> {
        get { ports.withLock { $0 } }
        set { ports.withLock { $0 = newValue } }
    }

    // MARK: - Private

    private let ports = Mutex<Set<Int>>([])
    private let port = Mutex<Int?>(nil)

    private let current = Mutex<RouteIndex?>(nil)
}

extension RouteIndex? {
    /// Applies an update, also to no routes at all.
    mutating func take(_ update: RouteUpdate) -> [Route.Target] {
        // Out of its place first: a copy of the whole index would cost more the more routes there are.
        var index = self ?? RouteIndex()
        self = nil
        defer { self = index }
        return index.apply(update)
    }
}
