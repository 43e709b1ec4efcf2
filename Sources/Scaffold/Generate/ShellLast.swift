/// The last command of a shell's text, in the shell's place, so that signals reach it.
enum ShellLast {
    static func text(_ words: [String]) -> String {
        guard words.count == 3, words[0] == "sh", words[1] == "-c" else { return "exec \(Quoting.shell(words))" }
        let text = words[2]
        let isOne = ShellLexer.tokens(of: text).allSatisfy { if case .word = $0.kind { true } else { false } }
        let first = text.prefix { !$0.isWhitespace }
        return isOne && first != "exec" && !first.contains("=") ? "exec \(text)" : text
    }
}
