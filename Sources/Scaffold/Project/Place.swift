/// A line of a project's file: `Dockerfile:31`.
package struct Place: Hashable, Codable, Sendable, Comparable, CustomStringConvertible {
    /// Relative to the project's folder, parts joined by `/`.
    package var file: String
    /// From 1; nil when the file as a whole is meant.
    package var line: Int?

    package init(_ file: String, _ line: Int? = nil) {
        self.file = file
        self.line = line
    }

    package var description: String { line.map { "\(file):\($0)" } ?? file }

    package static func < (left: Place, right: Place) -> Bool {
        (left.file, left.line ?? 0) < (right.file, right.line ?? 0)
    }
}
