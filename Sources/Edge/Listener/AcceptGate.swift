import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Stops accepting while the event loop has as many connections as it may have, or the system has no descriptor left;
/// the rest waits in the kernel's queue.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    init(loop: EdgeLoop, maximum: Int) {
        self.loop = loop
        self.maximum = maximum
    }

    /// Goes on if there is room again.
    func open() {
        guard let context, waiting, !exhausted, loop.connectionCount < maximum else { return }
        waiting = false
        context.read()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        guard !exhausted else {
            waiting = true
            return
        }
        guard loop.connectionCount >= maximum else { return context.read() }
        waiting = true
        loop.shared.crowding.full(loop.connectionCount)
        lookAgain()
    }

    /// Out of descriptors, the kernel reports the same waiting connection for ever: looked at again after a moment only.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.exhaustion.contains(error.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        loop.shared.crowding.exhausted(error)
        exhausted = true
        loop.makeRoom()
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [self] in
            exhausted = false
            open()
        }
    }

    // MARK: - Private

    private static let exhaustion: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]
    private static let pause = TimeAmount.milliseconds(100)

    private let loop: EdgeLoop
    private let maximum: Int
    private var context: ChannelHandlerContext?
    private var waiting = false
    private var exhausted = false
    private var looking = false

    /// While others wait, connections that do nothing make room for them.
    private func lookAgain() {
        guard !looking else { return }
        looking = true
        loop.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [self] in
            looking = false
            guard waiting, context != nil, loop.connectionCount >= maximum else { return open() }
            loop.makeRoom()
            lookAgain()
        }
    }
}
