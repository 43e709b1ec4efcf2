import Model
import NIOCore
import NIOPosix

/// One question to one server, on a socket of its own: the kernel chooses its port by chance, and hears that server alone.
struct Exchanges {
    let server: String
    let port: Int
    let patience: TimeAmount
    let loop: any EventLoop

    /// An answer came that has the number of ours, and not its name as it was written.
    struct Unlike: Error {}

    /// The answer to just this question; fails when none comes in time.
    func send(_ question: DNSQuery, isStream: Bool) -> EventLoopFuture<DNSReply> {
        let promise = loop.makePromise(of: DNSReply.self)
        let address: SocketAddress
        do {
            address = try SocketAddress(ipAddress: server, port: port)
        } catch {
            return loop.makeFailedFuture(error)
        }
        let timer = loop.scheduleTask(in: patience) {
            promise.fail(Fault(.timedOut, "\(server) does not answer"))
        }
        let channel = isStream ? stream(to: address, question, promise) : datagram(to: address, question, promise)
        channel.cascadeFailure(to: promise)
        let answer = promise.futureResult
        answer.whenComplete { _ in
            timer.cancel()
            channel.whenSuccess { $0.close(promise: nil) }
        }
        return answer
    }

    // MARK: - Private

    private func datagram(
        to address: SocketAddress,
        _ question: DNSQuery,
        _ promise: EventLoopPromise<DNSReply>
    ) -> EventLoopFuture<any Channel> {
        DatagramBootstrap(group: loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Datagram(question, promise))
            }
        }.connect(to: address)
    }

    private func stream(
        to address: SocketAddress,
        _ question: DNSQuery,
        _ promise: EventLoopPromise<DNSReply>
    ) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Stream(question, promise))
            }
        }.connect(to: address)
    }

    /// Sends the question and waits for its answer, whatever else comes.
    private final class Datagram: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>

        private let question: DNSQuery
        private let promise: EventLoopPromise<DNSReply>

        init(_ question: DNSQuery, _ promise: EventLoopPromise<DNSReply>) {
            self.question = question
            self.promise = promise
        }

        func channelActive(context: ChannelHandlerContext) {
            guard let server = context.remoteAddress else { return }
            let data = context.channel.allocator.buffer(bytes: question.bytes)
            context.writeAndFlush(wrapOutboundOut(AddressedEnvelope(remoteAddress: server, data: data)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard let reply = DNSReply(Array(unwrapInboundIn(data).data.readableBytesView)), reply.id == question.id,
                reply.type == question.type
            else { return }
            if reply.answers(question) {
                promise.succeed(reply)
            } else if reply.name.folded == question.name.folded {
                promise.fail(Unlike())
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }

        func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }
    }

    private final class Stream: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let question: DNSQuery
        private let promise: EventLoopPromise<DNSReply>
        private var gathered = ByteBuffer()

        init(_ question: DNSQuery, _ promise: EventLoopPromise<DNSReply>) {
            self.question = question
            self.promise = promise
        }

        func channelActive(context: ChannelHandlerContext) {
            let bytes = question.bytes
            var buffer = context.channel.allocator.buffer(capacity: bytes.count + 2)
            buffer.writeInteger(UInt16(bytes.count))
            buffer.writeBytes(bytes)
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            gathered.writeBuffer(&bytes)
            guard let length = gathered.getInteger(at: gathered.readerIndex, as: UInt16.self),
                let message = gathered.getBytes(at: gathered.readerIndex + 2, length: Int(length))
            else { return }
            // On a connection of ours, the case of letters proves nothing more.
            guard let reply = DNSReply(message), reply.id == question.id, reply.type == question.type,
                reply.name.folded == question.name.folded
            else { return promise.fail(Fault(.io, "an answer to another question")) }
            promise.succeed(reply)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }

        func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }
    }
}
