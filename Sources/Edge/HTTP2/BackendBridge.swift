import NIOCore
import NIOHTTP2

/// Stands between an ``UpstreamConnection``, which takes a stream for a connection of one request, and the stream to an
/// app that speaks HTTP/2.
final class BackendBridge: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        request.add(Self.unwrapOutboundIn(data))
        var tail: EventLoopFuture<Void>?
        do {
            while let piece = try request.next() {
                let sent = context.eventLoop.makePromise(of: Void.self)
                context.write(Self.wrapOutboundOut(piece.payload), promise: sent)
                tail = sent.futureResult
            }
        } catch {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return context.close(promise: nil)
        }
        guard let promise else { return }
        if let tail { tail.cascade(to: promise) } else { promise.succeed() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = context.channel.allocator.buffer(capacity: 512)
        do {
            var answer = self.answer ?? BackendAnswer(isHead: request.isHead)
            switch Self.unwrapInboundIn(data) {
            case .headers(let headers): try answer.write(headers.headers, ends: headers.endStream, to: &buffer)
            case .data(let data):
                guard case .byteBuffer(let bytes) = data.data else { return }
                try answer.write(bytes, ends: data.endStream, to: &buffer)
            default: return
            }
            self.answer = answer
        } catch {
            return context.close(promise: nil)
        }
        if buffer.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(buffer)) }
    }

    /// A stream has no half to close: its end goes with the last frame.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all else {
            promise?.succeed()
            return
        }
        context.close(mode: mode, promise: promise)
    }

    // MARK: - Private

    private var request = BackendRequest()
    private var answer: BackendAnswer?
}

/// A connection to an app that speaks HTTP/2, with prior knowledge; each request is a stream of it.
///
/// > Source: RFC 9113, section 3.3.
final class Trunk: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    /// Nil where the pipeline could not be made.
    private var multiplexer: NIOHTTP2Handler.StreamMultiplexer?
    private var channel: (any Channel)?
    private(set) var streams = 0
    /// The app takes no further streams, or nobody wants any.
    private(set) var isLeaving = false
    private(set) var idleSince = NIODeadline.now()

    /// As many as servers allow by default; beyond that the next connection is opened.
    private static let most = 90

    /// Puts HTTP/2 on a connection that has just been opened.
    init(_ channel: any Channel) {
        self.channel = channel
        let pipeline = channel.pipeline.syncOperations
        try? pipeline.addHandler(HeaderBlockCount())
        multiplexer = try? pipeline.configureHTTP2Pipeline(
            mode: .client,
            connectionConfiguration: Self.connection,
            streamConfiguration: Self.stream,
            inboundStreamInitializer: { $0.close() }
        )
        // What streams may send is bounded by their windows, and their header blocks are counted.
        try? channel.syncOptions?.setOption(.autoRead, value: true)
    }

    var takesStreams: Bool { !isLeaving && channel != nil && multiplexer != nil && streams < Self.most }

    /// Opens a stream for one request.
    func open(_ upstream: UpstreamConnection, _ done: @escaping (Result<UpstreamConnection, any Error>) -> Void) {
        guard let channel, let multiplexer else { return done(.failure(ChannelError.ioOnClosedChannel)) }
        let bound = NIOLoopBound(upstream, eventLoop: channel.eventLoop)
        streams += 1
        multiplexer.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.syncOptions?.setOption(.autoRead, value: false)
                try stream.pipeline.syncOperations.addHandler(BackendBridge())
                try stream.pipeline.syncOperations.addHandler(bound.value)
            }
        }.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let stream):
                stream.closeFuture.assumeIsolated().whenComplete { [self] _ in left() }
                done(.success(upstream))
            case .failure(let error):
                left()
                leave()
                done(.failure(error))
            }
        }
    }

    /// No further streams; closes when the last has ended.
    func leave() {
        isLeaving = true
        if streams == 0 { channel?.close(promise: nil) }
    }

    func close() {
        isLeaving = true
        channel?.close(promise: nil)
    }

    // MARK: - Events of the channel

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway = Self.unwrapInboundIn(data).payload { leave() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isLeaving = true
        channel = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOHTTP2Errors.StreamError { return }
        close()
    }

    // MARK: - Private

    private func left() {
        streams -= 1
        idleSince = .now()
        if isLeaving, streams == 0 { channel?.close(promise: nil) }
    }

    private static var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 0),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 64 * 1024),
            HTTP2Setting(parameter: .initialWindowSize, value: 128 * 1024),
        ]
        configuration.targetWindowSize = 1 << 20
        configuration.maximumSequentialEmptyDataFrames = 5
        configuration.maximumSequentialContinuationFrames = 8
        configuration.maximumBufferedControlFrames = 10_000
        // What is under way for streams that clients have left is no fault of the app's: many streams may end at once.
        configuration.maximumRecentlyResetStreams = 4096
        configuration.maximumConnectionGlitches = 4096
        // gRPC's servers measure the way by pings while bytes flow.
        configuration.controlFrameRateLimit.maximumCount = 10_000
        configuration.controlFrameRateLimit.windowLength = .seconds(10)
        return configuration
    }

    /// All clients share a connection: the limits are those of a broken app, not of what one client can have it do.
    private static var stream: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.streamResetFrameRateLimit.maximumCount = 20_000
        configuration.streamResetFrameRateLimit.windowLength = .seconds(10)
        configuration.streamErrorRateLimit.maximumCount = 20_000
        configuration.streamErrorRateLimit.windowLength = .seconds(10)
        return configuration
    }
}
