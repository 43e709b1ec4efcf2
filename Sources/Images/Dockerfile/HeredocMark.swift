import Toolkit

/// `<<EOF`, `<<-EOF`, `<<"EOF"` as a word of an instruction.
struct HeredocMark: Equatable {
    var name: String
    /// In quotes: the body is taken as it stands.
    var isLiteral: Bool

    init?(_ word: some StringProtocol) {
        var rest = word.drop { $0.isNumber }
        guard rest.hasPrefix("<<"), !rest.hasPrefix("<<<") else { return nil }
        rest = rest.dropFirst(2)
        if rest.first == "-" { rest = rest.dropFirst() }
        name = ImageWords.plain(rest)
        isLiteral = rest.contains { $0 == "\"" || $0 == "'" || $0 == "\\" }
        guard !name.isEmpty, !name.contains("<") else { return nil }
    }
}
