package import NIOCore

/// Finds where the head of a message ends, in bytes that arrive piece by piece, looking at none of them twice.
package struct HeadFinder: Sendable {
    /// Bytes that were looked at and hold no end.
    private var scanned = 0

    package init() {}

    /// The length of the head with its final empty line, once it is all there.
    ///
    /// A line may end in a bare LF here; ``Fields`` then refuses it, rather than letting the sender wait for a time-out.
    package mutating func find(in buffer: ByteBuffer) -> Int? {
        buffer.withUnsafeReadableBytes { bytes in
            var index = scanned
            while index < bytes.count {
                guard bytes[index] == 10 else {
                    index += 1
                    continue
                }
                guard index + 1 < bytes.count else { break }
                if bytes[index + 1] == 10 { return index + 2 }
                if bytes[index + 1] == 13 {
                    guard index + 2 < bytes.count else { break }
                    if bytes[index + 2] == 10 { return index + 3 }
                }
                index += 1
            }
            scanned = index
            return nil
        }
    }
}
