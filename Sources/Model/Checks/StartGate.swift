extension MachineConfig {
    /// Ports whose `/` has to be answered once before the Machine takes requests: those that serve HTTP and have no HTTP
    /// check of their own.
    ///
    /// An open port alone proves nothing: gunicorn's master opens it before any worker has loaded the app. One that speaks
    /// HTTP/2 alone (`h2_backend`) can't be asked so.
    package var askedPorts: [Int] {
        var ports: [Int] = []
        for service in services where service.servesHTTP && !service.speaksHTTP2 {
            if hasHTTPCheck(port: service.internalPort) { continue }
            if !ports.contains(service.internalPort) { ports.append(service.internalPort) }
        }
        return ports
    }

    /// Whether a check asks that port by HTTP.
    package func hasHTTPCheck(port: Int) -> Bool {
        namedChecks.contains { $0.check.type == .http && $0.port == port }
    }
}

extension MachineConfig.Service {
    /// The edge speaks HTTP to it.
    package var servesHTTP: Bool { ports.contains { $0.handlers.contains("http") } }

    /// The edge speaks HTTP/2 to it.
    package var speaksHTTP2: Bool { ports.contains { $0.httpOptions?.h2Backend ?? false } }
}

extension Machine {
    /// What the last question for `/` brought, before the first good answer.
    package struct Gate: Equatable, Sendable {
        /// `GET / on port 8000: 500`, `GET / on port 8000: connection reset`.
        package var output: String
        /// The app answered, with an error of its own.
        package var isError: Bool

        package init(output: String, isError: Bool) {
            self.output = output
            self.isError = isError
        }
    }
}
