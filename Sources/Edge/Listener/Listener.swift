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
    init(shared: EdgeShared, loops: [NIOLoopBound<EdgeLoop>]) {
        self.shared = shared
        self.loops = loops
    }

    /// Returns the ports, in the order of the configured addresses, those with TLS last.
    func start() async throws -> [Int] {
        var ports: [Int] = []
        for address in configuration.listen { ports += try await start(address, nil) }
        if !configuration.listenTLS.isEmpty {
            let settings = try shared.tls.settings(for: nil)
            for address in configuration.listenTLS {
                let own = try await start(address, settings)
                if shared.securePort == nil { shared.securePort = own.first }
                ports += own
            }
        }
        shared.ownPorts = Set(ports)
        doors.withLock { $0.isStarted = true }
        if let index = shared.inForce { await follow(index.openPorts) }
        return ports
    }

    /// Accepts no more.
    func stop() async {
        let all = channels.withLock { channels in
            defer { channels = [] }
            return channels
        }
        let opened = doors.withLock { doors in
            defer { doors = Doors(isClosed: true) }
            return doors.open.values.flatMap(\.self)
        }
        for channel in all + opened { try? await channel.close() }
    }

    /// Opens the ports that routes want, and closes those that none wants any more.
    ///
    /// A port that can't be had is told once, and tried again when the routes change.
    func follow(_ wanted: Set<Int>) async {
        let (gone, new) = doors.withLock { doors -> ([any Channel], Set<Int>) in
            guard doors.isStarted, !doors.isClosed else { return ([], []) }
            let gone = doors.open.filter { !wanted.contains($0.key) }
            for port in gone.keys { doors.open[port] = nil }
            return (gone.values.flatMap(\.self), wanted.subtracting(doors.open.keys).subtracting(shared.ownPorts))
        }
        for channel in gone { try? await channel.close() }
        for port in new.sorted() { await open(port) }
    }

    /// Accepts what Machines send to private addresses, on a socket for each event loop.
    ///
    /// - Returns: what is to be closed when no more is to come.
    func openPrivate(_ socket: () throws -> Int32) async throws -> [any Channel] {
        var channels: [any Channel] = []
        do {
            for loop in loops {
                let bootstrap = bootstrap(on: loop) { channel in
                    TurnedConnection.reached(channel).flatMapThrowing { reached in
                        guard let caller = channel.remoteAddress else { throw Reception.NothingOpen() }
                        try Reception(loop: loop.value, tls: nil).take(channel, by: caller, reached: reached)
                    }
                }
                channels.append(try await bootstrap.withBoundSocket(try socket()).get())
            }
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        return channels
    }

    // MARK: - Private

    private let shared: EdgeShared
    private let loops: [NIOLoopBound<EdgeLoop>]
    private var configuration: EdgeServer.Configuration { shared.configuration }
    private var logger: Logger { shared.logger }
    private let channels = Mutex<[any Channel]>([])
    private let doors = Mutex(Doors())

    /// The sockets of ports that routes want.
    private struct Doors {
        var open: [Int: [any Channel]] = [:]
        /// Told already that they can't be had.
        var refused: Set<Int> = []
        var isStarted = false
        var isClosed = false
    }

    private func open(_ port: Int) async {
        var channels: [any Channel] = []
        do {
            for host in Set(configuration.listen.map(\.host)).sorted() {
                for loop in loops {
                    do {
                        channels.append(try await bind(host, port, bootstrap(on: loop, nil)))
                    } catch let error as IOError where error.errnoCode == EAFNOSUPPORT {
                        continue
                    }
                }
            }
        } catch {
            for channel in channels { try? await channel.close() }
            let isNew = doors.withLock { $0.refused.insert(port).inserted }
            guard isNew else { return }
            logger.error("an app's port can't be opened", metadata: ["port": "\(port)", "error": "\(error)"])
            return
        }
        let opened = channels
        let isLate = doors.withLock { doors in
            doors.refused.remove(port)
            if !doors.isClosed { doors.open[port] = opened }
            return doors.isClosed
        }
        if isLate { for channel in opened { try? await channel.close() } }
        logger.notice("port opened", metadata: ["port": "\(port)"])
    }

    private func start(_ address: EdgeServer.Configuration.Address, _ tls: TLSSettings?) async throws -> [Int] {
        var port = address.port
        let sockets = configuration.inherited.filter { $0.address == address }.map(\.descriptor)
        // All of them, or connections would wait for ever at the one that is left out.
        for number in 0..<max(loops.count, sockets.count) {
            let bootstrap = bootstrap(on: loops[number % loops.count], tls)
            do {
                let channel: any Channel
                if sockets.isEmpty {
                    channel = try await bind(address.host, port, bootstrap)
                } else {
                    channel = try await take(sockets, number, bootstrap)
                }
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
        return [port]
    }

    private func bind(_ host: String, _ port: Int, _ plain: ServerBootstrap) async throws -> any Channel {
        let address = try SocketAddress(ipAddress: host, port: port)
        var bootstrap =
            plain
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
        if case .v6 = address {
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only),
                value: 1
            )
        }
        return try await bootstrap.bind(to: address).get()
    }

    /// Accepts on a socket that listens already.
    private func take(_ sockets: [Int32], _ number: Int, _ bootstrap: ServerBootstrap) async throws -> any Channel {
        let own = number < sockets.count ? sockets[number] : fcntl(sockets[number % sockets.count], F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { throw IOError(errnoCode: errno, reason: "dup") }
        return try await bootstrap.withBoundSocket(own).get()
    }

    private func bootstrap(on loop: NIOLoopBound<EdgeLoop>, _ tls: TLSSettings?) -> ServerBootstrap {
        bootstrap(on: loop) { channel in
            channel.eventLoop.makeCompletedFuture { try Reception(loop: loop.value, tls: tls).take(channel) }
        }
    }

    private func bootstrap(
        on loop: NIOLoopBound<EdgeLoop>,
        _ take: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> ServerBootstrap {
        let share = max(1, configuration.limits.connections / loops.count)
        var bootstrap = ServerBootstrap(group: loop.eventLoop)
            .serverChannelOption(.backlog, value: 1024)
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
            .childChannelInitializer(take)
        for (option, value) in Self.keepAlive {
            bootstrap = bootstrap.childChannelOption(.tcpOption(option), value: value)
        }
        return bootstrap
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
