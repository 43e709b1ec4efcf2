#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Names of requests, which sort by time.
enum RequestID {
    /// A ULID, a hyphen, the edge's region.
    ///
    /// > Source: `proxy-dns`, section 12.1; github.com/ulid/spec.
    static func make(region: String) -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
        var generator = SystemRandomNumberGenerator()
        let (high, low) = (UInt64.random(in: 0..<1 << 40, using: &generator), UInt64.random(in: 0..<1 << 40, using: &generator))
        return String(unsafeUninitializedCapacity: 27 + region.utf8.count) { buffer in
            put(milliseconds, into: &buffer, at: 0, digits: 10)
            put(high, into: &buffer, at: 10, digits: 8)
            put(low, into: &buffer, at: 18, digits: 8)
            buffer[26] = 45
            for (offset, byte) in region.utf8.enumerated() { buffer[27 + offset] = byte }
            return 27 + region.utf8.count
        }
    }

    // MARK: - Private

    /// Crockford's base 32.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private static func put(_ value: UInt64, into buffer: inout UnsafeMutableBufferPointer<UInt8>, at start: Int, digits: Int) {
        for digit in 0..<digits { buffer[start + digit] = alphabet[Int(value >> UInt64(5 * (digits - 1 - digit)) & 31)] }
    }
}
