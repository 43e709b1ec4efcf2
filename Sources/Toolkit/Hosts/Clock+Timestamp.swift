package import Model

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension Timestamp {
    /// This moment by the host's wall clock.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// Identifiers that sort by the time they were made.
package enum ULID {
    /// 26 characters: 48 bits of milliseconds, then 80 random bits, in Crockford's base 32.
    ///
    /// > Source: github.com/ulid/spec.
    package static func make(at time: Timestamp = .now()) -> String {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
        var text: [UInt8] = (0..<10).map { alphabet[Int(time.milliseconds >> (45 - 5 * $0) & 31)] }
        for _ in 0..<16 { text.append(alphabet[Int.random(in: 0..<32)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
