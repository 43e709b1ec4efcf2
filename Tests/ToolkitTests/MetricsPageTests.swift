import Foundation
import Model
import Testing

@Suite("docs/metrics.md")
struct MetricsPageTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/metrics.md")
    private static let marks = (begin: "<!-- families -->\n", end: "<!-- end -->\n")

    /// Long lines of one kind are told together: their names differ in the last word.
    private static var table: String {
        var text = "| name | kind | labels | what it is |\n|---|---|---|---|\n"
        for metric in Metric.all {
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: " ")
            text += "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |\n"
        }
        return text
    }

    @Test("has each family with its kind and labels, as it is served")
    func families() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let begin = try #require(text.range(of: Self.marks.begin))
        let end = try #require(text.range(of: Self.marks.end))
        let shown = String(text[begin.upperBound..<end.lowerBound])
        if GoldenFile.isWriting, shown != Self.table {
            let new = text.replacingCharacters(in: begin.upperBound..<end.lowerBound, with: Self.table)
            try new.write(to: Self.page, atomically: true, encoding: .utf8)
        } else {
            #expect(shown == Self.table)
        }
    }
}
