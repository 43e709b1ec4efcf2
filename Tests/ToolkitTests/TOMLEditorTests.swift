import Model
import Testing
import Toolkit

@Suite("A TOML file that is changed in place")
struct TOMLEditorTests {
    @Test("sets one value, and nothing else moves", arguments: sets)
    func set(row: Row) throws {
        var editor = try TOMLEditor(row.text, file: "fly.toml")
        try editor.set(row.path, to: row.value)
        #expect(editor.text == row.expected)
    }

    @Test("removes one value, and nothing else moves", arguments: removals)
    func remove(row: Row) throws {
        var editor = try TOMLEditor(row.text, file: "fly.toml")
        #expect(try editor.remove(row.path))
        #expect(editor.text == row.expected)
    }

    @Test("says that there is nothing to remove", arguments: [["a", "x"], ["b", 0], ["t", "k"]] as [ConfigPath])
    func nothing(path: ConfigPath) throws {
        var editor = try TOMLEditor("a = { b = 1 }\nb = []\n[t]\nl = 1", file: "f")
        #expect(try !editor.remove(path))
        #expect(editor.text == "a = { b = 1 }\nb = []\n[t]\nl = 1")
    }

    @Test(
        "refuses a way through what is no table",
        arguments: [
            (["a", "b"], "b can't be set in string \"x\""), (["l", 5], "[5] can't be set in an array"),
            (["l", "k"], "k can't be set in an array"), (["t", 0], "[0] can't be set in a table"),
        ] as [(ConfigPath, String)]
    )
    func refused(path: ConfigPath, message: String) throws {
        var editor = try TOMLEditor("a = 'x'\nl = [1]\n[t]\nk = 1\n", file: "f")
        let fault = #expect(throws: Fault.self) { try editor.set(path, to: .integer(1)) }
        #expect(fault?.message == message)
        #expect(editor.text == "a = 'x'\nl = [1]\n[t]\nk = 1\n")
    }

    @Test(
        "each value of each fixture can be set again, set to another, and removed",
        arguments: ConfigRoundTripTests.texts
    )
    func everyValue(text: String) throws {
        let root = try TOML.parse(text, file: "f")
        let paths = Self.paths(root, [])
        // Of a long file, some sixty all over it.
        for path in stride(from: 0, to: paths.count, by: 1 + paths.count / 60).map({ paths[$0] }) {
            var editor = try TOMLEditor(text, file: "f")
            guard let value = root.value(at: path)?.value else { throw Fault(.corrupt, "\(path)") }
            try editor.set(path, to: value)
            #expect(try TOML.parse(editor.text, file: "f").saysTheSame(as: root), "\(path)")
            let isSection = if case .table = value { true } else { false }
            if !isSection { #expect(Self.comments(editor.text) == Self.comments(text), "\(path)") }
            // An element of an array of tables has to stay one.
            let other = isSection ? Self.table(("o", .boolean(true))) : .string("é\"\n")
            try editor.set(path, to: other)
            #expect(
                try TOML.parse(editor.text, file: "f").value(at: path)?.saysTheSame(as: ConfigNode(made: other)) == true
            )
            #expect(try editor.remove(path), "\(path)")
            try editor.set(["a new", "table", "k"], to: .integer(1))
            #expect(try TOML.parse(editor.text, file: "f").value(at: ["a new", "table", "k"])?.value == .integer(1))
        }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var reason: String
        var text: String
        var path: ConfigPath
        var value = ConfigNode.Value.integer(1)
        var expected: String

        init(_ reason: String, _ text: String, _ path: ConfigPath, _ value: ConfigNode.Value, _ expected: String) {
            self.reason = reason
            self.text = text
            self.path = path
            self.value = value
            self.expected = expected
        }

        init(_ reason: String, _ text: String, _ path: ConfigPath, _ expected: String) {
            self.init(reason, text, path, .integer(1), expected)
        }

        var testDescription: String { reason }
    }

    // MARK: - Private

    /// All scalars and whole sections.
    private static func paths(_ node: ConfigNode, _ path: [ConfigPath.Part]) -> [ConfigPath] {
        let own = path.isEmpty ? [] : [ConfigPath(path)]
        switch node.value {
        case .table(let entries): return own + entries.flatMap { paths($0.node, path + [.key($0.key)]) }
        case .array(let nodes):
            return own + nodes.enumerated().flatMap { paths($0.element, path + [.index($0.offset)]) }
        default: return own
        }
    }

    private static func comments(_ text: String) -> Int {
        text.split(separator: "\n").count { $0.drop { $0 == " " }.hasPrefix("#") }
    }

    private static func table(_ pairs: (String, ConfigNode.Value)...) -> ConfigNode.Value {
        .table(
            pairs.map { ConfigNode.Entry(key: $0, keyPosition: .init(line: 1, column: 1), node: ConfigNode(made: $1)) }
        )
    }

    private static let sets: [Row] = [
        Row(
            "a value keeps its comment",
            "# head\napp = \"a\"  # the name\nb = 2\n",
            ["app"],
            .string("new"),
            "# head\napp = \"new\"  # the name\nb = 2\n"
        ),
        Row(
            "a value of several lines",
            "a = [\n  1, # one\n  2,\n] # list\nb = 'x'\n",
            ["a"],
            .boolean(true),
            "a = true # list\nb = 'x'\n"
        ),
        Row("an element of a list", "a = [ 1, 2 ,3 ]", ["a", 1], .string("x"), "a = [ 1, \"x\" ,3 ]"),
        Row("a new element", "a = [1, 2,]", ["a", 2], "a = [1, 2, 1,]"),
        Row("a first element", "a = []", ["a", 0], "a = [1]"),
        Row(
            "a value in braces",
            "s = { a = 1, b.c = 2 } # s",
            ["s", "b", "c"],
            .integer(3),
            "s = { a = 1, b.c = 3 } # s"
        ),
        Row("a new value in braces", "s = { a = 1 }", ["s", "b"], "s = { a = 1, b = 1 }"),
        Row("a new table in braces", "s = {}", ["s", "b", "c"], "s = { b.c = 1 }"),
        Row(
            "a new key behind the others of its table, indented as they are",
            "[a]\n  x = 1 # x\n\n  # about y\n  y = 2\n\n# about b\n[b]\nz = 3\n",
            ["a", "n"],
            "[a]\n  x = 1 # x\n\n  # about y\n  y = 2\n  n = 1\n\n# about b\n[b]\nz = 3\n"
        ),
        Row(
            "a new key of an empty table, indented as elsewhere",
            "[a]\n\n[b]\n  z = 3\n",
            ["a", "n"],
            "[a]\n  n = 1\n\n[b]\n  z = 3\n"
        ),
        Row(
            "a new key at the top",
            "# head\n\napp = 'x'\n\n[b]\nz = 3",
            ["n"],
            "# head\n\napp = 'x'\nn = 1\n\n[b]\nz = 3"
        ),
        Row("the first key at the top", "# head\n\n# b\n[b]\nz = 3\n", ["n"], "# head\n\nn = 1\n\n# b\n[b]\nz = 3\n"),
        Row("a key of an empty file", "", ["n"], "n = 1\n"),
        Row("a key behind a last line without an end", "a = 1", ["n"], "a = 1\nn = 1\n"),
        Row("a key that needs quotes", "[env]\nA = 1\n", ["env", "a b"], "[env]\nA = 1\n\"a b\" = 1\n"),
        Row("line ends of the file", "a = 1\r\n[b]\r\nc = 2\r\n", ["b", "n"], "a = 1\r\n[b]\r\nc = 2\r\nn = 1\r\n"),
        Row("a dotted key", "a.b = 1\na.c = 2\nd = 3\n", ["a", "n"], "a.b = 1\na.c = 2\na.n = 1\nd = 3\n"),
        Row("a dotted key in a section", "[s]\na.b = 1\n[t]\n", ["s", "a", "n"], "[s]\na.b = 1\na.n = 1\n[t]\n"),
        Row(
            "a new table at the end",
            "[a]\nx = 1\n",
            ["b", "n"],
            "[a]\nx = 1\n\n[b]\nn = 1\n"
        ),
        Row(
            "a new table in a file that indents nothing",
            "[a]\nx = 1\n[c]\ny = 1\n",
            ["a", "b", "n"],
            "[a]\nx = 1\n\n[a.b]\nn = 1\n\n[c]\ny = 1\n"
        ),
        Row(
            "a table behind its parent",
            "[a]\n  x = 1\n\n[c]\n  y = 1\n",
            ["a", "b"],
            table(("n", .integer(1))),
            "[a]\n  x = 1\n\n  [a.b]\n    n = 1\n\n[c]\n  y = 1\n"
        ),
        Row(
            "a table that only its parts name",
            "# sub\n[a.b]\n  x = 1\n",
            ["a", "n"],
            "[a]\n  n = 1\n\n# sub\n[a.b]\n  x = 1\n"
        ),
        Row(
            "a key of the second of several tables",
            "[[s]]\n  p = 1\n  [[s.q]]\n    r = 1\n[[s]]\n  p = 2 # two\n  [[s.q]]\n    r = 2\n",
            ["s", 1, "q", 0, "r"],
            .integer(9),
            "[[s]]\n  p = 1\n  [[s.q]]\n    r = 1\n[[s]]\n  p = 2 # two\n  [[s.q]]\n    r = 9\n"
        ),
        Row(
            "a new key of the first of several tables",
            "[[s]]\n  p = 1\n\n[[s]]\n  p = 2\n",
            ["s", 0, "n"],
            "[[s]]\n  p = 1\n  n = 1\n\n[[s]]\n  p = 2\n"
        ),
        Row(
            "a table in the first of several tables",
            "[[s]]\n  p = 1\n\n[[s]]\n  p = 2\n",
            ["s", 0, "t", "n"],
            "[[s]]\n  p = 1\n\n  [s.t]\n    n = 1\n\n[[s]]\n  p = 2\n"
        ),
        Row(
            "one more of several tables",
            "[[s]]\n  p = 1\n\n[z]\n  p = 2\n",
            ["s", 1],
            table(("p", .integer(3))),
            "[[s]]\n  p = 1\n\n[[s]]\n  p = 3\n\n[z]\n  p = 2\n"
        ),
        Row(
            "the first of several tables",
            "a = 1\n",
            ["s", 0],
            table(("p", .integer(3))),
            "a = 1\n\n[[s]]\n  p = 3\n"
        ),
        Row(
            "several tables in place of one",
            "[s]\n  p = 1\n",
            ["s"],
            .array([ConfigNode(made: table(("p", .integer(3)))), ConfigNode(made: table())]),
            "[[s]]\n  p = 3\n\n[[s]]\n"
        ),
        Row(
            "a table in place of another, at its place",
            "# s\n[s]\n  p = 1\n  [s.t]\n    q = 2\n\n[u]\n  v = 1\n",
            ["s"],
            table(("z", .integer(3))),
            "# s\n[s]\n  z = 3\n\n[u]\n  v = 1\n"
        ),
        Row(
            "an element in place of another, at its place",
            "[[s]]\n  p = 1\n\n[[s]]\n  p = 2\n",
            ["s", 0],
            table(("z", .integer(3))),
            "[[s]]\n  z = 3\n\n[[s]]\n  p = 2\n"
        ),
        Row(
            "a value in place of a table",
            "a = 1\n\n[s]\n  p = 1\n",
            ["s"],
            .boolean(false),
            "a = 1\ns = false\n"
        ),
    ]

    private static let removals: [Row] = [
        Row("a line with its comment", "a = 1\nb = 2 # two\nc = 3\n", ["b"], "a = 1\nc = 3\n"),
        Row("a value of several lines", "a = [\n 1,\n]\nc = 3\n", ["a"], "c = 3\n"),
        Row("the last line", "a = 1\nb = 2", ["b"], "a = 1\n"),
        Row("a key of a table, whose header stays", "[a]\nx = 1\n", ["a", "x"], "[a]\n"),
        Row(
            "a section with its own comment, not that of the next",
            "a = 1\n\n# about s\n[s]\nx = 1\n# in s\ny = 2\n\n[s.t]\nz = 3\n\n# about u\n[u]\n",
            ["s"],
            "a = 1\n\n# about u\n[u]\n"
        ),
        Row(
            "a section whose parts are apart",
            "[s]\nx = 1\n\n[u]\ny = 2\n\n[s.t]\nz = 3\n",
            ["s"],
            "[u]\ny = 2\n"
        ),
        Row(
            "one of several tables",
            "[[s]]\np = 1\n\n[[s]]\np = 2\n[[s.q]]\n\n[[s]]\np = 3\n",
            ["s", 1],
            "[[s]]\np = 1\n\n[[s]]\np = 3\n"
        ),
        Row("all of several tables", "a = 1\n[[s]]\np = 1\n[[s]]\np = 2\n", ["s"], "a = 1\n"),
        Row("a pair in braces", "a = { x = 1, y = 2, z = 3 }", ["a", "y"], "a = { x = 1, z = 3 }"),
        Row("the last pair in braces", "a = { x = 1, y = 2 }", ["a", "y"], "a = { x = 1 }"),
        Row("an element of a list", "a = [1, 2, 3]", ["a", 0], "a = [2, 3]"),
        Row("a dotted key", "a.b = 1\nc = 1\na.d = 2\n", ["a", "b"], "c = 1\na.d = 2\n"),
        Row("all that dots make", "a.b = 1\nc = 1\na.d = 2\n", ["a"], "c = 1\n"),
    ]
}
