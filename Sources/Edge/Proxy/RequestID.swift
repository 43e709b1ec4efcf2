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
        let high = UInt64.random(in: 0..<1 << 40, using: &generator)
        let low = UInt64.random(in: 0..<1 << 40, using: &generator)
        var text: [UInt8] = []
        text.reserveCapacity(27 + region.utf8.count)
        append(milliseconds, digits: 10, to: &text)
        append(high, digits: 8, to: &text)
        append(low, digits: 8, to: &text)
        text.append(45)
        text.append(contentsOf: region.utf8)
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: - Private

    /// Crockford's base 32.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private static func append(_ value: UInt64, digits: Int, to text: inout [UInt8]) {
        for digit in 0..<digits { text.append(alphabet[Int(value >> UInt64(5 * (digits - 1 - digit)) & 31)]) }
    }
}
