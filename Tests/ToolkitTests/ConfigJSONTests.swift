import Model
import Testing
import Toolkit

@Suite("Configuration files in JSON")
struct ConfigJSONTests {
    @Test("values have their types and know their places")
    func types() throws {
        let text = """
            {
              "app": "a\\u00e9\\ud83d\\ude00\\n\\/",
              "port": 8080, "ratio": 1.0, "big": 1e3, "low": -0,
              "é": [true, null, {"x": {}}],
              "gone": null
            }
            """
        let root = try ConfigJSON.parse(text, file: "fly.json")
        #expect(root["app"]?.value == .string("aé😀\n/"))
        #expect(root["port"]?.value == .integer(8080))
        #expect(root["ratio"]?.value == .float(1))
        #expect(root["big"]?.value == .float(1000))
        #expect(root["low"]?.value == .integer(0))
        #expect(root["gone"] == nil)
        #expect(root["ratio"]?.position == .init(line: 3, column: 26))
        guard case .table(let entries) = root.value, case .array(let items) = root["é"]?.value else {
            throw Fault(.corrupt, "no table")
        }
        #expect(entries.map(\.key) == ["app", "port", "ratio", "big", "low", "é"])
        #expect(entries.last?.keyPosition == .init(line: 4, column: 3))
        #expect(items.map(\.value).prefix(2) == [.boolean(true), .string("")])
        #expect(items.last?.position == .init(line: 4, column: 21))
        #expect(try ConfigJSON.parse("\u{FEFF} [] ", file: "f").value == .array([]))
        #expect(try ConfigJSON.parse("null", file: "f").value == .string(""))
    }

    @Test(
        "what RFC 8259 does not allow is refused with its place",
        arguments: [
            ("", "f:1:1: expected a value, found the end of the file"),
            ("{\n  a: 1}", #"f:2:3: expected a key in double quotes, found "a""#),
            (#"{"a" 1}"#, #"f:1:6: expected ":" after the key, found "1""#),
            (#"{"a": 1 "b": 2}"#, #"f:1:9: expected "," or "}" after the value, found a double quote"#),
            (#"{"a": 1,}"#, #"f:1:9: expected a key in double quotes, found "}""#),
            ("[1,]", #"f:1:4: expected a value, found "]""#),
            ("[1 2]", #"f:1:4: expected "," or "]" after the value, found "2""#),
            ("{} {}", #"f:1:4: expected the end of the file after the value, found "{""#),
            ("{} // no", #"f:1:4: expected the end of the file after the value, found "/""#),
            (#"{"a": 1, "b": 2, "a": 3}"#, #"f:1:18: expected a new key, found "a" again, which is there since 1:2"#),
            ("['a']", #"f:1:2: expected a value, found "'a'""#),
            ("[True]", #"f:1:2: expected a value, found "True""#),
            ("[NaN]", #"f:1:2: expected a value, found "NaN""#),
            ("[01]", #"f:1:2: expected a value, found "01""#),
            ("[+1]", #"f:1:2: expected a value, found "+1""#),
            ("[.5]", #"f:1:2: expected a value, found ".5""#),
            ("[1.]", #"f:1:2: expected a value, found "1.""#),
            ("[1e]", #"f:1:2: expected a value, found "1e""#),
            ("[0x10]", #"f:1:2: expected a value, found "0x10""#),
            ("[-]", #"f:1:2: expected a value, found "-""#),
            ("[9223372036854775808]", #"f:1:2: expected a number of 64 bits, found "9223372036854775808""#),
            ("[1e999]", #"f:1:2: expected a number of 64 bits, found "1e999""#),
            ("[\"a\nb\"]", "f:1:4: expected a closing double quote, found the end of the line"),
            ("[\"a", "f:1:4: expected a closing double quote, found the end of the file"),
            (#"["\x"]"#, ##"f:1:3: expected an escape (\" \\ \/ \b \f \n \r \t \uXXXX), found a backslash and "x""##),
            (#"["\u12g4"]"#, #"f:1:7: expected 4 hexadecimal digits after the backslash, found "g""#),
            (#"["\ud800"]"#, "f:1:3: expected a Unicode character, found half of a pair, U+D800"),
            (#"["\ud800\u0041"]"#, "f:1:3: expected a Unicode character, found half of a pair, U+D800"),
            (#"["\udc00\ud800"]"#, "f:1:3: expected a Unicode character, found half of a pair, U+DC00"),
            ("[1\u{A0}]", "f:1:2: expected a value, found \"1\u{A0}\""),
        ]
    )
    func errors(text: String, message: String) {
        let fault = #expect(throws: Fault.self) { try ConfigJSON.parse(text, file: "f") }
        #expect(fault?.message == message)
        #expect(fault?.code == .invalidConfig)
    }

    @Test("bytes that are no text are refused")
    func broken() {
        let fault = #expect(throws: Fault.self) {
            try ConfigJSON.parse([0x5B, 0x22, 0xC3, 0x28, 0x22, 0x5D], file: "f")
        }
        #expect(fault?.message == "f:1:3: expected UTF-8, found the byte 0xC3")
        #expect(throws: Fault.self) { try ConfigFormat.yaml.parse([0x61, 0x3A, 0xFF], file: "f") }
    }

    @Test("depth and size are bounded", .timeLimit(.minutes(1)))
    func bounded() throws {
        let most = ConfigJSON.maximumDepth
        let deep = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        _ = try ConfigJSON.parse(deep(most), file: "f")
        let fault = #expect(throws: Fault.self) { try ConfigJSON.parse(deep(most + 1), file: "f") }
        #expect(fault?.message == "f:1:65: expected at most 64 levels of nesting, found more")
        #expect(throws: Fault.self) { try ConfigJSON.parse(String(repeating: #"{"a":"#, count: 100_000), file: "f") }
        let long = "[\"" + String(repeating: "x", count: ConfigJSON.maximumBytes) + "\"]"
        #expect(#expect(throws: Fault.self) { try ConfigJSON.parse(long, file: "f") }?.code == .tooLarge)
        // A key twice among many is found without comparing each with each.
        let keys = (0..<80_000).map { "\"\($0)\":0" }.joined(separator: ",")
        #expect(throws: Fault.self) { try ConfigJSON.parse("{\(keys),\"7\":1}", file: "f") }
    }

    @Test("no bytes make it crash, and each error names a place", arguments: [UInt64.random(in: 0 ... .max)])
    func noise(seed: UInt64) {
        print("fly.json noise: seed \(seed)")
        var state = seed
        let tokens = [
            "{", "}", "[", "]", "\"", "\\", ":", ",", "1", "-", "e5", ".", "true", "nul", " ", "\n", "\\u", "d8", "é",
        ]
        for _ in 0..<3000 {
            var text = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += tokens[Int(state >> 33) % tokens.count]
            }
            do throws(Fault) {
                let root = try ConfigJSON.parse(text, file: "f")
                let again = try ConfigJSON.parse(ConfigFormat.json.text(of: root), file: "f")
                #expect(again.saysTheSame(as: root), "\(text)")
            } catch {
                #expect(error.message.hasPrefix("f:"), "\(text)")
            }
        }
    }
}
