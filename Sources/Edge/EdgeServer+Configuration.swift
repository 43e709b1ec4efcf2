package import Model

extension EdgeServer {
    /// What an edge has to know to start.
    package struct Configuration: Sendable {
        /// Where to listen.
        package struct Address: Sendable, Hashable {
            /// An IPv4 or IPv6 address; `0.0.0.0` and `::` are all of a family.
            package var host: String
            /// 0 takes any free port.
            package var port: Int

            package init(host: String, port: Int) {
                self.host = host
                self.port = port
            }
        }

        package var listen: [Address]
        /// The unix socket on which `serve` listens, `edge.sock`.
        package var socketPath: String
        /// The region of this host, for `Fly-Region` and request IDs.
        package var region: String
        /// Under which apps get their names, `localhost` by default; for the log only, as routes carry whole names.
        package var domain = "localhost"
        package var eventLoopThreads: Int
        /// Peers that speak for others: their `X-Forwarded-For`, `-Proto`, `-Port` and `-Host` count.
        package var trustedProxies: [AddressBlock] = []
        package var limits = Limits()
        /// The last good copy of the routes, in force until `serve` says better.
        package var initialRoutes: RouteTable?
        /// Keeps a copy of the routes; may block, is called on a thread of its own.
        package var saveRoutes: @Sendable (RouteTable) throws -> Void = { _ in }
        /// Told the ports, in the order of `listen`, once connections are accepted.
        package var onBound: @Sendable ([Int]) -> Void = { _ in }

        /// Takes what has no default; `eventLoopThreads` is one for each core that traffic may use.
        package init(listen: [Address], socketPath: String, region: String, eventLoopThreads: Int = 2) {
            self.listen = listen
            self.socketPath = socketPath
            self.region = region
            self.eventLoopThreads = eventLoopThreads
        }

        /// Throws a ``Fault`` that names the first setting without sense.
        package func validate() throws(Fault) {
            guard !listen.isEmpty else { throw Fault(.invalidConfig, "the edge has no address to listen on") }
            for address in listen where !(0...65535).contains(address.port) {
                throw Fault(.invalidConfig, "the edge cannot listen on port \(address.port)")
            }
            guard (1...256).contains(eventLoopThreads) else {
                throw Fault(.invalidConfig, "the edge cannot run \(eventLoopThreads) event loops", hint: "1 to 256")
            }
            guard !region.isEmpty, region.utf8.allSatisfy(Characters.isToken) else {
                throw Fault(.invalidConfig, "\"\(region)\" is no name of a region")
            }
            guard (1...107).contains(socketPath.utf8.count) else {
                throw Fault(.invalidConfig, "\(socketPath) is no path for a unix socket", hint: "1 to 107 bytes")
            }
            try limits.validate()
        }
    }
}
