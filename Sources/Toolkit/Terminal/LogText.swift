/// An app's line as it may be shown: its colours on a terminal, without them elsewhere, and nothing else that a terminal
/// would act on.
package enum LogText {
    /// Makes a line of it: with `colors` what only sets colours and weights (SGR) stays, and is taken back at the end;
    /// `harmless` is what becomes of all other text.
    package static func shown(_ text: String, colors: Bool, harmless: (String) -> String) -> String {
        guard text.utf8.contains(escape) else { return harmless(text) }
        let bytes = Array(text.utf8)
        var shown = ""
        var start = 0
        var colored = false
        var index = 0
        while index < bytes.count {
            guard bytes[index] == escape, let end = endOfColor(bytes, at: index) else {
                index += 1
                continue
            }
            shown += harmless(String(decoding: bytes[start..<index], as: UTF8.self))
            if colors {
                shown += String(decoding: bytes[index..<end], as: UTF8.self)
                colored = true
            }
            start = end
            index = end
        }
        shown += harmless(String(decoding: bytes[start...], as: UTF8.self))
        return colored ? shown + "\u{1b}[0m" : shown
    }

    // MARK: - Private

    private static let escape: UInt8 = 27
    /// A sequence of colours is short; a longer one is something else.
    private static let longest = 64

    /// Where the sequence ends that begins there, when it is `ESC [ digits ; : m`.
    private static func endOfColor(_ bytes: [UInt8], at start: Int) -> Int? {
        guard start + 2 < bytes.count, bytes[start + 1] == UInt8(ascii: "[") else { return nil }
        var index = start + 2
        while index < bytes.count, index - start < longest {
            switch bytes[index] {
            case 0x30...0x3b: index += 1
            case UInt8(ascii: "m"): return index + 1
            default: return nil
            }
        }
        return nil
    }
}
