import Testing
import Toolkit

@Suite("Shown log lines")
struct LogTextTests {
    private func shown(_ text: String, colors: Bool) -> String {
        LogText.shown(text, colors: colors) { String($0.map { $0.isASCII && ($0.asciiValue ?? 0) < 32 ? "?" : $0 }) }
    }

    @Test("colours stay on a terminal and go in a pipe; nothing else gets through")
    func colors() {
        let line = "\u{1b}[31mred\u{1b}[0m plain"
        #expect(shown(line, colors: false) == "red plain")
        #expect(shown(line, colors: true) == line + "\u{1b}[0m")
        for sequence in ["\u{1b}[2J", "\u{1b}]0;title\u{7}", "\u{1b}[31", "\u{1b}", "\u{1b}[1;2H", "\u{1b}[?25l"] {
            for colors in [true, false] {
                #expect(!shown("a\(sequence)b", colors: colors).contains("\u{1b}"), "\(sequence.debugDescription)")
            }
        }
        #expect(shown("a\u{1b}[38;2;1;2;3mb", colors: true) == "a\u{1b}[38;2;1;2;3mb\u{1b}[0m")
        #expect(shown("a\u{1b}[38:5:1mb", colors: false) == "ab")
        #expect(shown("\u{1b}[m", colors: false) == "")
        let endless = "\u{1b}[" + String(repeating: "1;", count: 100) + "m"
        #expect(!shown(endless, colors: true).contains("\u{1b}"))
        #expect(shown("plain", colors: true) == "plain")
    }
}
