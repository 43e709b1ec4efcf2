import NIOCore
import NIOHPACK
import NIOHTTP2

/// Stands between a stream and a ``ClientConnection``, which takes the stream for a connection with one request.
///
/// Flow control is the stream's: it reads when the driver does, and is writable while the client's window lets it.
final class StreamBridge: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    // MARK: - From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            switch Self.unwrapInboundIn(data) {
            case .headers(let headers): try read(headers, context)
            case .data(let data): try read(data, context)
            default: break
            }
        } catch let malformed as Malformed {
            refuse(malformed, context)
        } catch {
            context.close(promise: nil)
        }
    }

    // MARK: - From the driver

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        answer?.add(Self.unwrapOutboundIn(data))
        do {
            while let piece = try answer?.next() { send(piece.payload, context) }
        } catch {
            // The driver never writes what is no HTTP; an app that makes it do so is cut off.
            promise?.fail(ChannelError.ioOnClosedChannel)
            return context.close(promise: nil)
        }
        guard let promise else { return }
        if let tail { tail.cascade(to: promise) } else { promise.succeed() }
    }

    /// A stream has no half to close: its end is said with the last frame, which a WebSocket does not have.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if answer?.isOpen ?? false, !hasEnded {
            hasEnded = true
            send(AnswerTranslation.Piece.end(nil).payload, context)
            context.flush()
        }
        guard mode == .all else {
            promise?.succeed()
            return
        }
        context.close(mode: mode, promise: promise)
    }

    // MARK: - Private

    private var request: RequestTranslation?
    private var answer: AnswerTranslation?
    private var isChunked = false
    /// The end of a WebSocket has been said.
    private var hasEnded = false
    /// When the last frame that was written is on its way.
    private var tail: EventLoopFuture<Void>?

    private func read(_ headers: HTTP2Frame.FramePayload.Headers, _ context: ChannelHandlerContext) throws {
        var buffer = context.channel.allocator.buffer(capacity: 512)
        if request == nil {
            let translation = try RequestTranslation(headers.headers, ends: headers.endStream)
            request = translation
            isChunked = translation.isChunked
            answer = AnswerTranslation(isHead: translation.isHead, isTunnel: translation.isTunnel)
            translation.write(headers.headers, to: &buffer)
        } else if headers.endStream, isChunked {
            try RequestTranslation.writeEnd(headers.headers, to: &buffer)
        }
        if buffer.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(buffer)) }
    }

    private func read(_ data: HTTP2Frame.FramePayload.Data, _ context: ChannelHandlerContext) throws {
        guard case .byteBuffer(let bytes) = data.data, request != nil else { return }
        guard isChunked else {
            if bytes.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(bytes)) }
            // The client's half of a WebSocket; of any other request the length says where it ends.
            if data.endStream, request?.isTunnel ?? false {
                context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
            return
        }
        var buffer = context.channel.allocator.buffer(capacity: bytes.readableBytes + 32)
        if bytes.readableBytes > 0 {
            buffer.writeChunkSize(bytes.readableBytes)
            buffer.writeImmutableBuffer(bytes)
            buffer.writeStaticString("\r\n")
        }
        if data.endStream { try RequestTranslation.writeEnd(nil, to: &buffer) }
        if buffer.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(buffer)) }
    }

    private func send(_ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
        let promise = context.eventLoop.makePromise(of: Void.self)
        tail = promise.futureResult
        context.write(Self.wrapOutboundOut(payload), promise: promise)
    }

    /// Answers what is no request; the driver has not heard of it, or hears no more.
    private func refuse(_ malformed: Malformed, _ context: ChannelHandlerContext) {
        guard request == nil else { return context.close(promise: nil) }
        let headers = HPACKHeaders([
            (":status", "\(malformed.status)"), ("server", "Roost"), ("content-length", "0"),
        ])
        let payload = HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: true))
        context.writeAndFlush(Self.wrapOutboundOut(payload)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}

extension AnswerTranslation.Piece {
    /// The frame for it.
    var payload: HTTP2Frame.FramePayload {
        switch self {
        case .head(let headers, let ends): .headers(.init(headers: headers, endStream: ends))
        case .data(let bytes): .data(.init(data: .byteBuffer(bytes)))
        case .end(nil): .data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))
        case .end(let trailers?): .headers(.init(headers: trailers, endStream: true))
        }
    }
}
