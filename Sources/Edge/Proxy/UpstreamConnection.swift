import Model
import NIOCore

/// A connection to a Machine: takes responses apart for the client connection that it serves at the moment.
///
/// Lives on the event loop of its owner, so the two call each other directly.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What the owner makes of a response head.
    enum Flow {
        case interim
        case body(BodyFraming)
        case tunnel
        /// The owner has let go of this connection.
        case gone
    }

    let key: UpstreamPool.Key
    /// When it was last given back to the pool.
    private(set) var idleSince = NIODeadline.now()

    /// - Parameters:
    ///   - key: where it leads.
    ///   - pool: whose it is.
    ///   - isStream: it is a stream of HTTP/2, which serves one request.
    init(key: UpstreamPool.Key, pool: UpstreamPool, isStream: Bool = false) {
        self.key = key
        self.pool = pool
        self.isStream = isStream
    }

    /// Can serve a request: open, and nothing unexpected came in.
    var isUsable: Bool { context != nil && !inputEnded && inbound.readableBytes == 0 }

    /// The answer's body has a length that is known.
    var isCounted: Bool {
        if case .body(let decoder) = phase { decoder.isCounted } else { false }
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    // MARK: - Verbs of the owner

    /// Starts the next exchange.
    func serve(_ owner: ClientConnection, isHead: Bool) {
        self.owner = owner
        self.isHead = isHead
        phase = .head
        finder = HeadFinder()
        silent = true
    }

    func write(_ body: (inout ByteBuffer) -> Void) { outbox.write(body) }

    func put(_ piece: ByteBuffer) {
        if let context { outbox.put(piece, to: context) }
    }

    func flush() {
        if let context { outbox.flush(to: context) }
    }

    /// Closes our half, once all is sent.
    func finishOutput() {
        guard let context else { return }
        outbox.flush(to: context) { [self] sent in
            if sent, !inputEnded { self.context?.close(mode: .output, promise: nil) }
        }
    }

    /// Ends the owner's use of it: back to the pool, or closed.
    func release(reuse: Bool) {
        owner = nil
        phase = .idle
        idleSince = .now()
        if reuse, isUsable, !isStream {
            pool.put(self)
        } else {
            close()
        }
    }

    func close() {
        phase = .idle
        owner = nil
        context?.close(promise: nil)
    }

    /// Hands on as much as the owner takes now.
    func pump() {
        guard !pumping else { return }
        pumping = true
        while step() {}
        pumping = false
        if inputEnded { meetEnd() }
        owner?.flush()
        readOn()
    }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        silent = false
        inbound.append(arrived: &bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) { pump() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { owner?.advance() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputEnded = true
            pump()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !inputEnded { broken = true }
        inputEnded = true
        self.context = nil
        pool.remove(self)
        pump()
    }

    /// Followed by ``channelInactive(context:)``; a connection that fails is nothing to log.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        broken = true
        context.close(promise: nil)
    }

    // MARK: - Private

    private enum Phase {
        case idle
        case head
        case body(BodyDecoder)
        case tunnel
    }

    private static let readAhead = 64 * 1024

    private let pool: UpstreamPool
    private let isStream: Bool
    private var context: ChannelHandlerContext?
    private var owner: ClientConnection?
    private var phase = Phase.idle
    private var inbound = ByteBuffer()
    private let outbox = Outbox()
    private var finder = HeadFinder()
    private var isHead = false
    private var silent = true
    private var pumping = false
    private var inputEnded = false
    private var broken = false

    /// Reads on, also between requests, so that a close is seen at once; but not while the owner is behind.
    func readOn() {
        if let context, !inputEnded, inbound.readableBytes < Self.readAhead { context.read() }
    }

    /// Does one thing; false when there is nothing to do for now.
    private func step() -> Bool {
        switch phase {
        case .idle:
            // Nobody asked for what came: it would be taken for the answer to the next request.
            if inbound.readableBytes > 0 { context?.close(promise: nil) }
            return false
        case .head:
            // An app may send interim answers without end: they too wait for a client that takes them.
            guard let owner, owner.takesAnswer else { return false }
            return readHead()
        case .body(var decoder):
            guard let owner, owner.takesAnswer else { return false }
            do {
                let output = try decoder.next(&inbound)
                phase = .body(decoder)
                switch output {
                case .starved: return false
                case .data(let bytes): owner.answer(bytes)
                case .end(let trailers): owner.answerEnded(trailers)
                }
            } catch {
                owner.upstreamLost(.garbage(error.reason))
            }
            return true
        case .tunnel:
            guard let owner, owner.takesAnswer, inbound.readableBytes > 0 else { return false }
            let bytes = inbound
            inbound = ByteBuffer()
            owner.answer(bytes)
            return true
        }
    }

    private func readHead() -> Bool {
        guard let owner else { return false }
        guard let length = finder.find(in: inbound) else {
            guard inbound.readableBytes > Self.readAhead else { return false }
            owner.upstreamLost(.garbage("its head is longer than \(Self.readAhead) bytes"))
            return false
        }
        do {
            let head = try ResponseHead(inbound.readBytes(length: length) ?? [], isHead: isHead)
            switch owner.answered(head) {
            case .interim: finder = HeadFinder()
            case .body(let framing): phase = .body(BodyDecoder(framing))
            case .tunnel: phase = .tunnel
            case .gone: return false
            }
            return true
        } catch {
            owner.upstreamLost(.garbage(error.reason))
            return false
        }
    }

    /// The Machine sends no more, and what it sent has been handed on as far as the owner takes it.
    private func meetEnd() {
        guard let owner else {
            context?.close(promise: nil)
            return
        }
        switch phase {
        case .idle: break
        case .head:
            guard inbound.readableBytes == 0 || broken || owner.takesAnswer else { return }
            owner.upstreamLost(.closed(silent: silent))
        case .body(let decoder):
            guard owner.takesAnswer else { return }
            if decoder.endsAtClose, !broken {
                owner.answerEnded(nil)
            } else {
                owner.upstreamLost(.closed(silent: false))
            }
        case .tunnel:
            if inbound.readableBytes == 0 || broken { owner.tunnelEnded(broken: broken) }
        }
    }
}
