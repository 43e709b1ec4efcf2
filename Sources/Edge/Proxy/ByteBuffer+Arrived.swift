import NIOCore

extension ByteBuffer {
    /// Takes in what came, and lets go of what was read long ago: a reader that always leaves a few bytes would else
    /// keep all that ever came.
    mutating func append(arrived bytes: inout ByteBuffer) {
        if readableBytes == 0 {
            self = bytes
            return
        }
        if readerIndex > 64 * 1024 { discardReadBytes() }
        writeBuffer(&bytes)
    }
}
