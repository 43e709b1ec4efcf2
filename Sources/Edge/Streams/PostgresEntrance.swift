import NIOCore

/// Stands before TLS as PostgreSQL's clients ask for it: a message of eight bytes, an answer of one.
///
/// Who asks for nothing is refused: the port promises TLS.
///
/// > Source: PostgreSQL 17, "Frontend/Backend Protocol", section 54.2.11, SSL Session Encryption.
final class PostgresEntrance: ChannelInboundHandler, RemovableChannelHandler, EdgeClient {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// - Parameters:
    ///   - loop: where it lives.
    ///   - admit: puts TLS behind it.
    init(loop: EdgeLoop, admit: @escaping (any Channel) throws -> Void) {
        self.loop = loop
        self.admit = admit
        deadline = .now() + loop.limits.headTime.amount
    }

    /// What a client's first eight bytes ask for; nil for what is no such wish.
    enum Wish: Equatable {
        case tls
        /// Encryption by Kerberos, which is answered with a no.
        case kerberos

        init?(_ bytes: ByteBuffer) {
            guard bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) == 8 else { return nil }
            switch bytes.getInteger(at: bytes.readerIndex + 4, as: UInt32.self) {
            case 80_877_103: self = .tls
            case 80_877_104: self = .kerberos
            default: return nil
            }
        }
    }

    // MARK: - EdgeClient

    var idleSince: NIODeadline? { nil }

    func tick(_ now: NIODeadline) { if deadline <= now { abort() } }

    func drain() { abort() }

    func abort() {
        let context = context
        leave()
        context?.close(promise: nil)
    }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        if loop.isClosing { abort() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelInactive(context: ChannelHandlerContext) { leave() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { abort() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        inbound.append(arrived: &bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard inbound.readableBytes >= 8 else { return context.read() }
        // Bytes behind the wish would be taken for what came under TLS (CVE-2021-23214).
        guard inbound.readableBytes == 8, let wish = Wish(inbound) else { return abort() }
        inbound = ByteBuffer()
        let answer = ByteBuffer(string: wish == .tls ? "S" : "N")
        context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
        guard wish == .tls else { return context.read() }
        do {
            try admit(context.channel)
        } catch {
            return abort()
        }
        leave()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    // MARK: - Private

    private let loop: EdgeLoop
    private let admit: (any Channel) throws -> Void
    private let deadline: NIODeadline
    private var context: ChannelHandlerContext?
    private var inbound = ByteBuffer()

    private func leave() {
        guard context != nil else { return }
        context = nil
        loop.remove(self)
    }
}
