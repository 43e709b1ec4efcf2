import Model
import NIOCore
import NIOPosix

/// The connections of one event loop to Machines.
final class UpstreamPool {
    /// Whom a connection leads to; with the Machine, because another one may get the same address later.
    struct Key: Hashable, Sendable {
        let machine: Machine.ID
        let address: Machine.Address
        let port: Int

        init(_ target: Route.Target) {
            machine = target.machine
            address = target.address
            port = target.port
        }
    }

    init(eventLoop: any EventLoop, limits: EdgeServer.Limits) {
        self.eventLoop = eventLoop
        self.limits = limits
    }

    /// The connection that was used last, which is the least likely to be stale.
    func take(_ key: Key) -> UpstreamConnection? {
        while let connection = idle[key]?.popLast() {
            if connection.isUsable { return connection }
            connection.close()
        }
        return nil
    }

    func put(_ connection: UpstreamConnection) {
        guard !closing, idle[connection.key, default: []].count < limits.idlePerMachine else {
            connection.close()
            return
        }
        idle[connection.key, default: []].append(connection)
    }

    func remove(_ connection: UpstreamConnection) {
        idle[connection.key]?.removeAll { $0 === connection }
    }

    /// Opens a new one for HTTP.
    func connect(_ key: Key, _ done: @escaping (Result<UpstreamConnection, any Error>) -> Void) {
        let make: (any Channel) -> UpstreamConnection = { [self] _ in UpstreamConnection(key: key, pool: self) }
        dial(key, make) { result in
            if case .success(let connection) = result { connection.readOn() }
            done(result)
        }
    }

    /// Opens a stream for HTTP/2, on a connection that there is or a new one.
    func connectStream(_ key: Key, _ done: @escaping (Result<UpstreamConnection, any Error>) -> Void) {
        let upstream = UpstreamConnection(key: key, pool: self, isStream: true)
        let open: (Trunk) -> Void = { trunk in
            trunk.open(upstream) { result in
                if case .success(let connection) = result { connection.readOn() }
                done(result)
            }
        }
        trunks[key]?.removeAll(where: \.isLeaving)
        if let trunk = trunks[key]?.first(where: \.takesStreams) { return open(trunk) }
        let make: (any Channel) -> Trunk = { Trunk($0) }
        dial(key, make) { [self] result in
            switch result {
            case .success(let trunk):
                if !closing { trunks[key, default: []].append(trunk) }
                open(trunk)
            case .failure(let error): done(.failure(error))
            }
        }
    }

    /// Opens a connection: over the address family that worked last, and if that is refused, over the other.
    ///
    /// - Parameters:
    ///   - key: where to.
    ///   - make: what is put on it, before anything is read.
    ///   - done: told what was made once it is open, never in this turn of the loop.
    func dial<Handler: ChannelHandler>(
        _ key: Key,
        _ make: @escaping (any Channel) -> Handler,
        _ done: @escaping (Result<Handler, any Error>) -> Void
    ) {
        let first = families[key] ?? .ipv4
        dial(key, first, make) { [self] result in
            if case .failure(let error) = result, !Self.isTimeout(error) {
                dial(key, first.other, make, done)
            } else {
                done(result)
            }
        }
    }

    /// Closes what has been idle for too long.
    func sweep(_ now: NIODeadline) {
        let oldest = now - .nanoseconds(limits.upstreamIdle.nanoseconds)
        for (key, connections) in idle {
            let stale = connections.filter { $0.idleSince < oldest }
            guard !stale.isEmpty else { continue }
            idle[key] = connections.filter { $0.idleSince >= oldest }
            if idle[key]?.isEmpty == true { idle[key] = nil }
            for connection in stale { connection.close() }
        }
        for (key, all) in trunks {
            for trunk in all where trunk.streams == 0 && trunk.idleSince < oldest { trunk.leave() }
            let left = all.filter { !$0.isLeaving }
            trunks[key] = left.isEmpty ? nil : left
        }
    }

    /// Closes idle connections to a Machine that takes nothing new, and forgets what was learnt about it.
    func forget(_ key: Key) {
        families[key] = nil
        for trunk in trunks.removeValue(forKey: key) ?? [] { trunk.leave() }
        guard let connections = idle.removeValue(forKey: key) else { return }
        for connection in connections { connection.close() }
    }

    func close() {
        closing = true
        let all = idle.values.flatMap(\.self)
        idle = [:]
        for connection in all { connection.close() }
        for trunk in trunks.values.flatMap(\.self) { trunk.close() }
        trunks = [:]
    }

    // MARK: - Private

    private enum Family {
        case ipv4
        case ipv6

        var other: Family { self == .ipv4 ? .ipv6 : .ipv4 }
    }

    private let eventLoop: any EventLoop
    private let limits: EdgeServer.Limits
    private var idle: [Key: [UpstreamConnection]] = [:]
    /// Connections that speak HTTP/2.
    private var trunks: [Key: [Trunk]] = [:]
    private var families: [Key: Family] = [:]
    private var closing = false

    private func dial<Handler: ChannelHandler>(
        _ key: Key,
        _ family: Family,
        _ make: @escaping (any Channel) -> Handler,
        _ done: @escaping (Result<Handler, any Error>) -> Void
    ) {
        let address: SocketAddress
        do {
            let text = family == .ipv4 ? key.address.ipv4 : key.address.ipv6
            address = try SocketAddress(ipAddress: text, port: key.port)
        } catch {
            // Not in this turn of the loop: the caller is in the middle of something.
            eventLoop.assumeIsolated().execute { done(.failure(error)) }
            return
        }
        ClientBootstrap(group: eventLoop)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.socketOption(.so_rcvbuf), value: Self.receiveBuffer)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connectTimeout(.nanoseconds(limits.connect.nanoseconds))
            .connect(to: address)
            .assumeIsolated()
            .flatMapThrowing { [self] channel in
                let handler = make(channel)
                try channel.pipeline.syncOperations.addHandler(handler)
                families[key] = family
                return handler
            }
            .whenComplete(done)
    }

    /// NIO reads all that the kernel holds once the other end has closed, however slow the client is; so the kernel
    /// must not hold megabytes.
    private static let receiveBuffer: SocketOptionValue = 256 * 1024

    private static func isTimeout(_ error: any Error) -> Bool {
        if case ChannelError.connectTimeout? = error as? ChannelError { true } else { false }
    }
}

extension Duration {
    /// Whole nanoseconds, for NIO.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
