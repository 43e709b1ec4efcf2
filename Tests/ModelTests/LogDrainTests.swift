import Testing

@testable import Model

@Suite("Log drains")
struct LogDrainTests {
    private static func entry(_ text: String, _ stream: LogLine.Stream = .stdout, app: String = "shop") -> LogEntry {
        var entry = LogEntry(platform: text, app: app, region: "fra", at: Timestamp(milliseconds: 0))
        entry.timestamp = "2026-11-29T21:30:00.123456789+00:00"
        (entry.stream, entry.machine, entry.group, entry.id) = (stream, "148e21b7c65089", "app", "01J-7")
        return entry
    }

    @Test("a line is kept as it is, whatever stands in it; what is no line is none")
    func record() throws {
        for text in ["plain", "", "\"quoted\"\u{1}\\ \u{2028}", "é\t\u{FFFD}", "{\"level\":\"error\"}"] {
            var entry = Self.entry(text, .stderr)
            (entry.isCheck, entry.id) = (true, "")
            #expect(!entry.record.contains("\n"))
            #expect(try #require(LogEntry(record: Array(entry.record.utf8))) == entry)
        }
        for text in ["", "{}", "[1]", "{\"text\":1}", "{\"text\":\"a\",\"time\":\"b\""] {
            #expect(LogEntry(record: Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test("a drain has its own apps alone, and checks when it asks for them")
    func wants() {
        var drain = LogDrain(name: "a", kind: .http, url: "")
        var check = Self.entry("GET /health")
        check.isCheck = true
        #expect(drain.wants(Self.entry("x")) && !drain.wants(check))
        (drain.apps, drain.checks) = (["shop"], true)
        #expect(drain.wants(check) && !drain.wants(Self.entry("x", app: "other")))
    }

    @Test("JSON for programs: an array, lines, and a request of _bulk that may be sent twice")
    func json() throws {
        let entries = [Self.entry("ERROR: no"), Self.entry("yes", .stderr)]
        let array = try JSONValue.parse(LogDrain.Kind.http.body(entries, host: "h").utf8, what: "body").array
        #expect(array?.count == 2 && array?[0]["level"]?.string == "error" && array?[1]["level"]?.string == "info")
        #expect(array?[0]["message"]?.string == "ERROR: no" && array?[0]["host"]?.string == "h")
        #expect(array?[0]["timestamp"]?.string == "2026-11-29T21:30:00.123456789+00:00")
        let lines = LogDrain.Kind.ndjson.body(entries, host: "h").split(separator: "\n")
        #expect(lines.count == 2)
        let bulk = LogDrain.Kind.elasticsearch.body(entries, host: "h").split(separator: "\n")
        #expect(bulk.count == 4 && bulk[0] == #"{"create":{"_id":"01J-7"}}"#)
        #expect(bulk[1].contains(#""@timestamp":"2026-11-29T21:30:00.123456789+00:00""#))
    }

    @Test("Loki: few labels, times as texts of nanoseconds, the Machine beside the line")
    func loki() throws {
        let entries = [Self.entry("one"), Self.entry("two"), Self.entry("ERROR three")]
        let body = try JSONValue.parse(LogDrain.Kind.loki.body(entries, host: "h").utf8, what: "body")
        let streams = try #require(body["streams"]?.array)
        #expect(streams.count == 2 && streams[1]["stream"]?["level"]?.string == "info")
        #expect(streams[1]["stream"]?["machine"] == nil)
        let values = try #require(streams[1]["values"]?.array)
        #expect(values.count == 2 && values[0].array?[0].string == "1795987800123456789")
        #expect(values[0].array?[1].string == "one" && values[0].array?[2]["machine"]?.string == "148e21b7c65089")
        for (time, expected) in [
            ("2026-11-29T21:30:00Z", "1795987800000000000"), ("2026-11-29T21:30:00.5Z", "1795987800500000000"),
            ("?", "0000000000"),
        ] {
            var entry = Self.entry("")
            entry.timestamp = time
            #expect(entry.nanoseconds == expected)
        }
    }

    @Test(
        "syslog: lengths in bytes before each message, a mark before other letters, six digits, nothing that breaks a head"
    )
    func syslog() {
        let plain = LogDrain.Kind.syslog.body([Self.entry("a\nb")], host: "my host")
        let message =
            "<134>1 2026-11-29T21:30:00.123456+00:00 myhost shop 148e21b7c65089 - "
            + "[roost@32473 region=\"fra\" group=\"app\" level=\"info\" stream=\"stdout\"] a\nb"
        #expect(plain == "\(message.utf8.count) \(message)")
        let marked = LogDrain.Kind.syslog.body([Self.entry("FATAL: é")], host: "h")
        #expect(marked.contains("<131>1 ") && marked.hasSuffix("] \u{FEFF}FATAL: é"))
        #expect(marked.hasPrefix("\(marked.utf8.count - marked.utf8.prefix { $0 != 32 }.count - 1) "))
        var odd = Self.entry("x")
        (odd.app, odd.group, odd.machine) = (String(repeating: "a", count: 60), "a\"]\\", "")
        let text = LogDrain.Kind.syslog.body([odd], host: "")
        #expect(text.contains(" - \(String(repeating: "a", count: 48)) - - ") && text.contains(#"group="a\"\]\\""#))
    }

    @Test("a line that nobody wants is left out, and holds up no other; who wants none is asked again")
    func delivery() async {
        let entries = (0..<1000).map { Self.entry($0 == 37 || $0 == 902 ? "poison" : "\($0)") }
        var asked = 0
        var got: [String] = []
        let delivery = await LogDelivery.of(entries) { part in
            asked += 1
            if part.contains(where: { $0.text == "poison" }) { return .refused("no") }
            got += part.map(\.text)
            return .taken()
        }
        #expect(delivery.done == 1000 && delivery.taken == 998 && delivery.refused == 2 && delivery.failure == nil)
        #expect(asked < 50 && got == entries.map(\.text).filter { $0 != "poison" })
        let none = await LogDelivery.of(entries) { _ in .refused("not here") }
        #expect(none.done == 0 && none.refused == 0 && none.failure == "not here")
        let partly = await LogDelivery.of(entries) { part in
            part.count > 500 ? .refused("too many") : part[0].text == "0" ? .taken(refused: 3) : .failed("gone")
        }
        #expect(partly.done == 500 && partly.taken == 497 && partly.refused == 3 && partly.failure == "gone")
    }

    @Test(
        "a receiver that fails is asked again after a second, two, four, up to a minute; what was lost is counted once"
    )
    func lane() {
        var lane = LogDrainLane(cursor: 10)
        var now = Timestamp(milliseconds: 1_000_000)
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] as [Int64] {
            #expect(lane.isDue(at: now))
            lane.failed("gone", at: now)
            #expect(!lane.isDue(at: now.advanced(by: .milliseconds(pause * 1000 - 1))))
            now = now.advanced(by: .seconds(pause))
        }
        #expect(lane.isFailing && lane.error == "gone" && lane.cursor == 10)
        lane.lost(5, upTo: 20)
        lane.lost(5, upTo: 20)
        #expect(lane.dropped == 5 && lane.cursor == 20)
        lane.delivered(3, refused: 1, upTo: 30, at: now)
        #expect(!lane.isFailing && lane.error == nil && lane.deliveredAt == now && lane.isDue(at: now))
        #expect(lane.sent == 3 && lane.refused == 1 && lane.cursor == 30)
        lane.skip(to: 25)
        #expect(lane.cursor == 30)
    }
}
