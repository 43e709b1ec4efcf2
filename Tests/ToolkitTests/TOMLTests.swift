import Model
import Testing
import Toolkit

@Suite("TOML 1.0: what it means")
struct TOMLTests {
    @Test("reads each form of a value", arguments: values)
    func value(row: (text: String, value: ConfigNode.Value)) throws {
        let root = try TOML.parse("a = \(row.text)", file: "x.toml")
        #expect(root["a"]?.value == row.value)
        #expect(root["a"]?.position == ConfigNode.Position(line: 1, column: 5))
    }

    private static let values: [(text: String, value: ConfigNode.Value)] = [
        (#""a\tb\u00e9\U0001F600\"\\""#, .string("a\tbé😀\"\\")),
        (#"'C:\temp'"#, .string(#"C:\temp"#)),
        ("\"\"\"\na\\\n   b\"\"\"\"\"", .string("ab\"\"")),
        ("'''\n'a'\r\nb'''", .string("'a'\nb")),
        ("1_000", .integer(1000)),
        ("-17", .integer(-17)),
        ("0xDEAD_beef", .integer(0xDEAD_BEEF)),
        ("0o755", .integer(0o755)),
        ("0b1101", .integer(13)),
        ("-9223372036854775808", .integer(.min)),
        ("3.14_15", .float(3.1415)),
        ("-2e-2", .float(-0.02)),
        ("+inf", .float(.infinity)),
        ("true", .boolean(true)),
        ("1979-05-27T07:32:00.999-07:00", .datetime("1979-05-27T07:32:00.999-07:00")),
        ("1979-05-27 07:32:00Z", .datetime("1979-05-27 07:32:00Z")),
        ("1979-05-27T07:32:00", .datetime("1979-05-27T07:32:00")),
        ("2024-02-29", .datetime("2024-02-29")),
        ("07:32:00.5", .datetime("07:32:00.5")),
        ("[]", .array([])),
        ("{}", .table([])),
    ]

    @Test("tells where keys and values stand, counting characters and not bytes")
    func positions() throws {
        let root = try TOML.parse(
            "\"é\" = 'ü' # ö\n[a.b]\n  c.d = [ 1,\n\t2 ]\n[[e]]\n[[e]]\nf = { g = 1 }",
            file: "x.toml"
        )
        #expect(
            Self.places(root) == [
                "é 1:1 1:7", "a 2:2 2:2", "a.b 2:4 2:1", "a.b.c 3:3 3:3", "a.b.c.d 3:5 3:9", "a.b.c.d[0] 3:11",
                "a.b.c.d[1] 4:2", "e 5:3 5:1", "e[0] 5:1", "e[1] 6:1", "e[1].f 7:1 7:5", "e[1].f.g 7:7 7:11",
            ]
        )
    }

    @Test("keeps the order of the file, and tables that are continued later")
    func order() throws {
        let root = try TOML.parse("z = 1\na.y = 1\na.x = 2\n[c.d]\n[b]\n[c]\ne = 1", file: "x.toml")
        guard case .table(let entries) = root.value, case .table(let inner)? = root["a"]?.value,
            case .table(let late)? = root["c"]?.value
        else {
            Issue.record("no table")
            return
        }
        #expect(entries.map(\.key) == ["z", "a", "c", "b"])
        #expect(inner.map(\.key) == ["y", "x"])
        #expect(late.map(\.key) == ["d", "e"])
    }

    @Test("skips a byte-order mark and takes lines that end in CR LF")
    func windows() throws {
        let root = try TOML.parse([0xEF, 0xBB, 0xBF] + Array("a = 1\r\n# x\r\n\r\nb = '2'\r\n".utf8), file: "x.toml")
        #expect(root["a"]?.position == ConfigNode.Position(line: 1, column: 5))
        #expect(root["b"]?.value == .string("2"))
        #expect(root["b"]?.position == ConfigNode.Position(line: 4, column: 5))
    }

    @Test("keeps keys apart that look the same but are written with other characters")
    func normalisation() throws {
        let root = try TOML.parse("\"\u{E9}\" = 1\n\"e\u{301}\" = 2", file: "x.toml")
        guard case .table(let entries) = root.value else { return }
        #expect(entries.count == 2)
    }

    @Test("reads a table of a hundred thousand keys in one go")
    func manyKeys() throws {
        let text = (0..<100_000).map { "k\($0)=1\n" }.joined()
        guard case .table(let entries) = try TOML.parse(text, file: "x.toml").value else { return }
        #expect(entries.count == 100_000)
    }

    @Test(
        "takes 64 levels and no more, however they are made",
        arguments: [
            (levels: 64, fits: true), (levels: 65, fits: false), (levels: 100_000, fits: false),
        ]
    )
    func depth(row: (levels: Int, fits: Bool)) {
        let count = row.levels
        let forms = [
            "a = " + String(repeating: "[", count: count) + String(repeating: "]", count: count),
            "[" + Array(repeating: "a", count: count).joined(separator: ".") + "]",
            Array(repeating: "a", count: count + 1).joined(separator: ".") + " = 1",
            "a = " + String(repeating: "{a = ", count: count) + "1" + String(repeating: "}", count: count),
        ]
        for form in forms {
            let message = Self.fault(form)?.message
            #expect((message == nil) == row.fits, "\(form.prefix(20))")
            if let message { #expect(message.hasSuffix("expected at most 64 levels of nesting, found more")) }
        }
    }

    @Test("refuses a file above 1 MiB before it reads it")
    func size() {
        #expect(throws: Fault(.tooLarge, "x.toml: expected at most 1048576 bytes, found 1048577")) {
            try TOML.parse([UInt8](repeating: 0x0A, count: 1_048_577), file: "x.toml")
        }
    }

    // MARK: - Private

    private static func fault(_ text: String) -> Fault? {
        do throws(Fault) {
            _ = try TOML.parse(text, file: "x.toml")
            return nil
        } catch {
            return error
        }
    }

    private static func places(_ node: ConfigNode, _ path: String = "") -> [String] {
        switch node.value {
        case .table(let entries):
            entries.flatMap { entry in
                let name = path.isEmpty ? entry.key : "\(path).\(entry.key)"
                return ["\(name) \(place(entry.keyPosition)) \(place(entry.node.position))"] + places(entry.node, name)
            }
        case .array(let nodes):
            nodes.enumerated().flatMap { offset, element in
                ["\(path)[\(offset)] \(place(element.position))"] + places(element, "\(path)[\(offset)]")
            }
        default: []
        }
    }

    private static func place(_ position: ConfigNode.Position) -> String { "\(position.line):\(position.column)" }
}
