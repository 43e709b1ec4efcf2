extension StringProtocol {
    /// Its lines, empty ones too, without their ends: a `\n`, or the `\r\n` of Windows, which is one character.
    var textLines: [SubSequence] { split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" } }
}
