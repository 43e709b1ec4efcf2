/// A value of a configuration file and where it stands: the same tree from TOML, JSON and YAML.
package struct ConfigNode: Equatable, Sendable {
    package var value: Value
    /// Where the value begins; for a table with a header of its own, where the header begins.
    package var position: Position

    package init(_ value: Value, at position: Position) {
        self.value = value
        self.position = position
    }

    /// A place in a file; both count from 1, the column in Unicode scalars.
    package struct Position: Hashable, Comparable, Sendable {
        package var line: Int
        package var column: Int

        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        package static func < (left: Position, right: Position) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }
    }

    /// What stands at a place of a file, before anybody knows what it means.
    package enum Value: Equatable, Sendable {
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        /// A date, a time or both, as the file has it.
        case datetime(String)
        case array([ConfigNode])
        /// In the order of the file; keys are unique.
        case table([Entry])
    }

    /// A key of a table with its value.
    package struct Entry: Equatable, Sendable {
        package var key: String
        package var keyPosition: Position
        package var node: ConfigNode

        package init(key: String, keyPosition: Position, node: ConfigNode) {
            self.key = key
            self.keyPosition = keyPosition
            self.node = node
        }
    }
}

extension ConfigNode {
    /// The value under a key; nil when there is none or this is no table.
    package subscript(key: String) -> ConfigNode? {
        guard case .table(let entries) = value else { return nil }
        return entries.first { $0.key == key }?.node
    }

    /// Value and type in words, for an error: `string "80a"`, `integer 7`, `array`.
    package var summary: String {
        switch value {
        case .string(let text): "string \(Self.quoted(text))"
        case .integer(let number): "integer \(number)"
        case .float(let number): "float \(number)"
        case .boolean(let flag): "boolean \(flag)"
        case .datetime(let text): "date-time \(text)"
        case .array: "an array"
        case .table: "a table"
        }
    }

    /// Text in quotes, fit for one line of a terminal: control characters escaped, the middle of long text left out.
    package static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > 80 else { return "\"\(printable(scalars))\"" }
        return "\"\(printable(scalars.prefix(60)))…\(printable(scalars.suffix(10)))\""
    }

    // MARK: - Private

    private static func printable(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var result = ""
        for scalar in scalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                result += scalar.escaped(asASCII: true)
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
