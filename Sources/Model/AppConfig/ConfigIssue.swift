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

    /// What a parser said of a file, `fly.toml:7:1: expected …`; without a place it is about the first line.
    package init(_ fault: Fault, file: String) {
        let text = fault.hint.map { "\(fault.message); \($0)" } ?? fault.message
        var rest = text.hasPrefix("\(file):") ? text.dropFirst(file.count + 1) : text[...]
        var numbers: [Int] = []
        while numbers.count < 2, let colon = rest.firstIndex(of: ":"), let number = Int(rest[..<colon]) {
            numbers.append(number)
            rest = rest[rest.index(after: colon)...]
        }
        self.init(
            file: file,
            line: numbers.first ?? 1,
            column: numbers.count > 1 ? numbers[1] : 1,
            message: String(rest.drop { $0 == " " })
        )
    }
}
