package import Foundation
package import Model

/// Cuts a stream of bytes into lines, in bounded memory.
package struct LineSplitter: Sendable {
    private var rest = Data()
    private let limit: Int

    /// - Parameter limit: the longest line, in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Takes in bytes; returns the lines that are whole now, without their line feeds.
    ///
    /// - Throws: ``Fault`` `tooLarge` when a line is longer than the limit.
    package mutating func feed(_ bytes: Data) throws(Fault) -> [Data] {
        rest.append(bytes)
        var lines: [Data] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(Data(rest[rest.startIndex..<end]))
            rest = Data(rest[rest.index(after: end)...])
        }
        guard rest.count <= limit else { throw Fault(.tooLarge, "a line is longer than \(limit) bytes") }
        return lines
    }
}
