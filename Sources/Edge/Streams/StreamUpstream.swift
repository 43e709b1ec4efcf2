import NIOCore

/// The Machine's end of a connection that is no HTTP.
final class StreamUpstream: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    init(_ owner: StreamConnection) { self.owner = owner }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Sends what goes before the client's bytes, and begins to read.
    func begin(with pieces: [ByteBuffer?]) {
        for case let piece? in pieces where piece.readableBytes > 0 { send(piece) }
        flush()
        context?.read()
    }

    func send(_ bytes: ByteBuffer) { context?.write(NIOAny(bytes), promise: nil) }

    func flush() { context?.flush() }

    /// The client sends no more.
    func finish() { context?.close(mode: .output, promise: nil) }

    func readOn() { context?.read() }

    func close() {
        owner = nil
        context?.close(promise: nil)
    }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { owner?.answer(Self.unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard let owner else { return }
        owner.flush()
        if owner.isWritable { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { owner?.readOn() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { owner?.answerEnded() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        owner?.abort()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: - Private

    private var owner: StreamConnection?
    private var context: ChannelHandlerContext?
}
