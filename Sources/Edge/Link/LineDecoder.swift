package import NIOCore

/// Cuts a stream into lines, without their line feeds.
package struct LineDecoder: ByteToMessageDecoder {
    package typealias InboundOut = ByteBuffer

    /// A longer line ends the connection.
    package static let maximum = 16 * 1024 * 1024

    package init() {}

    package mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        let view = buffer.readableBytesView.dropFirst(scanned)
        guard let feed = view.firstIndex(of: 10) else {
            scanned = buffer.readableBytes
            guard scanned <= Self.maximum else { throw ByteToMessageDecoderError.PayloadTooLargeError() }
            return .needMoreData
        }
        scanned = 0
        guard let line = buffer.readSlice(length: feed - buffer.readerIndex) else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: 1)
        context.fireChannelRead(Self.wrapInboundOut(line))
        return .continue
    }

    /// A line without its end is no line.
    package mutating func decodeLast(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer,
        seenEOF: Bool
    ) throws -> DecodingState {
        while try decode(context: context, buffer: &buffer) == .continue {}
        return .needMoreData
    }

    private var scanned = 0
}
