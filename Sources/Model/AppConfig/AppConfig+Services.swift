extension AppConfig {
    /// `[http_service]` or one of `[[services]]`.
    package struct Service: Equatable, Sendable {
        /// The groups that serve it; empty is the default group.
        package var processes: [String] = []
        /// Roost's own key: host names beside the app's own that lead here, in lower case.
        package var hostnames: [String] = []
        /// What a host acts on.
        package var settings = MachineConfig.Service()
        /// Roost's own key, `rate_limit`.
        package var rateLimit: RateLimit?
        /// Nil is TCP, which is all that the edge carries.
        package var transport: Transport?
        /// The ports of `[[services]]` as the file has them; those that the edge can serve are in `settings` too.
        package var ports: [Port]?
        /// Of `[http_service]`, for both its ports.
        package var httpOptions: HTTPOptions?
        /// Of `[http_service]`, for port 443.
        package var tlsOptions: TLSOptions?
        /// By the check's index in `settings.checks`.
        package var checkTLS: [Int: CheckTLS]?
        package var machineChecks: [MachineCheck] = []

        package init() {}
    }

    /// The most health checks of one app: each costs its host a connection every few seconds.
    package static let maximumChecks = 100

    /// Checks of all services and of the app itself.
    var checkCount: Int {
        let services = [httpService].compactMap { $0 } + services
        return services.reduce(checks.count + machineChecks.count) {
            $0 + $1.settings.checks.count + $1.machineChecks.count
        }
    }

    /// For how long the edge remembers where a replay led.
    package struct ReplayCache: Equatable, Sendable {
        package var pathPrefix: String
        package var ttlSeconds: Int
        package var type: Kind
        /// Of the cookie or the header.
        package var name: String
        package var allowBypass: Bool?

        /// What a cached answer of `fly-replay` is found by.
        package enum Kind: OpenWord {
            case cookie
            case header
            case unknown(String)

            package static let allCases: [Self] = [.cookie, .header]

            package var rawValue: String {
                switch self {
                case .cookie: "cookie"
                case .header: "header"
                case .unknown(let word): word
                }
            }
        }
    }

    /// What a service speaks below its handlers.
    package enum Transport: OpenWord {
        case tcp
        case udp
        case unknown(String)

        package static let allCases: [Self] = [.tcp, .udp]

        package var rawValue: String {
            switch self {
            case .tcp: "tcp"
            case .udp: "udp"
            case .unknown(let word): word
            }
        }
    }

    /// One of `[[services.ports]]`: a port, or a range of them.
    package struct Port: Equatable, Sendable {
        package var port: Int?
        package var start: Int?
        package var end: Int?
        package var handlers: [String] = []
        package var forceHTTPS = false
        package var httpOptions: HTTPOptions?
        package var tlsOptions: TLSOptions?
        package var proxyProtocol: ProxyProtocol?
    }

    /// `proxy_proto_options.version`.
    package enum ProxyProtocol: OpenWord {
        case v1
        case v2
        case unknown(String)

        package static let allCases: [Self] = [.v1, .v2]

        package var rawValue: String {
            switch self {
            case .v1: "v1"
            case .v2: "v2"
            case .unknown(let word): word
            }
        }
    }

    /// `tls_options` of a port: what the edge offers in a handshake.
    package struct TLSOptions: Equatable, Sendable {
        package var alpn: [String]?
        package var versions: [String]?
        package var defaultSelfSigned: Bool?

        package init(alpn: [String]? = nil, versions: [String]? = nil, defaultSelfSigned: Bool? = nil) {
            self.alpn = alpn
            self.versions = versions
            self.defaultSelfSigned = defaultSelfSigned
        }
    }

    /// `http_options`: how the edge treats requests and answers.
    package struct HTTPOptions: Equatable, Sendable {
        package var compress: Bool?
        /// In seconds.
        package var idleTimeout: Int?
        /// In seconds.
        package var headersReadTimeout: Int?
        package var h2Backend: Bool?
        package var headers: [String: HeaderRule]?
        package var pristine: Bool?
        package var replayCache: [ReplayCache]?
        /// Roost's own key: a set of headers that browsers act on.
        package var securityHeaders: SecurityHeaders?
    }

    /// `security_headers`.
    package enum SecurityHeaders: OpenWord {
        case strict
        case unknown(String)

        package static let allCases: [Self] = [.strict]

        package var rawValue: String {
            switch self {
            case .strict: "strict"
            case .unknown(let word): word
            }
        }
    }

    /// What becomes of a header of an answer.
    package enum HeaderRule: Equatable, Sendable {
        case remove
        case set(String)
        case add([String])
        /// Of a newer version, kept as it was read.
        case unknown(ConfigValue)
    }

    /// How a check speaks TLS.
    package struct CheckTLS: Equatable, Sendable {
        package var usesHTTPS = false
        package var skipsVerification = false
        package var serverName: String?

        /// Plain HTTP.
        package init() {}
    }
}

extension AppConfig.Service {
    /// What a host acts on, with the options of its ports.
    var machineSettings: MachineConfig.Service {
        var result = settings
        result.rateLimit = rateLimit
        for index in result.ports.indices {
            let number = result.ports[index].port
            let own = ports?.first { ($0.port ?? $0.start) == number }
            if result.ports[index].handlers.contains("http") {
                result.ports[index].httpOptions = own?.httpOptions ?? httpOptions
            }
            if result.ports[index].handlers.contains("tls") || own?.tlsOptions != nil {
                result.ports[index].tlsOptions = own?.tlsOptions ?? tlsOptions
            }
            result.ports[index].proxyProtocol = own?.proxyProtocol
        }
        return result
    }
}
