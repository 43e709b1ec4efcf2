import NIOCore
import NIOTLS

/// Stands where TLS is to begin, behind what finds the name in the client's first message, until that is known.
final class NameEntrance: ChannelInboundHandler, RemovableChannelHandler, EdgeClient {
    typealias InboundIn = ByteBuffer

    /// Puts itself, and what finds the name, at the end of a pipeline.
    ///
    /// - Parameters:
    ///   - channel: whose pipeline it is.
    ///   - loop: where it lives.
    ///   - admit: puts TLS and what follows it in place for a name; nil is no name.
    /// - Throws: what the pipeline says of a channel that is closed already.
    static func install(in channel: any Channel, _ loop: EdgeLoop, admit: @escaping (String?) throws -> Void) throws {
        let entrance = NameEntrance(loop: loop)
        let pipeline = channel.pipeline.syncOperations
        let finder = SNIHandler { result in
            let name: String? = if case .hostname(let name) = result { name } else { nil }
            do {
                try admit(name)
                if let context = entrance.context { pipeline.removeHandler(context: context, promise: nil) }
                return channel.eventLoop.makeSucceededVoidFuture()
            } catch {
                entrance.abort()
                return channel.eventLoop.makeFailedFuture(error)
            }
        }
        try pipeline.addHandler(ByteToMessageHandler(finder))
        try pipeline.addHandler(entrance)
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
        if loop.isClosing { return abort() }
        if context.channel.isActive { context.read() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
        context.fireChannelActive()
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.read() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { abort() }

    // MARK: - Private

    private init(loop: EdgeLoop) {
        self.loop = loop
        deadline = .now() + loop.limits.headTime.amount
    }

    private let loop: EdgeLoop
    private let deadline: NIODeadline
    private var context: ChannelHandlerContext?

    private func leave() {
        guard context != nil else { return }
        context = nil
        loop.remove(self)
    }
}
