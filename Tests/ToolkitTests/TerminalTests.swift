import Testing
import Toolkit

@Suite("Terminal")
struct TerminalTests {
    @Test(
        "colour follows NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM and the terminal, in this order",
        arguments: [
            ([:], true, false, "a terminal without a TERM can't be trusted with anything"),
            (["TERM": "xterm"], true, true, "an ordinary terminal"),
            (["TERM": "xterm"], false, false, "a pipe"),
            (["TERM": "dumb"], true, false, "an editor's shell"),
            (["TERM": "xterm", "NO_COLOR": "1"], true, false, "asked for"),
            (["TERM": "xterm", "NO_COLOR": ""], true, true, "empty is not set, says no-color.org"),
            (["TERM": "xterm", "CLICOLOR": "0"], true, false, "asked for in the older way"),
            (["TERM": "xterm", "CLICOLOR": "1"], false, false, "CLICOLOR never colours a pipe"),
            (["CLICOLOR_FORCE": "1"], false, true, "a pipe whose reader wants colours"),
            (["TERM": "xterm", "CLICOLOR_FORCE": "0"], false, false, "0 forces nothing"),
            (["TERM": "xterm", "CLICOLOR_FORCE": "1", "NO_COLOR": "1"], true, false, "no wins"),
        ] as [([String: String], Bool, Bool, String)]
    )
    func color(environment: [String: String], isTerminal: Bool, hasColor: Bool, reason: String) {
        let style = TerminalStyle.decide(environment: environment, isTerminal: isTerminal)
        #expect(style.hasColor == hasColor, "\(reason)")
        #expect(style.paint("x", .red) == (hasColor ? "\u{1B}[1;31mx\u{1B}[0m" : "x"))
    }

    @Test("lines are redrawn on a terminal that can, and only there; NO_COLOR does not forbid it")
    func live() {
        let term = ["TERM": "xterm", "NO_COLOR": "1"]
        #expect(TerminalStyle.decide(environment: term, isTerminal: true).isLive)
        #expect(!TerminalStyle.decide(environment: term, isTerminal: false).isLive)
        #expect(!TerminalStyle.decide(environment: ["TERM": "dumb"], isTerminal: true).isLive)
    }

    @Test("the width is the terminal's, else COLUMNS, else 80; a pipe has none")
    func width() {
        let environment = ["TERM": "xterm", "COLUMNS": "100"]
        #expect(TerminalStyle.decide(environment: environment, isTerminal: true, columns: 120).width == 120)
        #expect(TerminalStyle.decide(environment: environment, isTerminal: true, columns: 0).width == 100)
        #expect(TerminalStyle.decide(environment: ["COLUMNS": "x"], isTerminal: true).width == 80)
        #expect(TerminalStyle.decide(environment: environment, isTerminal: false, columns: 120).width == nil)
    }

    @Test(
        "characters take the columns that a terminal gives them",
        arguments: [
            ("", 0), ("abc", 3), ("äö", 2), ("e\u{301}", 1), ("日本", 4), ("ｶﾅ", 2), ("한글", 4), ("🚀", 2), ("👩‍👩‍👧", 2),
            ("🇩🇪", 2), ("❤\u{FE0F}", 2), ("a\u{200B}b", 2), ("→…·", 3), ("\u{1B}[31mred\u{1B}[0m", 3),
            ("\u{1B}]0;title\u{07}x", 1), ("\u{1B}]8;;https://a.b\u{1B}\\link\u{1B}]8;;\u{1B}\\", 4), ("\u{1B}[", 0),
            ("\u{1B}", 0), ("\u{1B}7x", 1),
        ] as [(String, Int)]
    )
    func columns(text: String, width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test(
        "a line is cut at a character's border, colours are closed, what fits is left alone",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abc", 1, "…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"),
            ("\u{1B}[31mabcdef\u{1B}[0m", 4, "\u{1B}[31mabc…\u{1B}[0m"), ("👩‍👩‍👧👩‍👩‍👧", 3, "👩‍👩‍👧…"), ("", 1, ""),
        ] as [(String, Int, String)]
    )
    func cut(text: String, width: Int, expected: String) {
        let cut = DisplayWidth.cut(text, to: width)
        #expect(cut == expected)
        #expect(DisplayWidth.of(cut) <= max(width, 1))
    }

    @Test("sequences that never end are measured in one walk, and of an endless line only its beginning is read")
    func hostile() {
        #expect(DisplayWidth.of(String(repeating: "\u{1B}]x", count: 1 << 12)) == 0)
        #expect(DisplayWidth.cut(String(repeating: "日", count: 1 << 20), to: 9) == "日日日日…")
    }

    @Test("a table's columns stand under each other whatever the characters are, and are cut to the width")
    func table() {
        var table = Table("NAME", "X")
        table.add("日本", "1")
        table.add("abc", "long text")
        #expect(table.text == "NAME  X\n日本  1\nabc   long text")
        #expect(table.text(width: 8) == "NAME  X\n日本  1\nabc   l…")
    }

    @Test(
        "a time has as many digits as tell something",
        arguments: [
            (0, "0.00s"), (-1, "0.00s"), (0.424, "0.42s"), (9.99, "9.99s"), (9.996, "10.0s"), (59.94, "59.9s"),
            (59.97, "1m00s"), (125.4, "2m05s"), (3599.4, "59m59s"), (3725, "1h02m"),
        ] as [(Double, String)]
    )
    func elapsed(seconds: Double, text: String) {
        #expect(Elapsed.text(seconds) == text)
    }
}
