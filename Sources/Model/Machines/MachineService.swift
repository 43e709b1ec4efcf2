extension MachineConfig {
    /// A port of the Machine that the edge serves.
    package struct Service: Codable, Equatable, Sendable {
        package var internalPort: Int
        package var ports: [Port]
        package var autostop: Autostop
        package var autostart: Bool
        package var minMachinesRunning: Int
        package var concurrency: Concurrency
        package var checks: [Check]
        package var forceHTTPS: Bool

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

        package enum CodingKeys: String, CodingKey {
            case internalPort = "internal_port"
            case minMachinesRunning = "min_machines_running"
            case forceHTTPS = "force_https"
            case ports, autostop, autostart, concurrency, checks
        }
    }

    /// One external port and what the edge does on it.
    package struct Port: Codable, Equatable, Sendable {
        package var port: Int
        package var handlers: [String]

        package init(port: Int, handlers: [String]) {
            self.port = port
            self.handlers = handlers
        }
    }

    /// What becomes of an idle Machine.
    package enum Autostop: String, Codable, Sendable, CaseIterable {
        case off
        case stop
        case suspend
    }

    /// How much load a Machine takes; the defaults are Fly's.
    package struct Concurrency: Codable, Equatable, Sendable {
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

        package enum Kind: String, Codable, Sendable, CaseIterable {
            case connections
            case requests
        }

        package enum CodingKeys: String, CodingKey {
            case type
            case softLimit = "soft_limit"
            case hardLimit = "hard_limit"
        }
    }

    /// A health check, of a service or of the Machine.
    package struct Check: Codable, Equatable, Sendable {
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

        package enum Kind: String, Codable, Sendable, CaseIterable {
            case tcp
            case http
        }

        package enum CodingKeys: String, CodingKey {
            case type, port, interval, timeout, method, path, headers
            case gracePeriod = "grace_period"
        }
    }
}
