import Model
import NIOCore
import NIOPosix
import Toolkit

/// An address of the edge's own, for those who watch it: `/metrics` and `/health`.
struct MetricsListener: Sendable {
    let shared: EdgeShared
    let loops: [NIOLoopBound<EdgeLoop>]

    /// Listens until the channel that is returned is closed.
    func start(_ address: EdgeServer.Configuration.Address) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: loops[0].eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(MetricsConnection(listener: self))
                }
            }
        do {
            return try await bootstrap.bind(host: address.host, port: address.port).get()
        } catch {
            throw Fault(.io, "cannot listen on \(address.host) port \(address.port) for metrics: \(error)")
        }
    }

    /// Ready for traffic: it has routes.
    var isReady: Bool { shared.inForce != nil }
}

/// One question, one answer.
private final class MetricsConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    init(listener: MetricsListener) { self.listener = listener }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        // Whoever asks has it in one packet; whoever does not, holds nothing up.
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        guard !isAnswered else { return }
        inbound.writeBuffer(&bytes)
        guard let length = finder.find(in: inbound) else {
            if inbound.readableBytes > Self.longest { context.close(promise: nil) }
            return
        }
        isAnswered = true
        let bounds = RequestHead.Bounds(target: 1024, fields: 100)
        guard let head = try? RequestHead(inbound.readBytes(length: length) ?? [], bounds: bounds) else {
            return send(Page(400), isHead: false, context)
        }
        let isHead = head.method == "HEAD"
        guard isHead || head.method == "GET" else { return send(Page(405), isHead: false, context) }
        switch head.path {
        case "/metrics":
            let region = listener.shared.configuration.region
            EdgeFigures(shared: listener.shared, loops: listener.loops).gather(on: context.eventLoop).assumeIsolated()
                .whenSuccess { [self] counts in
                    var page = Exposition()
                    counts.write(to: &page, from: [("region", region)])
                    send(Page(200, text: page.text), isHead: isHead, context)
                }
        case "/health": send(listener.isReady ? Page(200, text: "ok\n") : Page(503), isHead: isHead, context)
        default: send(Page(404), isHead: isHead, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: - Private

    private static let longest = 16 * 1024

    private let listener: MetricsListener
    private var inbound = ByteBuffer()
    private var finder = HeadFinder()
    private var isAnswered = false

    private func send(_ page: Page, isHead: Bool, _ context: ChannelHandlerContext) {
        var buffer = ByteBuffer()
        page.write(to: &buffer, isHead: isHead, connection: "close", requestID: nil)
        let channel = context.channel
        context.writeAndFlush(Self.wrapOutboundOut(buffer)).assumeIsolated().whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
