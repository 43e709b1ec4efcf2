import Glibc
import Model

/// The end of a log file.
enum LogTail {
    /// Bytes that are looked through at most.
    static let limit = 16 << 20

    /// The last lines up to `end`, oldest first, at most `count`; lines still open there are left out.
    ///
    /// Reads twice as much each time until it has enough. `end` is in bytes from the start, at the end of a record.
    static func lines(_ descriptor: Int32, end: Int, count: Int, machine: Machine.ID) -> [LogLine] {
        guard count > 0 else { return [] }
        var size = min(end, 64 << 10)
        while true {
            var bytes = read(descriptor, from: end - size, count: size)[...]
            if size < end {
                // The first record is cut off.
                let first = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
                bytes = bytes[first...].dropFirst()
            }
            var assembler = LogAssembler(machine: machine)
            let lines = assembler.take(bytes)
            if lines.count > count || size == end || size >= limit { return Array(lines.suffix(count)) }
            size = min(end, size * 2)
        }
    }

    /// At most `count` bytes from that offset.
    static func read(_ descriptor: Int32, from offset: Int, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    count - filled,
                    off_t(offset + filled)
                )
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { break }
                filled += got
            }
        }
    }
}
