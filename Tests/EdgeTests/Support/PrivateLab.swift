import Logging
import Model
import NIOCore
import NIOPosix

@testable import Edge

/// An event loop of an edge with some routes, and a port at which each client is a Machine that has called a private
/// address: what the kernel would say of its connection is said here.
struct PrivateLab: Sendable {
    let port: Int
    let shared: EdgeShared
    let loop: NIOLoopBound<EdgeLoop>

    static func with(
        _ routes: [Route],
        caller: String = "fdaa:0:1:a:b:0:7:2",
        called: String = "fdaa:0:1:0:1::5",
        at port: Int = 80,
        _ body: @escaping @Sendable (PrivateLab) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let configuration = EdgeServer.Configuration(listen: [], socketPath: "/nowhere", region: "fra")
        let quiet = Logger(label: "edge.test") { _ in SwiftLogNoOpLogHandler() }
        let shared = EdgeShared(configuration, logger: quiet)
        // There would be TLS to send clients to.
        shared.securePort = 443
        let loop = try await eventLoop.submit {
            NIOLoopBound(EdgeLoop(eventLoop: eventLoop, shared: shared), eventLoop: eventLoop)
        }.get()
        let ends = (try SocketAddress(ipAddress: caller, port: 4711), try SocketAddress(ipAddress: called, port: port))
        let server = try await ServerBootstrap(group: eventLoop)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Reception(loop: loop.value, tls: nil).take(channel, by: ends.0, reached: ends.1)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let lab = PrivateLab(port: server.localAddress?.port ?? 0, shared: shared, loop: loop)
        try await lab.take(routes)
        do {
            try await body(lab)
        } catch {
            try? await lab.end(server, group)
            throw error
        }
        try await lab.end(server, group)
    }

    /// Has these routes in force from now on, beside those that there were.
    func take(_ routes: [Route], removed: [String] = []) async throws {
        let revision = (shared.inForce?.revision ?? 0) + 1
        let changes = RouteChanges(base: 0, revision: revision, routes: routes, removed: removed)
        let update = try RouteUpdate(changes, loads: shared.loads, before: shared.inForce)
        try await loop.submit { $0.adopt(update) }
        shared.adopt(update)
    }

    private func end(_ server: any Channel, _ group: MultiThreadedEventLoopGroup) async throws {
        try await server.close()
        try await loop.submit { $0.close() }
        try await group.shutdownGracefully()
    }
}
