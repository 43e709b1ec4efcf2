package import Model

/// Writes a tree as JSON, in its own order, a value on a line.
package enum ConfigJSONWriter {
    /// Writes a whole file.
    ///
    /// - Throws: ``Fault`` `invalidConfig` for a number that JSON has no form for.
    package static func text(of root: ConfigNode) throws(Fault) -> String {
        try text(root.value, indent: "") + "\n"
    }

    /// Text in double quotes, its control characters escaped; YAML reads the same.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\t": result += "\\t"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            // The two separators and the mark end a line, or vanish, for some who read YAML or JavaScript.
            case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A number that is none of the special ones.
    static func number(_ number: Double, format: String) throws(Fault) -> String {
        guard number.isFinite else { throw Fault(.invalidConfig, "\(format) has no form for the number \(number)") }
        return number.description
    }

    // MARK: - Private

    private static func text(_ value: ConfigNode.Value, indent: String) throws(Fault) -> String {
        let inner = indent + "  "
        switch value {
        case .string(let text), .datetime(let text): return quoted(text)
        case .integer(let number): return String(number)
        case .float(let number): return try self.number(number, format: "JSON")
        case .boolean(let flag): return String(flag)
        case .array(let nodes):
            var items: [String] = []
            for node in nodes { items.append(inner + (try text(node.value, indent: inner))) }
            return items.isEmpty ? "[]" : "[\n\(items.joined(separator: ",\n"))\n\(indent)]"
        case .table(let entries):
            var items: [String] = []
            for entry in entries {
                items.append("\(inner)\(quoted(entry.key)): \(try text(entry.node.value, indent: inner))")
            }
            return items.isEmpty ? "{}" : "{\n\(items.joined(separator: ",\n"))\n\(indent)}"
        }
    }
}
