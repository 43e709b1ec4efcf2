import Model
import Testing

@Suite("Rules of the Machines API")
struct MachineRulesTests {
    private let now = Timestamp(milliseconds: 1_000_000)

    private func machine() -> Machine {
        Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "iad",
            host: "h",
            createdAt: now,
            spec: Machine.Spec(instance: "01J", config: MachineConfig(image: "x"))
        )
    }

    @Test("a lease keeps out all but its nonce, until it ends")
    func lease() throws {
        let id = Machine.ID.random()
        let lease = MachineLease(
            nonce: "abc",
            expiresAt: now.advanced(by: .seconds(5)),
            owner: "ci",
            description: "",
            version: "01J"
        )
        try MachineLease.admit(nil, nonce: nil, to: id, now: now)
        try MachineLease.admit(lease, nonce: "abc", to: id, now: now)
        try MachineLease.admit(lease, nonce: nil, to: id, now: now.advanced(by: .seconds(5)))
        for nonce in [nil, "x", ""] {
            let fault = try #require(throws: Fault.self) {
                try MachineLease.admit(lease, nonce: nonce, to: id, now: now)
            }
            #expect(fault.code.httpStatus == 409)
            #expect(
                fault.message
                    == "aborted: machine ID \(id) lease currently held by ci, expires at 1970-01-01T00:16:45.000Z"
            )
        }
    }

    @Test("metadata: keys are set and removed, the platform's own stay")
    func metadata() throws {
        var machine = machine()
        machine.spec.config.metadata = ["a": "1", "b": "2", "roost_open_to": "x"]
        let patch = MetadataChange(["a": "3", "b": nil, "roost_open_to": nil])
        #expect(try patch.apply(to: machine) == ["a": "3", "roost_open_to": "x"])
        let put = MetadataChange(["c": "4"], replacesAll: true)
        #expect(try put.apply(to: machine) == ["c": "4", "roost_open_to": "x"])
        #expect(throws: Fault.self) { try MetadataChange([:], instance: "other").apply(to: machine) }
        #expect(throws: Fault.self) { try MetadataChange([:], updatedAt: "2001").apply(to: machine) }
        #expect(throws: Fault.self) { try MetadataChange(["": "x"]).apply(to: machine) }
        #expect(throws: Fault.self) {
            try MetadataChange(["x": String(repeating: "x", count: 5000)]).apply(to: machine)
        }
    }

    @Test(
        "a command line is taken apart as a shell does",
        arguments: [
            ("ls -l", ["ls", "-l"]), (#"sh -c 'echo "a b"'"#, ["sh", "-c", #"echo "a b""#]), ("a\\ b", ["a b"]),
            (#""a \"b\" \n""#, [#"a "b" \n"#]), ("''", [""]), ("  ", []),
        ]
    )
    func words(line: String, words: [String]) {
        #expect(CommandLineWords.split(line) == words)
    }

    @Test("a quote that is not closed is an error", arguments: ["'a", "\"a", "a\\"])
    func openQuote(line: String) {
        #expect(CommandLineWords.split(line) == nil)
    }

    @Test("a stop takes names and numbers, seconds and durations")
    func stop() throws {
        #expect(
            try StopOrder(signal: .string("SIGTERM"), timeout: .string("10s"))
                == StopOrder(signal: .term, timeout: .seconds(10))
        )
        #expect(try StopOrder(signal: .int(9), timeout: .int(7)) == StopOrder(signal: .kill, timeout: .seconds(7)))
        #expect(try StopOrder(signal: nil, timeout: .string("0s")).timeout == .zero)
        #expect(
            try StopOrder(signal: .string("HUP"), timeout: .string("3"))
                == StopOrder(signal: .hup, timeout: .seconds(3))
        )
        #expect(throws: Fault.self) { try StopOrder(signal: .string("SIGWHAT"), timeout: nil) }
        #expect(throws: Fault.self) { try StopOrder(signal: nil, timeout: .string("1h")) }
        #expect(throws: Fault.self) { try StopOrder(signal: .bool(true), timeout: nil) }
    }

    @Test(
        "signals go by name or number",
        arguments: [(JSONValue.string("SIGUSR1"), Int32(10)), (.string("kill"), 9), (.int(9), 9)]
    )
    func signals(value: JSONValue, number: Int32) throws {
        #expect(try ProcessSignal.read(value) == number)
    }

    @Test("no other ones are sent", arguments: [JSONValue.string("SIGSTOP"), .int(19), .null, .bool(true), .int(0)])
    func noSignals(value: JSONValue) {
        #expect(throws: Fault.self) { try ProcessSignal.read(value) }
    }
}
