import Model
import Testing

@Suite("Logs")
struct LogTests {
    @Test(
        "a line's level is what the line says of itself",
        arguments: [
            ("INFO:     Started server process [7]", LogLevel.info, "uvicorn, on standard error"),
            ("[2026-01-02 10:00:00 +0000] [7] [ERROR] Exception in worker process", .error, "gunicorn"),
            ("WARNING:root:watch out", .warning, "logging.basicConfig"),
            ("2026-01-02 10:00:00,123 - app.db - DEBUG - select 1", .debug, "a usual format"),
            (#"{"level": "error", "msg": "no"}"#, .error, "JSON"),
            (#"{"severity":"WARNING","msg":"INFO"}"#, .warning, "the field, not the text"),
            ("time=1 level=warn msg=x", .warning, "logfmt"),
            ("CRITICAL out of ideas", .error, "the highest of Python's"),
            ("Traceback (most recent call last):", .error, "its first line"),
            ("sqlalchemy.exc.OperationalError: no such table", .error, "its last line"),
            ("ValueError: no", .error, "its last line"),
            ("everything is fine, no error here", .info, "small letters are prose"),
            ("GET /error HTTP/1.1", .info, "a path is no level"),
            ("", .info, "nothing"),
            ("level", .info, "a name without a value"),
            ("INFORMATION for you", .info, "a longer word"),
        ]
    )
    func levels(line: String, level: LogLevel, why: String) {
        #expect(LogLevel(of: line) == level, "\(why): \(line)")
    }

    @Test(
        "a line that says why an app can't work is found, and what to do about it",
        arguments: [
            ("PermissionError: [Errno 13] Permission denied: 'uploads'", "\"uploads\""),
            ("sqlite3.OperationalError: unable to open database file", "that place"),
            ("OSError: [Errno 30] Read-only file system: '/srv/cache'", "\"/srv/cache\""),
            ("Error: EACCES: permission denied, mkdir '/app/tmp'", "\"/app/tmp\""),
            ("  | PermissionError: [Errno 13] Permission denied: \"a\"", "\"a\""),
        ]
    )
    func notWritable(line: String, place: String) throws {
        let clue = try #require(LogClue(line))
        guard case .notWritable = clue else { return #expect(Bool(false), "\(clue)") }
        #expect(clue.advice.contains("may not write to \(place)"))
        #expect(clue.advice.contains("[[mounts]]"))
    }

    @Test("broken code is a clue, an ordinary line is none, and the last of several counts")
    func clues() {
        let missing = "ModuleNotFoundError: No module named 'nosuchmodule'"
        #expect(LogClue(missing) == .code(missing))
        #expect(LogClue("[Errno 98] error while attempting to bind: address already in use") != nil)
        for line in ["INFO: started", "ConnectionRefusedError: [Errno 111]", "", "NameErrors are rare"] {
            #expect(LogClue(line) == nil, "\(line)")
        }
        #expect(LogClue.last(in: ["PermissionError: 'a'", "x", missing, "y"]) == .code(missing))
    }

    @Test("a module that nothing brings: the package is named where that is beyond doubt")
    func missingPackage() throws {
        func advice(_ module: String) throws -> String {
            try #require(LogClue("ModuleNotFoundError: No module named '\(module)'")).advice
        }
        #expect(try advice("authlib.jose").contains("add authlib to what the project requires"))
        #expect(try advice("yaml").contains("add PyYAML to"))
        #expect(try advice("pydantic_settings").contains("add pydantic-settings to"))
        #expect(try advice("google") == "correct the code or its requirements, then deploy again")
    }

    @Test("lines of checks that pass are known by path and status, whatever server writes them")
    func checkLines() {
        var config = MachineConfig(image: "x")
        var service = MachineConfig.Service(internalPort: 8000)
        var check = MachineConfig.Check(type: .http)
        check.path = "/health"
        service.checks = [check]
        config.services = [service]
        let lines = CheckLines(config)
        for line in [
            #"INFO:     172.16.0.1:40032 - "GET /health HTTP/1.1" 200 OK"#,
            #"172.16.0.1 - - [02/Jan/2026:10:00:00 +0000] "GET /health HTTP/1.1" 204 0 "-" "roost-check""#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        for line in [
            #"INFO:     172.16.0.1:40032 - "GET /health HTTP/1.1" 503 Service Unavailable"#,
            #"INFO:     172.16.0.1:40032 - "GET /healthy HTTP/1.1" 200 OK"#,
            #"INFO:     172.16.0.1:40032 - "POST /health HTTP/1.1" 200 OK"#, "GET /health", "",
        ] {
            #expect(!lines.contains(line), "\(line)")
        }
        #expect(!CheckLines(MachineConfig(image: "x")).contains(#""GET /health HTTP/1.1" 200 OK"#))
    }

    @Test("the last lines of several Machines are in the order of time")
    func order() {
        let lines = [("3", "c"), ("1", "a"), ("2", "b"), ("2", "b2"), ("0", "z")].map {
            LogLine(timestamp: $0.0, stream: .stdout, text: $0.1)
        }
        #expect(LogOrder.last(4, of: lines).map(\.text) == ["a", "b", "b2", "c"])
        #expect(LogOrder.last(0, of: lines).isEmpty)
    }

    @Test("a traceback is wanted whole, with what the logger said before it, or not at all")
    func entries() {
        let lines = [
            "INFO started", "ERROR in the handler", "Traceback (most recent call last):", "  File \"a.py\", line 1", "",
            "KeyError: 'x'", "", "During handling of the above exception, another exception occurred:", "",
            "Traceback (most recent call last):", "  File \"b.py\", line 2", "ValueError: NO", "INFO went on",
            "  with a line more", "INFO the end",
        ]
        func kept(_ filter: LogFilter) -> [String] {
            var sieve = LogSieve(filter)
            return lines.flatMap { sieve.take(LogLine(timestamp: "", stream: .stderr, text: $0)) }.map(\.text)
        }
        #expect(kept(LogFilter()) == lines)
        #expect(kept(LogFilter(level: .error)) == Array(lines[1..<12]))
        #expect(kept(LogFilter(text: "keyerror")) == Array(lines[1..<12]))
        #expect(kept(LogFilter(text: "KEYERROR")).isEmpty)
        #expect(kept(LogFilter(text: "with a line")) == Array(lines[12..<14]))
        #expect(kept(LogFilter(level: .info, text: "the end")) == ["INFO the end"])
    }

    @Test("lines of two outputs that come between each other do not tear an entry")
    func outputs() {
        var sieve = LogSieve(LogFilter(text: "boom"))
        let lines: [(LogLine.Stream, String)] = [
            (.stderr, "Traceback (most recent call last):"), (.stdout, "GET /"), (.stderr, "  boom()"),
            (.stdout, "GET /b"),
            (.stderr, "TypeError: x"),
        ]
        let kept = lines.flatMap { sieve.take(LogLine(timestamp: "", stream: $0.0, text: $0.1)) }
        #expect(kept.map(\.text) == ["Traceback (most recent call last):", "  boom()", "TypeError: x"])
    }

    @Test("a time span holds by the moment, whatever the offset, and what waits for a match is bounded")
    func span() {
        let filter = LogFilter(
            since: Timestamp(rfc3339: "2026-11-21T07:00:00Z"),
            until: Timestamp(rfc3339: "2026-11-21T08:00:00Z")
        )
        func holds(_ time: String) -> Bool { filter.holds(LogLine(timestamp: time, stream: .stdout, text: "")) }
        #expect(holds("2026-11-21T07:00:00.000000001+00:00") && holds("2026-11-21T08:59:59.9+01:00"))
        #expect(!holds("2026-11-21T08:00:00+00:00") && !holds("2026-11-21T07:59:59+01:00"))
        #expect(holds("some time"))
        var sieve = LogSieve(LogFilter(text: "end"))
        for _ in 0..<10_000 { _ = sieve.take(LogLine(timestamp: "", stream: .stdout, text: " more")) }
        #expect(sieve.take(LogLine(timestamp: "", stream: .stdout, text: " end")).count == 501)
    }
}
