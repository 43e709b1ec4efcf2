import Logging
import Model
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The listening sockets: one for each address and event loop, so that a connection stays on the loop that accepts it.
final class Listener: Sendable {
    init(configuration: EdgeServer.Configuration, loops: [NIOLoopBound<EdgeLoop>], logger: Logger) {
        self.configuration = configuration
        self.loops = loops
        self.logger = logger
    }

    /// Returns the ports, in the order of the configured addresses.
    func start() async throws -> [Int] {
        var ports: [Int] = []
        for address in configuration.listen {
            var port = address.port
            for loop in loops {
                do {
                    let channel = try await bind(address.host, port, on: loop)
                    channels.withLock { $0.append(channel) }
                    port = channel.localAddress?.port ?? port
                } catch let error as IOError where error.errnoCode == EAFNOSUPPORT {
                    logger.warning("address family unsupported", metadata: ["address": "\(address.host)"])
                } catch {
                    await stop()
                    throw Fault(
                        .io,
                        "cannot listen on \(address.host) port \(port): \(error)",
                        hint: "another program may use the port; ports below 1024 need root"
                    )
                }
            }
            ports.append(port)
        }
        return ports
    }

    /// Accepts no more.
    func stop() async {
        let all = channels.withLock { channels in
            defer { channels = [] }
            return channels
        }
        for channel in all { try? await channel.close() }
    }

    // MARK: - Private

    private let configuration: EdgeServer.Configuration
    private let loops: [NIOLoopBound<EdgeLoop>]
    private let logger: Logger
    private let channels = Mutex<[any Channel]>([])

    private func bind(_ host: String, _ port: Int, on loop: NIOLoopBound<EdgeLoop>) async throws -> any Channel {
        let address = try SocketAddress(ipAddress: host, port: port)
        let share = max(1, configuration.limits.connections / loops.count)
        var bootstrap = ServerBootstrap(group: loop.eventLoop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let gate = AcceptGate(loop: loop.value, maximum: share)
                    loop.value.add(gate)
                    try channel.pipeline.syncOperations.addHandler(gate)
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientConnection(loop: loop.value))
                }
            }
        for (option, value) in Self.keepAlive {
            bootstrap = bootstrap.childChannelOption(.tcpOption(option), value: value)
        }
        if case .v6 = address {
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only),
                value: 1
            )
        }
        return try await bootstrap.bind(to: address).get()
    }

    /// A client that vanished is noticed after two minutes rather than Linux's two hours: until then its WebSocket
    /// keeps a Machine awake.
    private static var keepAlive: [(NIOBSDSocket.Option, SocketOptionValue)] {
        #if os(Linux)
        [(.init(rawValue: TCP_KEEPIDLE), 60), (.init(rawValue: TCP_KEEPINTVL), 15), (.init(rawValue: TCP_KEEPCNT), 4)]
        #else
        []
        #endif
    }
}
