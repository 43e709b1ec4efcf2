import NIOCore

/// Stops accepting while the event loop has as many connections as it may have; the rest waits in the kernel's queue.
final class AcceptGate: ChannelOutboundHandler {
    typealias OutboundIn = Never

    init(loop: EdgeLoop, maximum: Int) {
        self.loop = loop
        self.maximum = maximum
    }

    /// Goes on if there is room again.
    func open() {
        guard let context, waiting, loop.connectionCount < maximum else { return }
        waiting = false
        context.read()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if loop.connectionCount < maximum {
            context.read()
        } else {
            waiting = true
        }
    }

    // MARK: - Private

    private let loop: EdgeLoop
    private let maximum: Int
    private var context: ChannelHandlerContext?
    private var waiting = false
}
