import Model
import NIOCore

/// What all event loops of an edge have counted.
struct EdgeFigures: Sendable {
    let shared: EdgeShared
    let loops: [NIOLoopBound<EdgeLoop>]

    /// By now.
    func gather() async throws -> EdgeCounts { try await gather(on: loops[0].eventLoop).get() }

    /// By now, for who is on an event loop.
    func gather(on eventLoop: any EventLoop) -> EventLoopFuture<EdgeCounts> {
        let parts = loops.map { loop in
            loop.eventLoop.submit {
                var counts = loop.value.stats.counts
                counts.common.connections = loop.value.connectionCount
                return counts
            }
        }
        return EventLoopFuture.whenAllSucceed(parts, on: eventLoop).map { [shared] parts in
            var counts = EdgeCounts()
            for part in parts { counts.add(part) }
            for (app, tally) in shared.troubles.tallies { counts.apps[app, default: EdgeCounts.App()].tally = tally }
            guard let index = shared.inForce else { return counts }
            (counts.common.revision, counts.common.routes) = (index.revision, index.count)
            for entry in index.all where !entry.held.isZero {
                counts.apps[entry.route.app, default: EdgeCounts.App()].waiting += entry.held.count
            }
            for (machine, open) in shared.loads.inFlight() {
                guard let app = index.place(of: machine).flatMap({ index.entry(key: $0.key)?.route.app }) else {
                    continue
                }
                counts.apps[app, default: EdgeCounts.App()].workers[machine, default: EdgeCounts.Worker()].open = open
            }
            return counts
        }
    }
}
