#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Makes the names of requests, which sort by time; each event loop has one.
///
/// They have to be distinct, not secret, so the system is asked for randomness once and not for each of them.
struct RequestIDs {
    init(region: String) {
        self.region = region
        var system = SystemRandomNumberGenerator()
        state = system.next()
    }

    /// A ULID, a hyphen, the edge's region.
    ///
    /// > Source: `proxy-dns`, section 12.1; github.com/ulid/spec.
    mutating func next() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var text: [UInt8] = []
        text.reserveCapacity(27 + region.utf8.count)
        append(UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000, digits: 10, to: &text)
        append(random(), digits: 8, to: &text)
        append(random(), digits: 8, to: &text)
        text.append(45)
        text.append(contentsOf: region.utf8)
        return String(decoding: text, as: UTF8.self)
    }

    /// `traceparent` of a trace that begins here.
    ///
    /// It is marked as one to be recorded: else a client library that follows its caller, which most do, would record
    /// nothing of an app behind an edge that it would have recorded without.
    ///
    /// > Source: W3C, "Trace Context", section 3.2.
    mutating func nextTrace() -> String {
        var text: [UInt8] = [48, 48, 45]
        text.reserveCapacity(55)
        appendHex(random(), to: &text)
        appendHex(random() | 1, to: &text)
        text.append(45)
        appendHex(random() | 1, to: &text)
        text += [45, 48, 49]
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: - Private

    private let region: String
    private var state: UInt64

    /// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Crockford's base 32.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private func appendHex(_ value: UInt64, to text: inout [UInt8]) {
        for digit in 0..<16 {
            let nibble = UInt8(value >> UInt64(4 * (15 - digit)) & 15)
            text.append(nibble < 10 ? nibble + 48 : nibble + 87)
        }
    }

    private func append(_ value: UInt64, digits: Int, to text: inout [UInt8]) {
        for digit in 0..<digits { text.append(Self.alphabet[Int(value >> UInt64(5 * (digits - 1 - digit)) & 31)]) }
    }
}
