import Model
import Testing

@Suite("Time")
struct TimeTests {
    @Test(
        "Go durations are read and written as Go does",
        arguments: [
            ("5s", "5s", 5_000), ("1m30s", "1m30s", 90_000), ("1h", "1h0m0s", 3_600_000), ("250ms", "250ms", 250),
            ("1.5s", "1.5s", 1500), ("0", "0s", 0), ("-2s", "-2s", -2000), ("+1m", "1m0s", 60_000),
        ]
    )
    func goDurations(text: String, written: String, milliseconds: Int64) throws {
        let duration = try #require(GoDuration.parse(text))
        #expect(duration.milliseconds == milliseconds)
        #expect(GoDuration(duration).text == written)
    }

    @Test(
        "what is no Go duration is refused",
        arguments: ["", "5", "1d", "s", "1 s", "1..5s", "-", "9e9h", "5sx", "-999999999999h", "999999999h999999999h"]
    )
    func notDurations(text: String) {
        #expect(GoDuration.parse(text) == nil)
    }

    @Test(
        "moments print as RFC 3339",
        arguments: [
            (Int64(0), "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_247_322_042, "2026-11-21T07:48:42.042Z"), (-1, "1969-12-31T23:59:59.999Z"),
        ]
    )
    func rfc3339(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test("a Machine ID is 14 lower-case hex digits and nothing else")
    func machineIDs() {
        #expect(Machine.ID("148e21b7c65089")?.text == "148e21b7c65089")
        for text in ["", "148e21b7c6508", "148e21b7c650890", "148E21b7c65089", "148e21b7c6508g", "../../../../et"] {
            #expect(Machine.ID(text) == nil)
        }
        #expect(Machine.ID.random() != Machine.ID.random())
    }

    @Test(
        "RFC 3339 is read with any fraction and offset, and what is none is refused",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0)), ("2026-11-21T08:48:42.123456789+01:00", 1_795_247_322_123),
            ("2026-11-21 07:48:42.5Z", 1_795_247_322_500), ("2026-11-21T07:48", 1_795_247_280_000),
            ("2024-02-29", 1_709_164_800_000), ("1969-12-31T23:59:59.000Z", -1000), ("2026-13-01", nil),
            ("2026-11-21T24:00:00Z", nil), ("2026-11-21T07", nil), ("yesterday", nil), ("", nil),
            ("2026-11-21T07:48:42Z and more", nil),
        ]
    )
    func readRFC3339(text: String, milliseconds: Int64?) {
        let read = Timestamp(rfc3339: text)
        #expect(read?.milliseconds == milliseconds)
        if let read { #expect(Timestamp(rfc3339: read.rfc3339) == read) }
    }
}
