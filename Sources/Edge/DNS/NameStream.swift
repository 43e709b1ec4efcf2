import Model
import NIOCore

/// Questions by TCP, each behind its length.
///
/// > Source: RFC 1035, section 4.2.2; RFC 7766.
final class NameStream: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let desk: NameDesk
    private var source: [UInt8]?
    private var gathered = ByteBuffer()
    private var end: Scheduled<Void>?
    /// Questions that wait for their answers.
    private var open = 0

    private static let idle = TimeAmount.seconds(10)
    /// One connection has no more questions under way than that.
    private static let together = 32

    init(_ desk: NameDesk) { self.desk = desk }

    func channelActive(context: ChannelHandlerContext) {
        let source = context.remoteAddress?.hostBytes ?? []
        guard desk.enter(source) else {
            context.close(promise: nil)
            return
        }
        self.source = source
        wait(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end?.cancel()
        if let source { desk.leave(source) }
        source = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        gathered.writeBuffer(&bytes)
        while let length = gathered.getInteger(at: gathered.readerIndex, as: UInt16.self),
            let question = gathered.getBytes(at: gathered.readerIndex + 2, length: Int(length))
        {
            gathered.moveReaderIndex(forwardBy: Int(length) + 2)
            guard open < Self.together, let source else {
                context.close(promise: nil)
                return
            }
            open += 1
            wait(context)
            desk.ask(question, from: source, limit: Int(UInt16.max)) { [self] answer in
                open -= 1
                guard context.channel.isActive else { return }
                var buffer = context.channel.allocator.buffer(capacity: answer.count + 2)
                buffer.writeInteger(UInt16(clamping: answer.count))
                buffer.writeBytes(answer)
                context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            }
        }
        gathered.discardReadBytes()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: - Private

    private func wait(_ context: ChannelHandlerContext) {
        end?.cancel()
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: Self.idle) { channel.close(promise: nil) }
    }
}
