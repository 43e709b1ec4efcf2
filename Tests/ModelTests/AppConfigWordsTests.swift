import Model
import Testing

@Suite("Words of a command")
struct AppConfigWordsTests {
    @Test(
        "splits as google/shlex does",
        arguments: [
            ("", []),
            ("  \t\r\n ", []),
            ("serve --port 3000", ["serve", "--port", "3000"]),
            ("sh -c 'a b'\" c\"", ["sh", "-c", "a b c"]),
            (#"a\ b 'c\d' "e\"f\g""#, ["a b", #"c\d"#, "e\"fg"]),
            ("'' x", ["", "x"]),
            ("a && b | c > $HOME", ["a", "&&", "b", "|", "c", ">", "$HOME"]),
            ("a # b c", ["a"]),
            ("a# b", ["a#", "b"]),
            ("# only a comment", []),
            ("a # comment\nb", ["a", "b"]),
            ("\"a # b\"", ["a # b"]),
            ("héllo wörld", ["héllo", "wörld"]),
        ]
    )
    func split(text: String, words: [String]) throws {
        #expect(try Words.split(text) == words)
    }

    @Test(
        "says which quote is never closed",
        arguments: [
            ("a 'b c", "the single quote at character 3 is never closed"),
            ("é \"b", "the double quote at character 3 is never closed"),
            ("a \"b\\", "the double quote at character 3 is never closed"),
            ("ab \\", "the backslash at character 4 has nothing after it"),
        ]
    )
    func unclosed(text: String, message: String) {
        #expect(throws: Fault(.invalidConfig, message)) { try Words.split(text) }
    }
}
