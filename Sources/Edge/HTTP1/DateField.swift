#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The field `Date` as of now, written anew at most once a second; each event loop has one.
///
/// > Source: RFC 9110, sections 5.6.7 and 6.6.1.
struct DateField {
    private var second = -1
    private var bytes: [UInt8] = []

    /// The whole line with its CRLF.
    mutating func line() -> [UInt8] {
        let now = time(nil)
        if now != second {
            second = now
            bytes = Array("Date: \(Self.text(now))\r\n".utf8)
        }
        return bytes
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, from seconds since 1970.
    static func text(_ seconds: Int) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { two(Int($0)) }.joined(separator: ":")
        let day = "\(days[Int(parts.tm_wday)]), \(two(Int(parts.tm_mday))) \(months[Int(parts.tm_mon)])"
        return "\(day) \(1900 + Int(parts.tm_year)) \(clock) GMT"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
