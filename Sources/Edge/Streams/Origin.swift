import Model
import NIOCore

/// Where a connection comes from and what it reached, as it shows itself or as a proxy before it says.
struct Origin: Sendable {
    /// Without port.
    var client: String
    var clientPort: Int
    var server: String
    /// Of the edge, or of the proxy that the client reached.
    var serverPort: Int
    /// Of the edge itself, which decides where the connection leads.
    var edgePort: Int
    /// It came in at an address of IPv6, whatever a proxy says of whom it speaks for.
    let isIPv6: Bool
    /// Nil for all that comes from outside.
    private(set) var privateEnds: PrivateEnds?

    /// As the connection shows itself.
    init(_ channel: any Channel) {
        client = channel.remoteAddress?.ipAddress ?? "unknown"
        clientPort = channel.remoteAddress?.port ?? 0
        server = channel.localAddress?.ipAddress ?? "unknown"
        serverPort = channel.localAddress?.port ?? 0
        edgePort = serverPort
        if case .v6 = channel.localAddress { isIPv6 = true } else { isIPv6 = false }
    }

    /// Of a Machine's connection to a private address, which the kernel has turned to the edge.
    init?(_ channel: any Channel, by caller: SocketAddress, reached: SocketAddress) {
        self.init(channel)
        guard let host = reached.ipAddress, let port = reached.port, let called = IPAddress(host),
            let own = caller.ipAddress, let caller = IPAddress(own)
        else { return nil }
        client = own
        (server, serverPort, edgePort) = (host, port, port)
        privateEnds = PrivateEnds(client: caller, called: called)
    }

    /// Both ends of such a connection.
    struct PrivateEnds {
        var client: IPAddress
        var called: IPAddress
    }

    /// Takes what a proxy says.
    mutating func take(_ ends: ProxyHeader.Ends) {
        (client, clientPort) = (ends.client, ends.clientPort)
        (server, serverPort) = (ends.server, ends.serverPort)
    }

    /// As an app is told; an address of IPv4 in IPv6's form counts as IPv4.
    var ends: ProxyHeader.Ends {
        ProxyHeader.Ends(
            client: IPAddress(client)?.text ?? client,
            clientPort: clientPort,
            server: IPAddress(server)?.text ?? server,
            serverPort: serverPort
        )
    }
}

/// Stands before everything else on a connection of a proxy, until that has said whom it speaks for.
///
/// From such a peer the header is a must, and from all others none is looked for: "take it if it is there" would let
/// anybody say that he is somebody else.
final class ProxyEntrance: ChannelInboundHandler, RemovableChannelHandler, EdgeClient {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// - Parameters:
    ///   - loop: where it lives.
    ///   - admit: puts what follows behind it.
    init(loop: EdgeLoop, admit: @escaping (any Channel, Origin) throws -> Void) {
        self.loop = loop
        self.admit = admit
        deadline = .now() + loop.limits.headTime.amount
    }

    // MARK: - EdgeClient

    var idleSince: NIODeadline? { nil }

    func tick(_ now: NIODeadline) { if deadline <= now { abort() } }

    func drain() { abort() }

    func abort() {
        let context = context
        leave()
        context?.close(promise: nil)
    }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        if loop.isClosing { abort() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelInactive(context: ChannelHandlerContext) { leave() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { abort() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        inbound.append(arrived: &bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch ProxyHeader.read(inbound) {
        case .incomplete: context.read()
        case .invalid: abort()
        case .header(let ends, let length):
            inbound.moveReaderIndex(forwardBy: length)
            var origin = Origin(context.channel)
            if let ends { origin.take(ends) }
            do {
                try admit(context.channel, origin)
            } catch {
                return abort()
            }
            leave()
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }

    /// What came behind the header is for those who follow.
    func removeHandler(context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken) {
        if inbound.readableBytes > 0 {
            context.fireChannelRead(Self.wrapInboundOut(inbound))
            context.fireChannelReadComplete()
        } else {
            context.read()
        }
        context.leavePipeline(removalToken: removalToken)
    }

    // MARK: - Private

    private let loop: EdgeLoop
    private let admit: (any Channel, Origin) throws -> Void
    private let deadline: NIODeadline
    private var context: ChannelHandlerContext?
    private var inbound = ByteBuffer()

    private func leave() {
        guard context != nil else { return }
        context = nil
        loop.remove(self)
    }
}
