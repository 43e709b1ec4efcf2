import Model
import Testing
import Toolkit

@Suite("dockerignore")
struct IgnoreRulesTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var lines: String
        var path: String
        var leftOut: Bool
        var why: String

        init(_ lines: String, _ path: String, _ leftOut: Bool, _ why: String) {
            (self.lines, self.path, self.leftOut, self.why) = (lines, path, leftOut, why)
        }

        var testDescription: String { "\(why): \(lines.debugDescription) \(path)" }
    }

    static let rows: [Row] = [
        .init("", "a", false, "no rule, nothing left out"),
        .init("a", "a", true, "a plain name"),
        .init("a", "b/a", false, "names are relative to the top"),
        .init("a", "a/b/c", true, "what is below a folder goes with it"),
        .init("a", "ab", false, "a whole part, not its beginning"),
        .init("/a", "a", true, "a leading slash means nothing"),
        .init("a/", "a/b", true, "nor does one at the end"),
        .init("./a/./b", "a/b", true, "dots are taken out"),
        .init("a/../b", "b", true, "so are steps back"),
        .init("  a  ", "a", true, "blanks around it are no part of it"),
        .init("# a", "# a", false, "a comment"),
        .init(" # a", "# a", true, "a comment begins in the first column"),
        .init("\u{feff}a", "a", true, "a byte-order mark"),
        .init("a\r\nb", "b", true, "line ends of Windows"),
        .init("*", "a", true, "a star"),
        .init("*", "a/b", true, "a star takes the folder, and so all in it"),
        .init("*.md", "a.md", true, "a star with an ending"),
        .init("*.md", "b/a.md", false, "a star stops at a slash"),
        .init("*/a", "b/a", true, "a star for one folder"),
        .init("*/a", "c/b/a", false, "not for two"),
        .init("*/*/a", "c/b/a", true, "two stars for two"),
        .init("a?c", "abc", true, "a question mark"),
        .init("a?c", "a/c", false, "not for a slash"),
        .init("a?c", "ac", false, "not for nothing"),
        .init("**/a", "a", true, "any folders, also none"),
        .init("**/a", "b/c/a", true, "any folders"),
        .init("**/a", "b/ca", false, "whole parts"),
        .init("**/*.go", "x/y/z.go", true, "any folders and a star"),
        .init("a/**", "a/b/c", true, "all below"),
        .init("a/**", "a", false, "but not the folder"),
        .init("a/**/b", "a/b", true, "no folder between"),
        .init("a/**/b", "a/x/y/b", true, "two folders between"),
        .init("a/**/b", "a/x/y/c", false, "another name"),
        .init("**", "x/y", true, "everything"),
        .init("**b", "a/xb", true, "an ending of the whole path"),
        .init("a**b", "a/x/b", true, "as in the original: two stars are folders, with or without a slash"),
        .init("a**b", "axb", false, "as in the original: and nothing but folders"),
        .init("*.md\n!README.md", "README.md", false, "taken back in"),
        .init("*.md\n!README.md", "OTHER.md", true, "the others are not"),
        .init("!README.md\n*.md", "README.md", true, "the last line that fits decides"),
        .init("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true, "three lines, the third decides"),
        .init("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false, "three lines, in another order"),
        .init("a\n!a/b", "a/b", false, "something in a folder taken back in"),
        .init("a\n!a/b", "a/c", true, "the rest of the folder not"),
        .init("a\n!a/b", "a/b/c/d", false, "with all below"),
        .init("*\n!src", "src/x.py", false, "all but one folder"),
        .init("! a\na", "a", true, "blanks after the mark"),
        .init("*\n! a", "a", false, "blanks after the mark are no part of it"),
        .init("[ab].txt", "a.txt", true, "a set"),
        .init("[ab].txt", "c.txt", false, "not in the set"),
        .init("[a-c].txt", "b.txt", true, "a range"),
        .init("[^a-c].txt", "d.txt", true, "an inverted range"),
        .init("[^a-c].txt", "b.txt", false, "not in the inverted range"),
        .init("\\*", "*", true, "an escaped star"),
        .init("\\*", "a", false, "is none"),
        .init("a.b", "axb", false, "a dot is a dot"),
        .init("a+(b)$", "a+(b)$", true, "signs of regular expressions are themselves"),
        .init("é*", "éa", true, "not only ASCII"),
        .init("..", "a", false, "above the top is nothing"),
    ]

    @Test("decides as Docker does", arguments: rows)
    func decides(row: Row) throws {
        let rules = try IgnoreRules(row.lines, file: ".dockerignore")
        var folder = rules.top
        var leftOut = false
        var path = ""
        for part in row.path.split(separator: "/") {
            path += path.isEmpty ? String(part) : "/\(part)"
            (leftOut, folder) = rules.decide(path, in: folder)
        }
        #expect(leftOut == row.leftOut)
    }

    @Test("names the line that is no pattern", arguments: ["[a", "[]", "a\\", "!", "[b-a]"])
    func refuses(pattern: String) {
        let fault = #expect(throws: Fault.self) { try IgnoreRules("ok\n\(pattern)\n", file: "x.ignore") }
        #expect(fault?.code == .invalidConfig)
        #expect(fault?.message.hasPrefix("x.ignore:2:") == true)
    }

    @Test("a pattern of many stars takes no longer than its length times the path's")
    func manyStars() throws {
        let rules = try IgnoreRules(String(repeating: "*a", count: 60) + "b", file: "x")
        let start = ContinuousClock.now
        #expect(!rules.decide(String(repeating: "a", count: 200), in: rules.top).leftOut)
        #expect(start.duration(to: .now) < .seconds(2))
    }
}
