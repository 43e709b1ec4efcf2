import NIOCore

/// Ends a connection on which a stream brings header blocks without end.
///
/// They are under no window, and the library keeps what a stream has not read: a server that answers `103` for ever would
/// fill the edge's memory. So they are counted before it sees them.
///
/// > Source: RFC 9113, sections 4.1 and 8.1; the floods of `HTTP2Connection`.
final class HeaderBlockCount: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct Flood: Error {}

    /// Answers under way, the answer itself and its trailers.
    static let most = 16
    /// Streams that are counted; more than are ever open at a time.
    static let mostStreams = 1024

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        guard count(bytes.readableBytesView) else {
            context.fireErrorCaught(Flood())
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
    }

    /// Goes over what came; false once a stream has brought too many.
    func count(_ bytes: ByteBufferView) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            if body > 0 {
                let passed = min(body, rest.count)
                rest = rest.dropFirst(passed)
                body -= passed
                continue
            }
            let taken = rest.prefix(9 - head.count)
            head += taken
            rest = rest.dropFirst(taken.count)
            guard head.count == 9 else { break }
            guard begin() else { return false }
            head.removeAll(keepingCapacity: true)
        }
        return true
    }

    // MARK: - Private

    /// What has come of a frame's nine bytes.
    private var head: [UInt8] = []
    /// What is to come of its payload.
    private var body = 0
    private var blocks: [UInt32: Int] = [:]

    private func begin() -> Bool {
        body = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
        let stream = head[5...8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let (type, ends) = (head[3], head[4] & 1 == 1)
        switch type {
        case 1:
            let count = blocks[stream, default: 0] + 1
            blocks[stream] = ends ? nil : count
            return count <= Self.most && blocks.count <= Self.mostStreams
        case 0 where ends: blocks[stream] = nil
        case 3: blocks[stream] = nil
        default: break
        }
        return true
    }
}
