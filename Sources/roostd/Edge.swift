import ArgumentParser
import Edge
import Foundation
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
        let config = try HostConfig.load(flags)
        let logger = try Roostd.logger("edge", config)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: EdgeServer(configuration: try settings(config), logger: logger),
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup
                    )
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Roostd.quiet(logger)
            )
        )
        try await group.run()
    }

    private func settings(_ config: HostConfig) throws -> EdgeServer.Configuration {
        let listen = try config.listen.map { text in
            let (host, port) = try ListenFlag.parse(text)
            return EdgeServer.Configuration.Address(host: host, port: port)
        }
        var settings = EdgeServer.Configuration(
            listen: listen,
            socketPath: config.paths.edgeSocket,
            region: config.region,
            eventLoopThreads: min(max(ProcessInfo.processInfo.activeProcessorCount, 1), 2)
        )
        settings.domain = config.domain
        settings.trustedProxies = try config.trustedProxies.map { text throws(Fault) in try AddressBlock(text) }
        let file = "\(config.paths.edge)/routes.json"
        try Durable.makeFolder(config.paths.edge, mode: 0o700)
        if let data = FileManager.default.contents(atPath: file) {
            // A copy that can't be read is no reason not to start: `serve` sends a new one.
            settings.initialRoutes = try? JSON.decode(RouteTable.self, from: data, what: file)
        }
        settings.saveRoutes = { try Durable.write(try JSON.encode($0), to: file, mode: 0o600) }
        try settings.validate()
        return settings
    }
}
