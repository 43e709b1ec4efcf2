/// All that the edge knows: which host names lead to which Machines.
///
/// `serve` sends it, the edge keeps the last one.
package struct RouteTable: Equatable, Sendable {
    /// Grows with each change; an edge reports the revision that it has taken in.
    package var revision: Int64
    package var apps: [Route]

    package init(revision: Int64 = 0, apps: [Route] = []) {
        self.revision = revision
        self.apps = apps
    }

    /// As an edge takes it that knows only one route of an app.
    package var forOldEdges: RouteTable {
        RouteTable(revision: revision, apps: apps.filter { $0.port == nil })
    }
}

/// One app as the edge sees it; an app that publishes several ports has a route for each.
package struct Route: Equatable, Sendable {
    package var app: String
    /// Lower case, without port: `notes.localhost`, `notes.example.com`, `*.example.com`.
    package var hostnames: [String]
    /// Start a sleeping Machine for a request that finds none awake.
    package var autostart: Bool
    package var machines: [Target]
    /// Requests without TLS are sent to the same place with it.
    package var forceHTTPS: Bool?
    /// The port of the edge that it is for; nil is every port that no other route of the app names.
    package var port: Int?
    /// Seconds that the app may take to its first byte; 0 is no limit, nil the edge's own.
    package var idleTimeout: Int?
    /// Its Machines are of more than one release: what each answers is counted.
    package var compares: Bool?
    /// How requests and answers are handled on their way; nil is as they come.
    package var options: AppConfig.HTTPOptions?
    package var tlsOptions: AppConfig.TLSOptions?
    package var rateLimit: RateLimit?
    /// Ports that the edge opens for it, beside those that it has anyhow.
    package var entrances: [Entrance]?
    /// Its connections are no HTTP: bytes pass both ways, and no host name leads to it but by TLS.
    package var isStream: Bool?
    /// Files that the edge answers with by itself, the longest prefix first.
    package var statics: [StaticShelf]?
    /// Paths that the edge answers with 404, as it does all below them: where Machines tell their numbers at this port.
    package var closedPaths: [String]?
    /// What is done with its requests instead of sending them on.
    package var traffic: App.Traffic?
    /// By which addresses of the edge it is reached from outside; nil is by all.
    package var reach: PublicReach?
    /// Its addresses for callers of private networks.
    package var privateAddresses: [String]?
    /// The ports of those, and what is spoken there.
    package var privatePorts: [Entrance]?

    package init(
        app: String,
        hostnames: [String],
        autostart: Bool,
        machines: [Target],
        port: Int? = nil
    ) {
        self.app = app
        self.hostnames = hostnames
        self.autostart = autostart
        self.machines = machines
        self.port = port
    }

    /// Tells it from all other routes.
    package var key: String { port.map { "\(app):\($0)" } ?? app }

    /// One Machine's service.
    package struct Target: Equatable, Sendable {
        package var machine: Machine.ID
        package var region: String
        package var address: Machine.Address
        package var port: Int
        package var state: State
        package var softLimit: Int
        package var hardLimit: Int?
        /// So many of a hundred requests go to it; nil is an even share.
        package var share: Int?

        package init(
            machine: Machine.ID,
            region: String,
            address: Machine.Address,
            port: Int,
            state: State,
            concurrency: MachineConfig.Concurrency
        ) {
            self.machine = machine
            self.region = region
            self.address = address
            self.port = port
            self.state = state
            softLimit = concurrency.softLimit
            hardLimit = concurrency.hardLimit
        }
    }

    /// What the edge may do with a Machine.
    package enum State: OpenWord {
        /// Healthy and not cordoned: send to it.
        case ready
        /// On its way to `ready`: a request may wait for it.
        case coming
        /// Stopped or suspended, and may be started by a request.
        case asleep
        /// Cordoned, critical or stopping: what is in flight ends, nothing new goes there.
        case draining
        case unknown(String)

        package static let allCases: [Self] = [.ready, .coming, .asleep, .draining]

        package var rawValue: String {
            switch self {
            case .ready: "ready"
            case .coming: "coming"
            case .asleep: "asleep"
            case .draining: "draining"
            case .unknown(let word): word
            }
        }

        /// Gets nothing new; so does what only a newer `serve` has a word for.
        package var isDraining: Bool {
            switch self {
            case .draining, .unknown: true
            case .ready, .coming, .asleep: false
            }
        }
    }
}
