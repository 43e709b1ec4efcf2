import Agent
import ControlPlane
import Edge
import Foundation
import Model
import Store
import Toolkit

extension SQLiteStore {
    /// The store of a host, which must be all that the host had.
    init(_ paths: HostPaths) throws {
        // What the edge has seen of it counts where something runs that could be taken for unknown.
        let running = (try? FileManager.default.contentsOfDirectory(atPath: "\(paths.run)/machines")) ?? []
        let floor = running.isEmpty ? 0 : RouteTable.last(paths).revision
        try self.init(path: paths.database, mark: paths.mark, floor: floor)
    }
}

extension RouteTable {
    /// The routes that were in force when the last daemon ended, as an edge has kept them.
    static func last(_ paths: HostPaths) -> RouteTable {
        RouteCopy.load(path: paths.routes) ?? RouteTable()
    }
}

extension StrangerDesk {
    /// What the agent of this host does; they stay routed until it is done.
    init(_ agent: LocalAgent, _ edges: EdgeLink) {
        self.init(
            list: { await agent.strangers },
            adopt: { id in
                let machine = try await agent.adoptStranger(id)
                await edges.forget(id)
                return machine
            },
            destroy: { id in
                await edges.forget(id)
                try await agent.destroyStranger(id)
            }
        )
    }
}
