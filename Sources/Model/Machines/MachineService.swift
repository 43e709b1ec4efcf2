extension MachineConfig {
    /// A port of the Machine that the edge serves.
    package struct Service: Equatable, Sendable {
        package var internalPort: Int
        package var ports: [Port]
        package var autostop: Autostop
        package var autostart: Bool
        package var minMachinesRunning: Int
        package var concurrency: Concurrency
        package var checks: [Check]
        package var forceHTTPS: Bool
        /// How much one client may ask; nil is no limit.
        package var rateLimit: RateLimit?

        package init(
            internalPort: Int = 8080,
            ports: [Port] = [Port(port: 80, handlers: ["http"]), Port(port: 443, handlers: ["http", "tls"])],
            checks: [Check] = []
        ) {
            self.internalPort = internalPort
            self.ports = ports
            self.checks = checks
            autostop = .off
            autostart = true
            minMachinesRunning = 0
            concurrency = Concurrency()
            forceHTTPS = false
        }
    }

    /// One external port, or a range of them, and what the edge does there.
    package struct Port: Equatable, Sendable {
        /// The only one, or the first.
        package var port: Int
        /// The last of a range.
        package var endPort: Int?
        package var handlers: [String]
        package var httpOptions: AppConfig.HTTPOptions?
        package var tlsOptions: AppConfig.TLSOptions?
        /// How the client's address is told to the app before all else; nil is Fly's v1 where the handler asks for it.
        package var proxyProtocol: AppConfig.ProxyProtocol?

        package init(port: Int, endPort: Int? = nil, handlers: [String], httpOptions: AppConfig.HTTPOptions? = nil) {
            self.port = port
            self.endPort = endPort
            self.handlers = handlers
            self.httpOptions = httpOptions
        }

        /// All of them.
        package var range: ClosedRange<Int> { port...max(port, endPort ?? port) }
    }

    /// What becomes of an idle Machine.
    package enum Autostop: OpenWord {
        case off
        case stop
        case suspend
        case unknown(String)

        package static let allCases: [Self] = [.off, .stop, .suspend]

        package var rawValue: String {
            switch self {
            case .off: "off"
            case .stop: "stop"
            case .suspend: "suspend"
            case .unknown(let word): word
            }
        }
    }

    /// How much load a Machine takes; the defaults are Fly's.
    package struct Concurrency: Equatable, Sendable {
        package var type: Kind
        /// At or above it the Machine is passed over while another is below.
        package var softLimit: Int
        /// At it the Machine gets nothing new; nil is no limit.
        package var hardLimit: Int?

        package init(type: Kind = .connections, softLimit: Int = 20, hardLimit: Int? = nil) {
            self.type = type
            self.softLimit = softLimit
            self.hardLimit = hardLimit
        }

        /// What the limits of a service count.
        package enum Kind: OpenWord {
            case connections
            case requests
            case unknown(String)

            package static let allCases: [Self] = [.connections, .requests]

            package var rawValue: String {
                switch self {
                case .connections: "connections"
                case .requests: "requests"
                case .unknown(let word): word
                }
            }
        }
    }

    /// A health check, of a service or of the Machine.
    package struct Check: Equatable, Sendable {
        package var type: Kind
        /// Nil: the service's internal port.
        package var port: Int?
        package var interval: GoDuration
        package var timeout: GoDuration
        /// Failures do not count for this long after a start.
        package var gracePeriod: GoDuration
        package var method: String
        package var path: String
        package var headers: [String: String]
        /// What is done when it goes on failing; nil takes the Machine out of routing and no more.
        package var onFailure: Remedy?

        package init(type: Kind, port: Int? = nil) {
            self.type = type
            self.port = port
            interval = "15s"
            timeout = "2s"
            gracePeriod = "1s"
            method = "GET"
            path = "/"
            headers = [:]
        }

        /// What helps a Machine whose check goes on failing.
        package enum Remedy: OpenWord {
            /// It gets no requests until the check passes.
            case unroute
            /// Its process is started anew.
            case restart
            /// A new Machine takes its place.
            case replace
            case unknown(String)

            package static let allCases: [Self] = [.unroute, .restart, .replace]

            package var rawValue: String {
                switch self {
                case .unroute: "unroute"
                case .restart: "restart"
                case .replace: "replace"
                case .unknown(let word): word
                }
            }
        }

        /// What a check asks with.
        package enum Kind: OpenWord {
            case tcp
            case http
            case unknown(String)

            package static let allCases: [Self] = [.tcp, .http]

            package var rawValue: String {
                switch self {
                case .tcp: "tcp"
                case .http: "http"
                case .unknown(let word): word
                }
            }
        }
    }
}
