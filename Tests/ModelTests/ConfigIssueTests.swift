import Model
import Testing

@Suite("What a parser said of a file")
struct ConfigIssueTests {
    @Test(
        "is taken apart into place and message",
        arguments: [
            ("fly.toml:12:7: expected \"=\": found \"x\"", nil, 12, 7, "expected \"=\": found \"x\""),
            ("fly.yaml:3: too deep", nil, 1, 1, "fly.yaml:3: too deep"),
            ("fly.toml:3: too deep", "less", 3, 1, "too deep; less"),
            ("fly.toml: expected at most 9 bytes", nil, 1, 1, "expected at most 9 bytes"),
            ("can't be read", nil, 1, 1, "can't be read"),
        ] as [(String, String?, Int, Int, String)]
    )
    func parts(message: String, hint: String?, line: Int, column: Int, text: String) {
        let issue = ConfigIssue(Fault(.invalidConfig, message, hint: hint), file: "fly.toml")
        #expect(issue == ConfigIssue(file: "fly.toml", line: line, column: column, message: text))
    }
}
