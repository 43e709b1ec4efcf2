import ArgumentParser
import Edge
import Foundation
import Images
import Logging
import Model
import ServiceLifecycle
import Toolkit
import UnixSignals

/// The data path of a host: needs nothing but its last routes to work.
struct EdgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "edge", abstract: "Route requests to Machines.")

    @OptionGroup var flags: HostFlags

    func run() async throws {
        OpenFiles.raise(to: 1 << 20)
        let environment = ProcessInfo.processInfo.environment
        let config = try HostConfig.load(flags)
        let logger = try Roostd.logger("edge", config)
        let succession = Succession(environment, logger: logger)
        var settings = try settings(config)
        settings.inherited = EdgeSockets.inherited(environment)
        settings.onBound = { _ in succession?.begin() }
        let names = NameBook(path: config.paths.names, logger: logger)
        settings.names = names
        let services: [any Service] = [
            EdgeServer(configuration: settings, logger: logger),
            NameServer(book: names, settings: config.network.resolver, logger: logger),
        ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: (services + [succession].compactMap { $0 }).map {
                    .init(
                        service: $0,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup
                    )
                },
                gracefulShutdownSignals: succession == nil ? [.sigterm, .sigint] : [.sigusr2, .sigint],
                logger: Roostd.quiet(logger)
            )
        )
        try await group.run()
    }

    private func settings(_ config: HostConfig) throws -> EdgeServer.Configuration {
        var settings = EdgeServer.Configuration(
            listen: try addresses(config.listen),
            socketPath: config.paths.edgeSocket,
            region: config.region,
            eventLoopThreads: EdgeSockets.loops
        )
        settings.listenTLS = try addresses(config.listenTLS)
        settings.certificates = CertificateCopy(folder: "\(config.paths.edge)/certificates")
        settings.domain = config.domain
        settings.statics = ImageStore.statics(in: config.paths.images)
        settings.trustedProxies = try config.trustedProxies.map { text throws(Fault) in try AddressBlock(text) }
        try config.edge.apply(to: &settings)
        let file = config.paths.routes
        try Durable.makeFolder(config.paths.edge, mode: 0o700)
        // A copy that can't be read is no reason not to start: `serve` sends a new one.
        settings.initialRoutes = RouteCopy.load(path: file)
        let copy = RouteCopy(path: file)
        settings.saveRoutes = { try copy.keep($0, whole: $1) }
        try settings.validate()
        return settings
    }

    private func addresses(_ texts: [String]) throws(Fault) -> [EdgeServer.Configuration.Address] {
        var all: [EdgeServer.Configuration.Address] = []
        for text in texts {
            let (host, port) = try ListenFlag.parse(text)
            all.append(.init(host: host, port: port))
        }
        return all
    }
}
