/// Something to say about one place of a configuration file.
package struct ConfigIssue: Hashable, Codable, Sendable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int
    package var message: String

    package init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// As compilers print it: `fly.toml:7:1: unknown key "primary_regoin"`.
    package var description: String { "\(file):\(line):\(column): \(message)" }
}
