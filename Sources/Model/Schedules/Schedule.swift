/// When a Machine is started by the clock: `hourly`, `daily`, `weekly`, `monthly`, or a cron expression.
///
/// Five fields (minute, hour, day of the month, month, day of the week), in UTC unless `CRON_TZ=Europe/Berlin` stands
/// before them. Where both days are limited, one of them is enough, as in cron.
///
/// > Source: POSIX `crontab`, and the names and steps of Vixie cron's `crontab(5)`.
package struct Schedule: Equatable, Sendable {
    /// As it was written.
    package let text: String
    /// The name of a time zone; nil is UTC.
    package let zone: String?
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let limitsDays: Bool
    private let limitsWeekdays: Bool

    /// - Throws: ``Fault`` `invalidRequest` naming the field that is wrong.
    package init(_ text: String) throws(Fault) {
        self.text = text
        var words = text.split(separator: " ").map(String.init)
        var zone: String?
        for prefix in ["CRON_TZ=", "TZ="] where words.first?.hasPrefix(prefix) == true {
            zone = String(words.removeFirst().dropFirst(prefix.count))
        }
        self.zone = zone
        if words.count == 1, let short = Self.short[words[0].hasPrefix("@") ? String(words[0].dropFirst()) : words[0]] {
            words = short.split(separator: " ").map(String.init)
        }
        guard words.count == 5 else { throw Self.fault(text, "expected five fields, found \(words.count)") }
        minutes = try Self.field(words[0], "minute", 0...59, [], text)
        hours = try Self.field(words[1], "hour", 0...23, [], text)
        days = try Self.field(words[2], "day of the month", 1...31, [], text)
        months = try Self.field(words[3], "month", 1...12, Self.monthNames, text)
        // Sunday is 0 and 7.
        weekdays = Set(try Self.field(words[4], "day of the week", 0...7, Self.dayNames, text).map { $0 % 7 })
        limitsDays = !words[2].hasPrefix("*")
        limitsWeekdays = !words[4].hasPrefix("*")
    }

    /// The first slot after a moment; nil when there is none within eight years, as on the 30th of February.
    ///
    /// A time that a change of the clock skips comes right after the change, one that it repeats comes once.
    ///
    /// - Parameters:
    ///   - moment: the slot is later than that.
    ///   - offset: seconds by which the zone's clock is ahead of UTC at a moment.
    /// - Returns: a whole minute, but where a clock changes within one.
    package func next(after moment: Timestamp, offset: (Timestamp) -> Int) -> Timestamp? {
        let now = Int(moment.milliseconds / 1000)
        var wall = (now + offset(moment)) / 60 * 60 + 60
        let end = wall + 8 * 366 * 86_400
        while wall < end {
            let (day, inDay) = (wall / 86_400, wall % 86_400)
            guard matches(day: day) else {
                wall = (day + 1) * 86_400
                continue
            }
            guard hours.contains(inDay / 3600) else {
                wall = day * 86_400 + (inDay / 3600 + 1) * 3600
                continue
            }
            if minutes.contains(inDay / 60 % 60) {
                let slot = Self.moment(wall, offset)
                if slot > moment { return slot }
            }
            wall += 60
        }
        return nil
    }

    /// What is due: the newest slot up to now, and how many before it were missed.
    ///
    /// - Parameters:
    ///   - last: the slot that was seen to before.
    ///   - now: this moment.
    ///   - offset: as in `next(after:offset:)`.
    /// - Returns: nil when none has come since; at most ``mostMissed`` are counted.
    package func due(
        since last: Timestamp,
        now: Timestamp,
        offset: (Timestamp) -> Int
    ) -> (slot: Timestamp, missed: Int)? {
        guard var slot = next(after: last, offset: offset), slot <= now else { return nil }
        var missed = 0
        while missed < Self.mostMissed, let later = next(after: slot, offset: offset), later <= now {
            slot = later
            missed += 1
        }
        return (slot, missed)
    }

    /// More missed slots than that are not counted one by one.
    package static let mostMissed = 1000

    // MARK: - Private

    private static let short = [
        "hourly": "0 * * * *", "daily": "0 0 * * *", "weekly": "0 0 * * 0", "monthly": "0 0 1 * *",
        "midnight": "0 0 * * *", "yearly": "0 0 1 1 *", "annually": "0 0 1 1 *",
    ]
    private static let monthNames = [
        "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    private func matches(day: Int) -> Bool {
        let date = Timestamp.civil(fromDays: day)
        guard months.contains(date.month) else { return false }
        // The first of January 1970 was a Thursday.
        let weekday = (day + 4) % 7
        let (byDay, byWeekday) = (days.contains(date.day), weekdays.contains(weekday))
        return limitsDays && limitsWeekdays ? byDay || byWeekday : byDay && byWeekday
    }

    /// The moment at which a wall clock shows a time, in seconds as if it were UTC.
    private static func moment(_ wall: Int, _ offset: (Timestamp) -> Int) -> Timestamp {
        func at(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: Int64(seconds) * 1000) }
        let (before, after) = (offset(at(wall - 86_400)), offset(at(wall + 86_400)))
        let (first, second) = (wall - before, wall - after)
        if offset(at(first)) == before { return at(first) }
        if offset(at(second)) == after { return at(second) }
        // Between the two the clock was moved on: the time is that of the change.
        var (low, high) = (min(first, second) - 10_800, max(first, second) + 10_800)
        while high - low > 1 {
            let middle = (low + high) / 2
            if offset(at(middle)) == before { low = middle } else { high = middle }
        }
        return at(high)
    }

    private static func field(
        _ text: String,
        _ name: String,
        _ range: ClosedRange<Int>,
        _ names: [String],
        _ whole: String
    ) throws(Fault) -> Set<Int> {
        func number(_ word: Substring) throws(Fault) -> Int {
            if let index = names.firstIndex(of: word.lowercased()) { return index }
            guard let number = Int(word), range.contains(number) else {
                let expected = "\(range.lowerBound) to \(range.upperBound)"
                throw fault(whole, "\(name): expected \(expected), found \(ConfigNode.quoted(String(word)))")
            }
            return number
        }
        var found: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let step = halves.count > 1 ? Int(halves[1]) ?? 0 : 1
            guard step > 0 else {
                throw fault(whole, "\(name): \(ConfigNode.quoted(String(part))) has no step that is a number")
            }
            if halves[0] == "*" {
                found.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
                continue
            }
            let ends = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            let first = try number(ends[0])
            let last = ends.count > 1 ? try number(ends[1]) : halves.count > 1 ? range.upperBound : first
            guard first <= last else {
                throw fault(whole, "\(name): \(ConfigNode.quoted(String(part))) ends before it begins")
            }
            found.formUnion(stride(from: first, through: last, by: step))
        }
        return found
    }

    private static func fault(_ text: String, _ what: String) -> Fault {
        Fault(
            .invalidRequest,
            "schedule \(ConfigNode.quoted(text)): \(what)",
            hint: "hourly, daily, weekly, monthly, or five fields as in cron: \"CRON_TZ=Europe/Berlin 30 3 * * 1-5\""
        )
    }
}
