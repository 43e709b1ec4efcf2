import Logging
import Model
import NIOCore

/// A client's connection: plumbing around one ``Exchange`` after the other.
///
/// Bytes stay in `inbound` until somebody wants them, and nothing is read while much stays there; that is all there is
/// to pipelining and to backpressure on requests. Routing is in `ClientConnection+Routing.swift`, what comes from the
/// app in `ClientConnection+Answer.swift`.
final class ClientConnection: ChannelInboundHandler {
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
    var phase = Phase.idle
    var context: ChannelHandlerContext?
    let outbox = Outbox()
    var upstream: UpstreamConnection?
    /// Counts tries to get a connection, so that one that comes too late is known as such.
    var attempt = 0
    /// The place that the present request has at a Machine.
    var place: (load: MachineLoad, app: String)?
    /// How long the present request stays at its Machine, as far as can be told.
    var presence = Presence()
    /// Where the present request is counted as waiting, and since when.
    var holding: (count: HeldCount, app: String, since: NIODeadline)?
    var pausing = false
    /// The app has closed its half of the tunnel.
    var appEnded = false
    /// How the client is told where the present answer's body ends.
    var answerFraming = BodyFraming.none
    var passage: Passage
    /// What the connection itself shows, before anybody is believed.
    private var direct: Passage
    /// The peer is a proxy whose word counts.
    private var trusted = false
    var host = ""
    /// When patience with the present phase ends.
    var deadline = NIODeadline.distantFuture
    /// The client sends no more.
    private(set) var inputEnded = false

    init(loop: EdgeLoop) {
        self.loop = loop
        passage = Passage(requestID: "", clientAddress: "", port: 0, region: loop.shared.configuration.region)
        direct = passage
    }

    var limits: EdgeServer.Limits { loop.limits }
    var logger: Logger { loop.shared.logger }
    var isHeld: Bool { holding != nil }

    func expect(within time: Duration) { deadline = .now() + .nanoseconds(time.nanoseconds) }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let peer = context.remoteAddress?.ipAddress ?? "unknown"
        direct.peerAddress = peer
        direct.clientAddress = peer
        direct.port = context.localAddress?.port ?? 0
        passage = direct
        let address = IPAddress(peer)
        trusted = loop.shared.configuration.trustedProxies.contains { block in address.map(block.contains) ?? false }
        expect(within: limits.headTime)
        loop.add(self)
        if loop.isClosing { abort() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        if case .lingering = phase { return }
        if case .idle = phase, !headBegun {
            headBegun = true
            expect(within: limits.headTime)
        }
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { advance() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : .now()
        if context.channel.isWritable { upstream?.pump() }
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
        if place != nil, let stay = presence.stay(at: now) { take(for: stay) }
        guard deadline <= now else { return }
        switch phase {
        case .idle where headBegun: refuse(Malformed(408, "the head took too long"))
        case .exchanging where isHeld:
            respond(
                Page(503, retryAfter: 1),
                because: "no Machine could take it within \(limits.held.components.seconds) s"
            )
        case .exchanging: deadline = .distantFuture
        case .idle, .tunnel, .lingering: abort()
        case .closed: break
        }
    }

    /// No further requests: closes at once, or after the present one.
    func drain() {
        if case .idle = phase, !headBegun { closeAfterFlush() }
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
        let unread = inbound.readableBytes > 0 || sending
        phase = .lingering
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
        guard keep, !loop.isClosing, !inputEnded else { return closeAfterFlush() }
        phase = .idle
        finder = HeadFinder()
        headBegun = inbound.readableBytes > 0
        expect(within: headBegun ? limits.headTime : limits.clientIdle)
        advance()
    }

    /// Answers bytes that are no request, and closes.
    func refuse(_ malformed: Malformed) {
        logger.debug(
            "request refused",
            metadata: ["http.status": "\(malformed.status)", "reason": "\(malformed.reason)"]
        )
        outbox.write { Page(malformed.status).write(to: &$0, isHead: false, connection: "close", requestID: nil) }
        sending = true
        closeAfterFlush()
    }

    // MARK: - Private

    private static let readAhead = 64 * 1024

    private var inbound = ByteBuffer()
    private var finder = HeadFinder()
    private var decoder = BodyDecoder(.none)
    private var headBegun = false
    private var advancing = false
    /// The client is known to be in the middle of a message.
    private var sending = false
    private var flushed = false
    private var outputFinished = false
    private var stalledSince: NIODeadline?

    private func readOn() {
        if let context, !inputEnded, inbound.readableBytes < Self.readAhead { context.read() }
    }

    /// The connection is no more: everything that it holds is given back.
    private func gone() {
        if case .closed = phase { return }
        phase = .closed
        attempt += 1
        inbound = ByteBuffer()
        letGo()
        upstream?.release(reuse: false)
        upstream = nil
        leavePlace()
        loop.remove(self)
    }

    /// Does one thing; false when there is nothing to do for now.
    private func step() -> Bool {
        switch phase {
        case .idle: return readHead()
        case .exchanging(let exchange): return readBody(exchange)
        case .tunnel:
            guard let upstream, upstream.isWritable, !outputFinished else { return false }
            if inbound.readableBytes > 0 {
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

    private func begin(_ received: RequestHead) {
        var head = received
        decoder = BodyDecoder(head.framing)
        host = head.host
        passage = direct
        passage.requestID = loop.requestIDs.next()
        if trusted { believe(&head) }
        deadline = .distantFuture
        headBegun = false
        let rules = Exchange.Rules(
            replayBytes: limits.replayBytes,
            attempts: limits.connectAttempts,
            budget: limits.connectBudget
        )
        sending = head.framing != .none
        phase = .exchanging(Exchange(head, rules: rules))
        // The end of a request without a body is known now, and decides whether it may be sent twice.
        if head.framing == .none { _ = step() }
        route()
    }

    /// The peer is a proxy that the operator trusts: what it says of the client counts.
    private func believe(_ head: inout RequestHead) {
        passage.believe(head, trusting: loop.shared.configuration.trustedProxies)
        // A proxy that asks by an address of ours, as nginx does by itself, names the host that the client asked for.
        guard loop.index?.entry(host: host) == nil,
            let line = head.fields.lines.first(where: {
                Characters.equal(head.fields.bytes, $0.name, "x-forwarded-host")
            }), let first = Characters.list(head.fields.bytes, line.value).first(where: { _ in true })
        else { return }
        head.believe(host: first)
        host = head.host
    }

    private func readBody(_ before: Exchange) -> Bool {
        var exchange = before
        guard exchange.wantsBody, upstream?.isWritable ?? true else { return false }
        do {
            switch try decoder.next(&inbound) {
            case .starved: return false
            case .data(let bytes):
                let now = exchange.received(bytes)
                phase = .exchanging(exchange)
                if now { send(bytes, of: exchange.head) }
            case .end(let trailers):
                sending = false
                let now = exchange.receivedEnd(trailers)
                phase = .exchanging(exchange)
                if now { sendEnd(trailers, of: exchange.head) }
            }
            return true
        } catch {
            if exchange.answerBegun {
                abort()
            } else {
                leaveUpstream()
                refuse(error)
            }
            return false
        }
    }
}
