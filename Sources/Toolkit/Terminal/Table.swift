/// Columns for a terminal.
package struct Table: Sendable {
    private let header: [String]
    private var rows: [[String]] = []

    package init(_ header: String...) {
        self.header = header
    }

    package mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    /// The header and the rows, each column as wide as its widest cell, two spaces between them.
    package var text: String { text(width: nil) }

    /// The same, each line cut to a terminal's width; nil cuts nothing.
    package func text(width: Int?) -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { DisplayWidth.of($0[column]) }.max() ?? 0 }
        return all.map { row in
            let cells = row.indices.map {
                row[$0] + String(repeating: " ", count: widths[$0] - DisplayWidth.of(row[$0]))
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return width.map { DisplayWidth.cut(line, to: $0) } ?? line
        }.joined(separator: "\n")
    }
}
