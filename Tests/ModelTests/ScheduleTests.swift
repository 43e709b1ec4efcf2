import Foundation
import Model
import Testing

@Suite("Schedules")
struct ScheduleTests {
    private func moment(_ text: String) throws -> Timestamp {
        let date = try Date(text, strategy: .iso8601)
        return Timestamp(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
    }

    private func offset(_ zone: String?) throws -> (Timestamp) -> Int {
        let zone = try #require(TimeZone(identifier: zone ?? "UTC"))
        return { zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0.milliseconds) / 1000)) }
    }

    @Test(
        "the next slot",
        arguments: [
            ("hourly", "2026-11-30T09:24:01Z", "2026-11-30T10:00:00.000Z"),
            ("hourly", "2026-11-30T10:00:00Z", "2026-11-30T11:00:00.000Z"),
            ("daily", "2026-12-31T09:24:01Z", "2027-01-01T00:00:00.000Z"),
            ("weekly", "2026-11-30T09:24:01Z", "2026-12-06T00:00:00.000Z"),
            ("@monthly", "2026-02-01T00:00:01Z", "2026-03-01T00:00:00.000Z"),
            ("*/15 * * * *", "2026-11-30T09:24:01Z", "2026-11-30T09:30:00.000Z"),
            ("5,40 9-10 * * *", "2026-11-30T09:40:00Z", "2026-11-30T10:05:00.000Z"),
            ("0 0 29 feb *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00.000Z"),
            ("30 3 * * mon-fri", "2026-11-28T00:00:00Z", "2026-11-30T03:30:00.000Z"),
            ("0 12 * * 7", "2026-11-30T00:00:00Z", "2026-12-06T12:00:00.000Z"),
            // Where both days are limited, one of them is enough.
            ("0 0 13 * 5", "2026-11-30T00:00:00Z", "2026-12-04T00:00:00.000Z"),
            ("CRON_TZ=Europe/Berlin 0 3 * * *", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00.000Z"),
            ("CRON_TZ=Europe/Berlin 0 3 * * *", "2026-12-01T00:00:00Z", "2026-12-01T02:00:00.000Z"),
            // 29 March 2026, 2:00 becomes 3:00: what stands in between comes right after the change.
            ("TZ=Europe/Berlin 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"),
            // 25 October 2026, 3:00 becomes 2:00: half past two comes once.
            ("TZ=Europe/Berlin 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00.000Z"),
            ("TZ=Europe/Berlin 30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00.000Z"),
            ("TZ=Asia/Kolkata 0 0 * * *", "2026-11-30T00:00:00Z", "2026-11-30T18:30:00.000Z"),
        ]
    )
    func next(text: String, after: String, expected: String) throws {
        let schedule = try Schedule(text)
        let slot = schedule.next(after: try moment(after), offset: try offset(schedule.zone))
        #expect(slot?.rfc3339 == expected)
    }

    @Test("a day that never comes has no slot")
    func never() throws {
        #expect(try Schedule("0 0 30 2 *").next(after: try moment("2026-01-01T00:00:00Z")) { _ in 0 } == nil)
    }

    @Test("what was slept through is counted, and only the newest slot is due")
    func due() throws {
        let schedule = try Schedule("*/10 * * * *")
        let last = try moment("2026-11-30T09:00:00Z")
        #expect(schedule.due(since: last, now: try moment("2026-11-30T09:09:59Z")) { _ in 0 } == nil)
        let one = try #require(schedule.due(since: last, now: try moment("2026-11-30T09:10:00Z")) { _ in 0 })
        #expect(one.slot.rfc3339 == "2026-11-30T09:10:00.000Z" && one.missed == 0)
        let many = try #require(schedule.due(since: last, now: try moment("2026-11-30T10:05:00Z")) { _ in 0 })
        #expect(many.slot.rfc3339 == "2026-11-30T10:00:00.000Z" && many.missed == 5)
    }

    @Test(
        "what is no schedule is refused with what is wrong",
        arguments: [
            ("", "expected five fields, found 0"), ("often", "expected five fields, found 1"),
            ("* * * *", "expected five fields, found 4"), ("60 * * * *", "minute: expected 0 to 59, found \"60\""),
            ("* 24 * * *", "hour: expected 0 to 23"), ("* * 0 * *", "day of the month: expected 1 to 31"),
            ("* * * 13 *", "month: expected 1 to 12"), ("* * * * dom", "day of the week: expected 0 to 7"),
            ("5-1 * * * *", "minute: \"5-1\" ends before it begins"), ("*/0 * * * *", "has no step that is a number"),
            ("1,,2 * * * *", "minute: expected 0 to 59, found \"\""),
        ]
    )
    func wrong(text: String, part: String) throws {
        let fault = try #require(throws: Fault.self) { try Schedule(text) }
        #expect(fault.code == .invalidRequest && fault.message.contains(part), "\(fault.message)")
    }
}
