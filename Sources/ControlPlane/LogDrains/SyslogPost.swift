import Glibc
import Model
import NIOCore
import NIOPosix
import NIOSSL
import Toolkit

/// Sends bytes over a connection of their own, and waits until the receiver has read them.
///
/// Syslog has no answers. A receiver that has read all closes its side once ours is closed; one that died before it has read
/// all leaves a reset connection. So what is sent is known to have been read, which a connection that stays open can't tell.
struct SyslogPost: Sendable {
    private let host: String
    private let port: Int
    private let isTLS: Bool
    private let authority: String?
    /// To connect, to write and to see the end.
    private let patience: Duration

    /// - Throws: ``Fault`` `invalidConfig` for an address that is none.
    init(_ drain: LogDrain, patience: Duration = .seconds(20)) throws {
        self.patience = patience
        (isTLS, host, port) = try Self.address(drain.url)
        authority = drain.authorityFile
    }

    /// `tcp://host:514`, `tls://host:6514`.
    static func address(_ url: String) throws(Fault) -> (isTLS: Bool, host: String, port: Int) {
        let isTLS = url.hasPrefix("tls://")
        guard isTLS || url.hasPrefix("tcp://") else {
            throw Fault(.invalidConfig, "expected tcp://host:port or tls://host:port")
        }
        let place = url.dropFirst(6)
        guard let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...]),
            (1...65_535).contains(port), colon > place.startIndex
        else { throw Fault(.invalidConfig, "expected tcp://host:port or tls://host:port") }
        return (isTLS, String(place[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }), port)
    }

    /// - Throws: when the receiver can't be reached, or has not read all.
    func send(_ text: String) async throws {
        let end = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        let channel: any Channel
        do {
            channel = try await connect(end)
        } catch {
            end.fail(error)
            throw Fault(.unreachable, "\(host):\(port) can't be reached: \(Self.words(error))")
        }
        let late = channel.eventLoop.scheduleTask(in: TimeAmount(patience)) {
            end.fail(Fault(.timedOut, "the receiver has not read all within \(GoDuration(patience).text)"))
            // One that reads nothing keeps the write from its end as well.
            channel.close(promise: nil)
        }
        defer {
            late.cancel()
            channel.close(promise: nil)
        }
        do {
            try await channel.writeAndFlush(ByteBuffer(string: text))
            try await channel.close(mode: .output)
        } catch {
            end.fail(error)
        }
        do {
            try await end.futureResult.get()
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(.unreachable, "\(host):\(port) has not taken all: \(Self.words(error))")
        }
    }

    // MARK: - Private

    private func connect(_ end: EventLoopPromise<Void>) async throws -> any Channel {
        let context = try isTLS ? NIOSSLContext(configuration: configuration()) : nil
        let name = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." } ? nil : host
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connectTimeout(.seconds(10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: name)
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(EndWatch(end))
                }
            }
            .connect(host: host, port: port).get()
    }

    /// What of an error helps: of several tries to connect the last one's.
    private static func words(_ error: any Error) -> String {
        guard let tries = error as? NIOConnectionError else { return "\(error)" }
        guard let last = tries.connectionErrors.last?.error else { return "its name leads nowhere" }
        return (last as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(last)"
    }

    private func configuration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let authority { configuration.trustRoots = .file(authority) }
        return configuration
    }
}

/// Says how a connection has ended.
private final class EndWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let end: EventLoopPromise<Void>

    init(_ end: EventLoopPromise<Void>) {
        self.end = end
    }

    /// Nothing is expected; nothing is kept.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed = event as? ChannelEvent { end.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) { end.succeed() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many receivers close a connection of TLS without a word; one that had not read all would have reset it.
        if let error = error as? NIOSSLError, case .uncleanShutdown = error { end.succeed() } else { end.fail(error) }
        context.close(promise: nil)
    }
}
