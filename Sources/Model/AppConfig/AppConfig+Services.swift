extension AppConfig {
    /// `[http_service]` or one of `[[services]]`.
    package struct Service: Codable, Equatable, Sendable {
        /// The groups that serve it; empty is the default group.
        package var processes: [String] = []
        /// Roost's own key: host names beside the app's own that lead here, in lower case.
        package var hostnames: [String] = []
        /// What a host acts on.
        package var settings = MachineConfig.Service()
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
        @OrEmpty package var machineChecks: [MachineCheck]

        package init() {}
    }

    /// For how long the edge remembers where a replay led.
    package struct ReplayCache: Codable, Equatable, Sendable {
        package var pathPrefix: String
        package var ttlSeconds: Int
        package var type: Kind
        /// Of the cookie or the header.
        package var name: String
        package var allowBypass: Bool?

        package enum Kind: String, Codable, Sendable, CaseIterable {
            case cookie
            case header
        }
    }

    package enum Transport: String, Codable, Sendable, CaseIterable {
        case tcp
        case udp
    }

    /// One of `[[services.ports]]`: a port, or a range of them.
    package struct Port: Codable, Equatable, Sendable {
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
    package enum ProxyProtocol: String, Codable, Sendable, CaseIterable {
        case v1
        case v2
    }

    package struct TLSOptions: Codable, Equatable, Sendable {
        package var alpn: [String]?
        package var versions: [String]?
        package var defaultSelfSigned: Bool?
    }

    package struct HTTPOptions: Codable, Equatable, Sendable {
        package var compress: Bool?
        /// In seconds.
        package var idleTimeout: Int?
        /// In seconds.
        package var headersReadTimeout: Int?
        package var h2Backend: Bool?
        package var headers: [String: HeaderRule]?
        package var pristine: Bool?
        package var replayCache: [ReplayCache]?
    }

    /// What becomes of a header of an answer.
    package enum HeaderRule: Codable, Equatable, Sendable {
        case remove
        case set(String)
        case add([String])
    }

    /// How a check speaks TLS.
    package struct CheckTLS: Codable, Equatable, Sendable {
        package var usesHTTPS = false
        package var skipsVerification = false
        package var serverName: String?

        /// Plain HTTP.
        package init() {}
    }
}
