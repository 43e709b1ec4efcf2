import Foundation
import Model
import Toolkit

/// What commands print: results on standard output, everything else on standard error.
enum Output {
    static func error(_ fault: Fault) {
        // It may hold an app's own words.
        warn("\(Terminal.errors.paint("Error:", .red)) \(harmlessLines(fault.message))")
        if let hint = fault.hint { warn(harmlessLines(hint)) }
    }

    private static func harmlessLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { harmless(String($0)) }
            .joined(separator: "\n")
    }

    /// What may go wrong, and what to do about it.
    static func warning(_ text: String) {
        warn("\(Terminal.errors.paint("Warning:", .yellow)) \(harmless(text))")
    }

    /// Rows, cut to the terminal's width where there is one.
    static func table(_ table: Table) {
        print(table.text(width: Terminal.output.width))
    }

    static func warn(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// Pretty JSON with sorted keys.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Seconds with two digits, as scripts read them: `0.42s`.
    static func seconds(_ seconds: Double) -> String { String(format: "%.2fs", seconds) }

    /// Text that an app or a peer chose, made harmless for a terminal: control characters but tab are shown as `?`.
    static func harmless(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    ($0.value < 32 && $0 != "\t") || $0.value == 127 || (128..<160).contains($0.value) ? "?" : $0
                }
            )
        )
    }
}
