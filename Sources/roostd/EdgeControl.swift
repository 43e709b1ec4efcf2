import Agent
import Certificates
import ControlPlane
import Model
import Runtime
import ServiceLifecycle
import Toolkit

/// What edges are told: which Machines get which requests, and by what certificates.
struct EdgeControl {
    let link: EdgeLink
    let certificates: Certification
    private let base: HostBase

    /// Begins with the routes that were in force before, for what runs and can't be read now.
    init(_ base: HostBase) async throws {
        self.base = base
        link = EdgeLink(
            store: base.store,
            domain: base.config.domain,
            fleet: base.agent,
            logger: base.logger,
            last: RouteTable.last(base.config.paths),
            home: try Self.home(base)
        )
        await link.keep(base.agent.strangers.map(\.id))
        certificates = try Certification(base.config, base.store, base.logger)
    }

    /// Where the edge answers Machines.
    private static func home(_ base: HostBase) throws -> NameHome {
        var home = NameHome(
            region: base.config.region,
            device: base.runtime.bridge,
            listen: try base.runtime.resolverAddresses()
        )
        home.flycast = try base.runtime.flycastAddress()
        return home
    }

    var services: [any Service] {
        [link, certificates.listener(link, base.config.paths.edgeSocket, base.logger), certificates.keeper]
    }
}
