import Model
import Testing

@Suite("JSON as it comes")
struct JSONValueTests {
    private func parse(_ text: String) throws(Fault) -> JSONValue { try JSONValue.parse(text.utf8, what: "body") }

    @Test(
        "is written as it was read",
        arguments: [
            #"{"a":[1,-2,2.5,true,false,null,"x"],"b":{}}"#, #""é\"\\\n\u0001""#, "[]", "9223372036854775807",
            "1e+30", #"{"deep":[[[[]]]]}"#,
        ]
    )
    func roundTrip(text: String) throws {
        #expect(try parse(text).text == text)
    }

    @Test(
        "escapes are read, pairs of surrogates too",
        arguments: [(#""\u00e9\/\b""#, "é/\u{8}"), (#""\ud83d\ude00""#, "😀"), (#""\ud83d x""#, "\u{FFFD} x")]
    )
    func escapes(text: String, expected: String) throws {
        #expect(try parse(text).string == expected)
    }

    @Test(
        "what is no JSON is refused with its place",
        arguments: [
            ("", "not JSON: expected a value at its end"), ("{", "not JSON: expected a key at its end"),
            ("[1,]", "not JSON: expected a value at byte 4"), ("01", "not JSON: expected a value at byte 1"),
            ("1 2", "not JSON: expected the end at byte 3"), (#"{"a" 1}"#, "not JSON: expected \":\" at byte 6"),
            ("\"a\nb\"", "not JSON: expected no control character in a string at byte 4"),
            ("nul", "not JSON: expected a value at byte 1"),
            ("+1", "not JSON: expected a value at byte 1"), ("1e999", "not JSON: expected a number at byte 1"),
            ("-", "not JSON: expected a value at byte 1"), ("1.", "not JSON: expected a number at byte 1"),
        ]
    )
    func refused(text: String, message: String) {
        #expect(throws: Fault(.invalidRequest, "body: \(message)")) { try parse(text) }
    }

    @Test("what is too deep or no UTF-8 is refused")
    func hostile() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: Fault.self) { try parse(deep) }
        #expect(throws: Fault(.invalidRequest, "body: not UTF-8")) {
            try JSONValue.parse([0x22, 0xFF, 0x22], what: "body")
        }
    }
}
