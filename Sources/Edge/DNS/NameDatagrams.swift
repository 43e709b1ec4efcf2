import NIOCore

/// Questions by UDP.
final class NameDatagrams: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let desk: NameDesk
    private var isReading = false
    private var hasWritten = false

    init(_ desk: NameDesk) { self.desk = desk }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let sender = envelope.remoteAddress
        isReading = true
        desk.ask(Array(envelope.data.readableBytesView), from: sender.hostBytes, limit: nil) { [self] answer in
            // The channel may be closed by the time that others have answered.
            guard context.channel.isActive else { return }
            let buffer = context.channel.allocator.buffer(bytes: answer)
            context.write(wrapOutboundOut(AddressedEnvelope(remoteAddress: sender, data: buffer)), promise: nil)
            if isReading { hasWritten = true } else { context.flush() }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        guard hasWritten else { return }
        hasWritten = false
        context.flush()
    }

    /// A client's host that refuses an answer is no reason to answer nobody.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
