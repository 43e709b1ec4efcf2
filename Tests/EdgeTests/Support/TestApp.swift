import Foundation
import Model
import NIOCore
import NIOPosix
import Synchronization

/// An app for the edge to talk to; what it does with a connection is written in the test.
final class TestApp: Sendable {
    typealias Handler = @Sendable (Peer, TestApp) async throws -> Void

    let machine: Machine.ID
    let port: Int
    private let accepted = Atomic<Int>(0)
    private let open = Atomic<Int>(0)
    private let requests = Mutex<[Peer.Message]>([])

    init(machine: Machine.ID, port: Int) {
        self.machine = machine
        self.port = port
    }

    /// Connections so far, and now.
    var connections: Int { accepted.load(ordering: .sequentiallyConsistent) }
    var openConnections: Int { open.load(ordering: .sequentiallyConsistent) }
    /// Requests that ``serve(_:_:)`` took.
    var seen: [Peer.Message] { requests.withLock { $0 } }

    func record(_ message: Peer.Message) { requests.withLock { $0.append(message) } }

    func target(
        _ state: Route.State = .ready,
        soft: Int = 20,
        hard: Int? = nil,
        ipv4: String = "127.0.0.1",
        ipv6: String = "::1"
    ) -> Route.Target {
        Route.Target(
            machine: machine,
            region: "fra",
            address: Machine.Address(ipv4: ipv4, ipv6: ipv6),
            port: port,
            state: state,
            concurrency: MachineConfig.Concurrency(softLimit: soft, hardLimit: hard)
        )
    }

    /// Answers each request on a connection with what `respond` makes of it.
    static func serve(_ respond: @escaping @Sendable (Peer.Message) -> String) -> Handler {
        { peer, app in
            while true {
                let message = try await peer.message()
                app.record(message)
                try await peer.send(respond(message))
            }
        }
    }

    /// 200 with the request's own head and body as the body.
    static let echo = serve { message in ok(message.head + message.body) }

    static func ok(_ body: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nContent-Type: text/plain\r\n\r\n\(body)"
    }

    static func with<Result: Sendable>(
        host: String = "127.0.0.1",
        _ handler: @escaping Handler,
        _ body: @escaping @Sendable (TestApp) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_rcvbuf), value: 256 * 1024)
            .bind(host: host, port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Peer.Wire(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(
                            backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2),
                            isOutboundHalfClosureEnabled: true
                        )
                    )
                }
            }
        let app = TestApp(machine: .random(), port: server.channel.localAddress?.port ?? 0)
        return try await server.executeThenClose { connections in
            try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await body(app) }
                group.addTask {
                    try await withThrowingDiscardingTaskGroup { tasks in
                        for try await connection in connections {
                            app.accepted.add(1, ordering: .sequentiallyConsistent)
                            app.open.add(1, ordering: .sequentiallyConsistent)
                            tasks.addTask {
                                try? await connection.executeThenClose {
                                    try await handler(Peer(connection.channel, $0, $1), app)
                                }
                                app.open.subtract(1, ordering: .sequentiallyConsistent)
                            }
                        }
                    }
                    return nil
                }
                defer { group.cancelAll() }
                while let result = try await group.next() {
                    if let result { return result }
                }
                throw CancellationError()
            }
        }
    }
}
