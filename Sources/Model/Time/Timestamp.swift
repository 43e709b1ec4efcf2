/// A moment: milliseconds since 1970-01-01T00:00:00Z, as the Machines API counts them.
package struct Timestamp: Codable, Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// How long after `earlier` this is; negative when it is before.
    package func since(_ earlier: Timestamp) -> Duration {
        .milliseconds(milliseconds - earlier.milliseconds)
    }

    /// This moment, moved by a duration.
    package func advanced(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration.milliseconds)
    }
}

extension Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2026-11-21T07:48:42.000Z`.
    package var rfc3339: String {
        let days = Int((Double(milliseconds) / 86_400_000).rounded(.down))
        let inDay = Int(milliseconds) - days * 86_400_000
        let (year, month, day) = Self.civil(fromDays: days)
        let date = "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(day, 2))"
        let time =
            "\(Self.pad(inDay / 3_600_000, 2)):\(Self.pad(inDay / 60_000 % 60, 2)):\(Self.pad(inDay / 1000 % 60, 2))"
        return "\(date)T\(time).\(Self.pad(inDay % 1000, 3))Z"
    }

    /// Reads RFC 3339, with any fraction and offset: `2026-11-21T08:48:42.123456789+01:00`; nil for what is none.
    ///
    /// A date alone is its midnight, a time without an offset is of UTC, and a blank may stand for the `T`.
    package init?(rfc3339 text: String) {
        let date = /(\d{4})-(\d\d)-(\d\d)/.asciiOnlyDigits()
        let clock = /[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:[Zz]|([+-])(\d\d):?(\d\d))?/.asciiOnlyDigits()
        guard text.utf8.count <= 40, let day = text.prefixMatch(of: date) else { return nil }
        let rest = text[day.range.upperBound...]
        let time = rest.wholeMatch(of: clock)?.output
        guard time != nil || rest.isEmpty else { return nil }
        func number(_ part: Substring??) -> Int { (part ?? nil).flatMap { Int($0) } ?? 0 }
        let (month, dayOfMonth) = (number(day.output.2), number(day.output.3))
        let (hour, minute, second) = (number(time?.1), number(time?.2), number(time?.3))
        guard (1...12).contains(month), (1...31).contains(dayOfMonth), hour < 24, minute < 60, second < 61 else {
            return nil
        }
        let fraction = number(Substring(((time?.4 ?? nil) ?? "") + "000").prefix(3))
        let offset = (number(time?.6) * 60 + number(time?.7)) * ((time?.5 ?? nil) == "-" ? -1 : 1)
        let minutes = (Self.days(number(day.output.1), month, dayOfMonth) * 24 + hour) * 60 + minute - offset
        self.init(milliseconds: Int64((minutes * 60 + second) * 1000 + fraction))
    }

    /// Days since 1970 of a Gregorian date.
    ///
    /// > Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Days since 1970 to a Gregorian date.
    ///
    /// > Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
    static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Duration {
    /// Whole milliseconds, cut off towards zero.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Whole microseconds, cut off towards zero.
    package var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }

    /// Seconds with their fraction.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
