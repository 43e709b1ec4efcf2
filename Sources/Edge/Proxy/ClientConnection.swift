import Logging
import Model
import NIOCore

/// A client's connection: plumbing around one ``Exchange`` after the other.
///
/// Bytes stay in `inbound` until somebody wants them, and nothing is read while much stays there; that is all there is
/// to pipelining and to backpressure on requests. Routing is in `ClientConnection+Routing.swift`, what comes from the
/// app in `ClientConnection+Answer.swift`.
final class ClientConnection: ChannelInboundHandler, EdgeClient, Waiter {
    typealias InboundIn = ByteBuffer

    enum Phase {
        /// Between requests, or within the head of one.
        case idle
        case exchanging(Exchange)
        /// HTTP is over, bytes pass both ways.
        case tunnel
        /// The last byte is sent or on its way; what still comes is thrown away.
        case lingering
        case closed
    }

    let loop: EdgeLoop
    let origin: Origin
    var phase = Phase.idle
    var context: ChannelHandlerContext?
    let outbox = Outbox()
    var upstream: UpstreamConnection?
    /// Counts tries to get a connection, so that one that comes too late is known as such.
    var attempt = 0
    /// The route that the present request was last sent by.
    var routed: RouteIndex.Entry?
    /// The place that the present request has at a Machine.
    var place: Place?
    /// Whom places are counted for.
    var key = ClientKey(nil)
    /// How long the app may be silent; nil is for ever.
    var patience: TimeAmount?
    /// When the present request's client, or its app, last made a step forward.
    var heardClient = NIODeadline.distantPast
    var heardApp = NIODeadline.distantPast
    /// How long the present request stays at its Machine, as far as can be told.
    var presence = Presence()
    /// Where the present request is counted as waiting, and since when.
    var holding: Holding?
    /// It waits because its client has its share of the app's places already.
    var waitsForOwn = false
    var pausing = false
    /// The app has closed its half of the tunnel.
    var appEnded = false
    /// How the client is told where the present answer's body ends.
    var answerFraming = BodyFraming.none
    var passage: Passage
    /// What the connection itself shows, before anybody is believed.
    private(set) var direct: Passage
    /// The peer is a proxy whose word counts.
    var trusted = false
    var directKey = ClientKey(nil)
    var host = ""
    /// How the present request goes on.
    var course = RequestCourse(began: .distantPast)
    /// What is counted of the present request.
    var record = RequestRecord()
    /// Where requests are counted of the app that was asked for last.
    var stats: (app: String, counts: LoopStats.OfApp)?
    /// Where the present request is to go, and where it has been.
    var journey = Journey()
    /// Makes the present answer's body smaller.
    var compressor: Compressor?
    /// The file that the present answer is.
    var transfer: StaticTransfer?
    /// Bytes of the present request that are counted as kept.
    var keptBytes = 0
    /// When patience with the present phase ends.
    var deadline = NIODeadline.distantFuture
    /// The client sends no more.
    private(set) var inputEnded = false

    /// - Parameters:
    ///   - loop: where it lives.
    ///   - origin: where the connection comes from.
    ///   - secure: the client came over TLS, which ends before this handler.
    ///   - version: of HTTP, as the client speaks it; another than ours is translated before this handler.
    init(loop: EdgeLoop, origin: Origin, secure: Bool = false, version: StaticString = "1.1") {
        self.loop = loop
        self.origin = origin
        passage = Passage(requestID: "", clientAddress: "", port: 0, region: loop.shared.configuration.region)
        passage.secure = secure
        passage.version = version
        direct = passage
    }

    var limits: EdgeServer.Limits { loop.limits }
    var logger: Logger { loop.shared.logger }
    var isHeld: Bool { holding != nil }

    func expect(within time: Duration) { deadline = .now() + .nanoseconds(time.nanoseconds) }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        direct.peerAddress = origin.client
        direct.clientAddress = origin.client
        direct.port = origin.serverPort
        passage = direct
        let address = IPAddress(origin.client)
        directKey = ClientKey(address)
        // Who comes by a private address is a Machine, whatever block that lies in.
        trusted =
            origin.privateEnds == nil
            && loop.shared.configuration.trustedProxies.contains { block in address.map(block.contains) ?? false }
        expect(within: limits.headTime)
        loop.add(self)
        if loop.isClosing { drain() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        if case .lingering = phase { return }
        switch phase {
        case .idle where !headBegun:
            headBegun = true
            idleSince = nil
            expect(within: limits.headTime)
        case .exchanging:
            heardClient = loop.latest
            resumePlace()
        default: break
        }
        inbound.append(arrived: &bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) { advance() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : .now()
        guard context.channel.isWritable else { return }
        resumePlace()
        heardApp = loop.latest
        upstream?.pump()
        pumpFile()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        inputEnded = true
        switch phase {
        case .idle: closeAfterFlush()
        // As with nginx: one who closes while we work is taken to be gone.
        case .exchanging: abort()
        case .tunnel: advance()
        case .lingering: if flushed { context.close(promise: nil) }
        case .closed: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) { gone() }

    /// Resets and the like: nothing to log, the client has gone.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { abort() }

    // MARK: - Driving on

    /// Does all that the bytes at hand and the other side allow, then reads on if there is room.
    func advance() {
        guard !advancing else { return }
        advancing = true
        while step() {}
        advancing = false
        upstream?.flush()
        if let context { outbox.flush(to: context) }
        readOn()
    }

    /// Ends what is overdue.
    func tick(_ now: NIODeadline) {
        if let stalledSince, now - stalledSince > .nanoseconds(limits.stall.nanoseconds) { return abort() }
        if place != nil {
            if let stay = presence.stay(at: now) { take(for: stay) }
            if case .exchanging(let exchange) = phase { lookAfter(exchange, at: now) }
        }
        guard deadline <= now else { return }
        switch phase {
        case .idle where headBegun: refuse(Malformed(408, "the head took too long"))
        case .exchanging where isHeld || upstream == nil:
            let waited = Duration.nanoseconds((now - journey.since).nanoseconds)
            respond(Page(503, retryAfter: 1), because: "no Machine could take it within \(waited.components.seconds) s")
        case .exchanging: deadline = .distantFuture
        case .idle, .tunnel, .lingering: abort()
        case .closed: break
        }
    }

    /// No request after the present one; at shut-down one more on an unused connection, soon, since closing could cross it.
    func drain() {
        guard case .idle = phase, !headBegun else { return }
        if loop.isClosing { expect(within: limits.farewell) } else { closeAfterFlush() }
    }

    /// Closes now, whatever is going on.
    func abort() {
        let context = context
        gone()
        context?.close(promise: nil)
    }

    /// Closes once all is sent.
    ///
    /// A client that still sends gets our end of the stream first and time to read: the kernel would answer its bytes
    /// with a reset, which may overtake the answer.
    func closeAfterFlush() {
        var unread = inbound.readableBytes > 0 || sending
        // Nobody knows when the client of a tunnel sends.
        if case .tunnel = phase { unread = true }
        phase = .lingering
        idleSince = nil
        inbound = ByteBuffer()
        flushed = false
        expect(within: limits.stall)
        guard let context else { return }
        outbox.flush(to: context) { [self] sent in
            flushed = true
            guard let context = self.context else { return }
            if sent, unread, !inputEnded {
                context.close(mode: .output, promise: nil)
                expect(within: limits.linger)
                context.read()
            } else {
                context.close(promise: nil)
            }
        }
    }

    /// The present request is over; the next may begin.
    func finish(keep: Bool) {
        attempt += 1
        compressor = nil
        transfer = nil
        giveKept()
        recordEnd()
        guard keep, !loop.isClosing, !inputEnded else { return closeAfterFlush() }
        phase = .idle
        finder = HeadFinder()
        headBegun = inbound.readableBytes > 0
        idleSince = headBegun ? nil : loop.time
        expect(within: headBegun ? limits.headTime : limits.clientIdle)
        advance()
    }

    /// Answers bytes that are no request, and closes.
    func refuse(_ malformed: Malformed) {
        loop.stats.common.refused += 1
        logger.debug(
            "request refused",
            metadata: ["http.status": "\(malformed.status)", "reason": "\(malformed.reason)"]
        )
        let date = loop.date.line()
        outbox.write {
            Page(malformed.status).write(to: &$0, isHead: false, connection: "close", requestID: nil, date: date)
        }
        sending = true
        closeAfterFlush()
    }

    // MARK: - Private

    private static let readAhead = 64 * 1024

    var inbound = ByteBuffer()
    private var finder = HeadFinder()
    var decoder = BodyDecoder(.none)
    var headBegun = false
    private var advancing = false
    /// The client is known to be in the middle of a message.
    var sending = false
    private var flushed = false
    private var outputFinished = false
    private(set) var stalledSince: NIODeadline?
    /// Since when nothing more has been asked on this connection; nil while something is, and before the first time.
    private(set) var idleSince: NIODeadline?

    private func readOn() {
        if let context, !inputEnded, inbound.readableBytes < Self.readAhead { context.read() }
    }

    /// The connection is no more: everything that it holds is given back.
    private func gone() {
        if case .closed = phase { return }
        phase = .closed
        attempt += 1
        compressor = nil
        transfer = nil
        giveKept()
        recordEnd()
        inbound = ByteBuffer()
        letGo()
        upstream?.release(reuse: false)
        upstream = nil
        leavePlace()
        loop.remove(self)
    }

    /// Does one thing; false when there is nothing to do for now.
    func step() -> Bool {
        switch phase {
        case .idle: return readHead()
        case .exchanging: return readBody()
        case .tunnel:
            guard let upstream, upstream.isWritable, !outputFinished else { return false }
            if inbound.readableBytes > 0 {
                record.bytesIn += inbound.readableBytes
                upstream.put(inbound)
                inbound = ByteBuffer()
                if appEnded { expect(within: limits.halfOpen) }
            }
            if inputEnded {
                outputFinished = true
                upstream.finishOutput()
                expect(within: limits.halfOpen)
            }
            return false
        case .lingering, .closed: return false
        }
    }

    private func readHead() -> Bool {
        // RFC 9112, 2.2: an empty line before a request is a slip of old clients.
        while inbound.readableBytes >= 2, inbound.getBytes(at: inbound.readerIndex, length: 2) == [13, 10] {
            inbound.moveReaderIndex(forwardBy: 2)
        }
        if inbound.readableBytes == 0 { return false }
        guard let length = finder.find(in: inbound), length <= limits.headBytes else {
            guard inbound.readableBytes > limits.headBytes else { return false }
            let line = inbound.readableBytesView.prefix(limits.targetBytes + 64)
            refuse(line.contains(10) ? Malformed(431, "long head") : Malformed(414, "long request line"))
            return false
        }
        do {
            let bounds = RequestHead.Bounds(target: limits.targetBytes, fields: limits.headFields)
            let head = try RequestHead(inbound.readBytes(length: length) ?? [], bounds: bounds)
            begin(head)
            return true
        } catch {
            refuse(error)
            return false
        }
    }
}
