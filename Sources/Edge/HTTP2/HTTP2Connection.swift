import Logging
import NIOCore
import NIOHTTP2

/// A client's connection that speaks HTTP/2: keeps its time, and lets it go in order.
///
/// Its streams are connections of their own to the event loop.
final class HTTP2Connection: ChannelInboundHandler, EdgeClient {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    init(loop: EdgeLoop) { self.loop = loop }

    /// Puts HTTP/2 behind the TLS handler.
    static func install(in channel: any Channel, _ loop: EdgeLoop, _ origin: Origin) throws {
        let bound = NIOLoopBound(loop, eventLoop: loop.eventLoop)
        let connection = HTTP2Connection(loop: loop)
        let pipeline = channel.pipeline.syncOperations
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server,
            connectionConfiguration: Self.connection(loop.limits),
            streamConfiguration: stream,
            streamDelegate: StreamCount(connection: NIOLoopBound(connection, eventLoop: loop.eventLoop))
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                let loop = bound.value
                // Bytes of a body are taken when the app takes them.
                try channel.syncOptions?.setOption(.autoRead, value: false)
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(StreamBridge())
                try pipeline.addHandler(ClientConnection(loop: loop, origin: origin, secure: true, version: "2"))
            }
        }
        try pipeline.addHandler(connection)
        // Control frames are always read; what streams may send is bounded by their windows.
        try channel.syncOptions?.setOption(.autoRead, value: true)
    }

    // MARK: - EdgeClient

    var idleSince: NIODeadline? { streams == 0 && !isLeaving ? quietSince : nil }

    func tick(_ now: NIODeadline) {
        if isLeaving {
            // The second GOAWAY: what was under way when the client got the first one has arrived by now.
            if !hasLeft { say(lastStream) }
            hasLeft = true
            if streams == 0 { abort() }
        } else if streams == 0, now - quietSince > loop.limits.clientIdle.amount {
            drain()
        }
    }

    func drain() {
        guard !isLeaving else { return }
        isLeaving = true
        say(.maxID)
    }

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

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The client sends no more: nothing more will be asked.
        if case ChannelEvent.inputClosed = event { abort() }
        context.fireUserInboundEventTriggered(event)
    }

    /// A client that breaks the rules, or floods us with what costs it nothing.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Of one stream alone, whose end the library sees to.
        if error is NIOHTTP2Errors.StreamError { return }
        loop.shared.logger.debug("http/2 connection ended", metadata: ["error": "\(error)"])
        abort()
    }

    // MARK: - Private

    /// Told of streams by the multiplexer, on the event loop.
    private struct StreamCount: NIOHTTP2StreamDelegate {
        let connection: NIOLoopBound<HTTP2Connection>

        func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
            connection.value.streams += 1
            connection.value.lastStream = max(connection.value.lastStream, id)
        }

        func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
            connection.value.streams -= 1
            connection.value.quietSince = connection.value.loop.time
        }
    }

    private let loop: EdgeLoop
    private var context: ChannelHandlerContext?
    private var streams = 0
    private var lastStream = HTTP2StreamID.rootStream
    private var quietSince = NIODeadline.now()
    private var isLeaving = false
    private var hasLeft = false

    private func say(_ last: HTTP2StreamID) {
        guard let context else { return }
        let payload = HTTP2Frame.FramePayload.goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil)
        context.writeAndFlush(Self.wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: payload)), promise: nil)
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        loop.remove(self)
    }

    /// Every flood has its bound here, written down so that no library's new version moves it.
    ///
    /// > Source: CVE-2023-44487 (rapid reset), CVE-2024-24549 and its like (CONTINUATION), CVE-2019-9511 to 9518.
    private static func connection(_ limits: EdgeServer.Limits) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 100),
            HTTP2Setting(parameter: .maxHeaderListSize, value: min(limits.headBytes, 64 * 1024)),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
        ]
        configuration.maximumSequentialEmptyDataFrames = 5
        configuration.maximumBufferedControlFrames = 1000
        configuration.maximumSequentialContinuationFrames = 8
        configuration.maximumRecentlyResetStreams = 100
        configuration.maximumConnectionGlitches = 100
        configuration.targetWindowSize = 1 << 20
        configuration.controlFrameRateLimit.maximumCount = 200
        configuration.controlFrameRateLimit.windowLength = .seconds(10)
        return configuration
    }

    private static let streamWindow = 128 * 1024

    private static var stream: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = streamWindow
        configuration.outboundBufferSizeHighWatermark = 64 * 1024
        configuration.outboundBufferSizeLowWatermark = 32 * 1024
        configuration.streamResetFrameRateLimit.maximumCount = 200
        configuration.streamResetFrameRateLimit.windowLength = .seconds(10)
        configuration.streamErrorRateLimit.maximumCount = 200
        configuration.streamErrorRateLimit.windowLength = .seconds(10)
        return configuration
    }
}
