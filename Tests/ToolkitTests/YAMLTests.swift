import Model
import Testing
import Toolkit

@Suite("YAML")
struct YAMLTests {
    @Test("values have the types of the core schema and know their places")
    func types() throws {
        let text = """
            on: push
            yes: no
            port: 8000
            octal: 0o17
            version: 1.0
            date: 2024-01-01
            empty:
            list: [true, "true", ~]
            """
        let root = try YAML.parse(text, file: "a.yaml")
        #expect(root["on"]?.value == .string("push"))
        #expect(root["yes"]?.value == .string("no"))
        #expect(root["port"]?.value == .integer(8000))
        #expect(root["port"]?.position == .init(line: 3, column: 7))
        #expect(root["octal"]?.value == .integer(15))
        #expect(root["version"]?.value == .float(1))
        #expect(root["date"]?.value == .string("2024-01-01"))
        #expect(root["empty"] == nil)
        guard case .array(let items) = root["list"]?.value else { throw Fault(.corrupt, "no list") }
        #expect(items.map(\.value) == [.boolean(true), .string("true"), .string("")])
    }

    @Test("merge keys bring values in, own ones win")
    func merge() throws {
        let root = try YAML.parse("base: &b {a: 1, b: 2}\nuse:\n  <<: *b\n  b: 3\n", file: "a.yaml")
        #expect(root["use"]?["a"]?.value == .integer(1))
        #expect(root["use"]?["b"]?.value == .integer(3))
    }

    @Test("several documents come in order")
    func documents() throws {
        #expect(try YAML.documents("a: 1\n---\nb: 2\n", file: "a.yaml").count == 2)
        #expect(try YAML.documents("", file: "a.yaml").isEmpty)
    }

    @Test("a bomb of aliases is refused", .timeLimit(.minutes(1)))
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n"
        }
        let error = #expect(throws: Fault.self) { try YAML.parse(text, file: "a.yaml") }
        #expect(error?.code == .tooLarge)
    }

    @Test("errors name file, line and column", arguments: ["a: [1\n", "a: 1\n b: 2\n", "a: *nobody\n", "a: 1\na: 2\n"])
    func errors(text: String) {
        let error = #expect(throws: Fault.self) { try YAML.parse(text, file: "a.yaml") }
        #expect(error?.message.hasPrefix("a.yaml:") == true)
        #expect(error?.code == .invalidConfig)
    }

    @Test("depth is bounded")
    func depth() {
        let text = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        #expect(throws: Fault.self) { try YAML.parse(text, file: "a.yaml") }
    }

    @Test(
        "a key twice and a tab are said where they stand",
        arguments: [
            (
                "app: a\nenv:\n  A: 1\n  B: 2\n  A: 3\n",
                "f:5:3: expected a new key, found \"A\" again in the same table"
            ),
            ("A: 1\nenv:\n  A: 1\n\"A\": 2\n", "f:4:1: expected a new key, found \"A\" again in the same table"),
            ("a:\n\tb: 1\n", "f:2:1: found a tab, expected spaces: YAML is indented with them alone"),
        ]
    )
    func place(text: String, message: String) {
        let fault = #expect(throws: Fault.self) { try YAML.parse(text, file: "f") }
        #expect(fault?.message == message)
    }

}
