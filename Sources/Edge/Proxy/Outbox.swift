import NIOCore

/// Gathers what goes out on a connection, so that a head and a small body leave in one packet.
///
/// A class, because a flush may call back into the connection at once, which then writes on.
final class Outbox {
    /// Writes heads and framing.
    func write(_ body: (inout ByteBuffer) -> Void) {
        if small.capacity == 0 { small.reserveCapacity(1024) }
        body(&small)
    }

    /// Passes on a piece of a body; a large one without copying it.
    func put(_ piece: ByteBuffer, to context: ChannelHandlerContext) {
        guard piece.readableBytes > Self.copied else {
            write { $0.writeImmutableBuffer(piece) }
            if small.readableBytes > Self.large { hand(to: context, nil) }
            return
        }
        hand(to: context, nil)
        context.write(NIOAny(piece), promise: nil)
    }

    /// Sends all on its way.
    func flush(to context: ChannelHandlerContext) {
        hand(to: context, nil)
        context.flush()
    }

    /// Sends all on its way, and says when the kernel has the last byte.
    func flush(to context: ChannelHandlerContext, then done: @escaping (Bool) -> Void) {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            if case .success = result { done(true) } else { done(false) }
        }
        hand(to: context, promise)
        context.flush()
    }

    // MARK: - Private

    private static let copied = 2048
    private static let large = 16 * 1024

    private var small = ByteBuffer()

    private func hand(to context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard small.readableBytes > 0 || promise != nil else { return }
        context.write(NIOAny(small), promise: promise)
        small = ByteBuffer()
    }
}
