extension MachineConfig {
    /// A service that the edge answers for.
    package struct Published: Equatable, Sendable {
        package var service: Service
        /// The port of the edge that it is for; nil is every port that no other service of the Machine names.
        package var port: Int?
        /// Ports that the edge opens for it.
        package var entrances: [Entrance]
        /// Of the port that decides how requests are handled.
        package var options: AppConfig.HTTPOptions?
        package var tlsOptions: AppConfig.TLSOptions?

        /// Its connections are no HTTP.
        package var isStream: Bool { entrances.first.map { !$0.isHTTP } ?? false }

        /// The ports that it has at a private address, where 80 and 443 are those numbers and nothing ends TLS.
        package var privatePorts: [Entrance] {
            guard port == nil else { return entrances }
            return service.ports.filter { $0.handlers.contains("http") }.map { Entrance($0) }
        }

        package init(service: Service, port: Int?, entrances: [Entrance] = []) {
            self.service = service
            self.port = port
            self.entrances = entrances
        }
    }

    /// What the edge may send requests and connections to, and nothing else: a service without ports is none.
    ///
    /// The service on port 80, or else 443, answers on the edge's own ports, whatever their numbers are on this host;
    /// any other port leads to its service, and the edge opens it.
    package var published: [Published] {
        let usual =
            services.firstIndex { $0.httpPorts.contains(80) } ?? services.firstIndex { $0.httpPorts.contains(443) }
        var result = usual.map { [usualOne(services[$0])] } ?? []
        var seen: Set<Int> = usual.map { Set(services[$0].httpPorts) } ?? []
        for (index, service) in services.enumerated() {
            for port in service.ports where index != usual || !port.handlers.contains("http") {
                guard seen.insert(port.port).inserted else { continue }
                var one = Published(service: service, port: port.port, entrances: [Entrance(port)])
                one.options = port.httpOptions
                one.tlsOptions = port.tlsOptions
                result.append(one)
            }
        }
        return result
    }

    /// What its services together say of sleep; nil without any.
    ///
    /// > Source: flyctl `machines_deploymachinesapp.go`: of several services the least aggressive word counts.
    package var sleep: Service? {
        guard var result = services.first else { return nil }
        let order: [Autostop] = [.off, .stop, .suspend]
        result.autostop = order.first { mode in services.contains { $0.autostop == mode } } ?? .off
        result.minMachinesRunning = services.map(\.minMachinesRunning).max() ?? 0
        result.concurrency.softLimit = services.map(\.concurrency.softLimit).min() ?? result.concurrency.softLimit
        return result
    }

    // MARK: - Private

    /// The one that has the edge's own ports, whose numbers stand for 80 and 443.
    private func usualOne(_ service: Service) -> Published {
        let ports = service.ports.filter { $0.handlers.contains("http") }
        let others = ports.filter { $0.port != 80 && $0.port != 443 }
        var one = Published(service: service, port: nil, entrances: others.map { Entrance($0) })
        one.options = ports.lazy.compactMap(\.httpOptions).first
        one.tlsOptions = ports.lazy.compactMap(\.tlsOptions).first
        return one
    }
}

extension MachineConfig.Service {
    /// Ports at which the edge speaks HTTP for it.
    package var httpPorts: [Int] { ports.filter { $0.handlers.contains("http") }.map(\.port) }

    /// Seconds that the app may take to its first byte; nil when nothing is said, 0 for no limit.
    package var idleTimeout: Int? {
        ports.lazy.filter { $0.handlers.contains("http") }.compactMap(\.httpOptions?.idleTimeout).first
    }
}

extension MachineConfig {
    /// The metadata key that says how many of a hundred requests a canary gets.
    package static let shareKey = "fly_canary_share"

    /// So many of a hundred requests go to it; nil is an even share.
    package var share: Int? { metadata[Self.shareKey].flatMap { AppConfig.Deploy.percent($0) } }
}
