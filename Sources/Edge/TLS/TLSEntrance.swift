import Logging
import Model
import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the TLS handler of a connection until the handshake is done, then makes way for what the client chose.
final class TLSEntrance: ChannelInboundHandler, RemovableChannelHandler, EdgeClient {
    typealias InboundIn = ByteBuffer

    /// - Parameters:
    ///   - loop: where it lives.
    ///   - admit: puts what is spoken under TLS behind it, by the protocol that was agreed on.
    init(loop: EdgeLoop, admit: @escaping (String?, TLSEntrance) throws -> Void) {
        self.loop = loop
        self.admission = admit
        deadline = .now() + .nanoseconds(loop.limits.headTime.nanoseconds)
    }

    // MARK: - EdgeClient

    /// A handshake is asked for.
    var idleSince: NIODeadline? { nil }

    func tick(_ now: NIODeadline) { if deadline <= now { abort() } }

    /// Whoever is in the middle of a handshake has a request for us.
    func drain() { deadline = min(deadline, .now() + .nanoseconds(loop.limits.farewell.nanoseconds)) }

    func abort() {
        let context = context
        leave()
        context?.close(promise: nil)
    }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        if loop.isClosing { drain() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent else { return }
        admit(negotiated, context)
    }

    /// A handshake that fails is the client's affair: port scanners do little else.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.stats.common.failedHandshakes += 1
        loop.shared.logger.debug("handshake failed", metadata: ["error": "\(error)"])
        abort()
    }

    // MARK: - Private

    private let loop: EdgeLoop
    private let admission: (String?, TLSEntrance) throws -> Void
    private let began = NIODeadline.now()
    private var deadline: NIODeadline
    private var context: ChannelHandlerContext?

    /// In one turn of the loop, as the first request may follow the handshake in the same packet.
    private func admit(_ negotiated: String?, _ context: ChannelHandlerContext) {
        do {
            let channel = context.channel
            let pipeline = context.pipeline.syncOperations
            loop.stats.common.handshakes += 1
            loop.stats.common.handshakeTimes.add((NIODeadline.now() - began).inSeconds)
            try admission(negotiated, self)
            leave()
            pipeline.removeHandler(context: context, promise: nil)
            channel.read()
        } catch {
            abort()
        }
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        loop.remove(self)
    }
}
