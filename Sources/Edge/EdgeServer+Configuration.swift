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
        /// Where to listen for TLS.
        package var listenTLS: [Address] = []
        /// The unix socket on which `serve` listens, `edge.sock`.
        package var socketPath: String
        /// The region of this host, for `Fly-Region` and request IDs.
        package var region: String
        /// Under which apps get their names, `localhost` by default; for the log only, as routes carry whole names.
        package var domain = "localhost"
        package var eventLoopThreads: Int
        /// Peers that speak for others: their `X-Forwarded-For`, `-Proto`, `-Port` and `-Host` count.
        package var trustedProxies: [AddressBlock] = []
        /// Peers that begin each connection with a header of the PROXY protocol.
        package var proxyProtocol: [AddressBlock] = []
        package var limits = Limits()
        /// Where those who watch the edge ask it for `/metrics` and `/health`; nil is nowhere.
        package var metrics: Address?
        /// Nil writes none.
        package var accessLog: AccessLog?
        /// Listening sockets that this process was started with; those for no address of `listen` are not used.
        package var inherited: [InheritedSocket] = []
        /// The last good copy of the routes, in force until `serve` says better.
        package var initialRoutes: RouteTable?
        /// Keeps a copy of the routes: what has changed, or the whole table where the base is 0 or not what was kept last;
        /// may block, is called on a thread of its own.
        package var saveRoutes: @Sendable (RouteChanges, _ whole: () -> RouteTable) throws -> Void = { _, _ in }
        /// Where a copy of the certificates is kept, with their keys; nil keeps none.
        package var certificates: CertificateCopy?
        /// The folder of all images' files for `[[statics]]`; nil where there are none.
        package var statics: String?
        /// Where private names are kept for the resolver; nil where nobody answers to them.
        package var names: NameBook?
        /// Told the ports, in the order of `listen` and then `listenTLS`, once connections are accepted.
        package var onBound: @Sendable ([Int]) -> Void = { _ in }
        /// Told the port of ``metrics``.
        package var onMetricsBound: @Sendable (Int) -> Void = { _ in }

        /// A listening socket that somebody else holds too, so that connections wait while one edge follows another.
        package struct InheritedSocket: Sendable, Hashable {
            package var descriptor: Int32
            package var address: Address

            package init(descriptor: Int32, address: Address) {
                self.descriptor = descriptor
                self.address = address
            }
        }

        /// Where each request is written down, and how many of them are.
        package struct AccessLog: Sendable, Equatable {
            /// Of a file that is made where it is missing, and added to.
            package var path: String
            /// Of all requests, more than 0 and up to 1.
            package var share: Double

            package init(path: String, share: Double = 1) {
                self.path = path
                self.share = share
            }
        }

        /// Takes what has no default; `eventLoopThreads` is one for each core that traffic may use.
        package init(listen: [Address], socketPath: String, region: String, eventLoopThreads: Int = 2) {
            self.listen = listen
            self.socketPath = socketPath
            self.region = region
            self.eventLoopThreads = eventLoopThreads
        }

        /// Throws a ``Fault`` that names the first setting without sense.
        package func validate() throws(Fault) {
            let addresses = listen + listenTLS
            guard !addresses.isEmpty else { throw Fault(.invalidConfig, "the edge has no address to listen on") }
            for address in addresses where !(0...65535).contains(address.port) {
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
            if let accessLog {
                guard accessLog.path.hasPrefix("/"), accessLog.share > 0, accessLog.share <= 1 else {
                    throw Fault(
                        .invalidConfig,
                        "the access log is \"\(accessLog.path)\", of \(accessLog.share) of the requests",
                        hint: "an absolute path, and a share above 0 and up to 1"
                    )
                }
            }
            try limits.validate()
        }
    }
}
