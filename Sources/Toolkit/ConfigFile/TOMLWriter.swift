package import Model

/// Writes a tree as TOML: the values of a table first, then its tables, each under a header of its own.
package enum TOMLWriter {
    /// Writes a whole file.
    ///
    /// - Throws: ``Fault`` `invalidConfig` when the root is no table.
    package static func text(of root: ConfigNode) throws(Fault) -> String {
        guard case .table(let entries) = root.value else {
            throw Fault(.invalidConfig, "TOML has only a table at the top, not \(root.summary)")
        }
        var lines: [String] = []
        write(entries, path: [], depth: 0, header: nil, to: &lines)
        return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
    }

    /// A value on one line, as it stands behind `=`.
    package static func inline(_ value: ConfigNode.Value) -> String {
        switch value {
        case .string(let text): return quoted(text)
        case .integer(let number): return String(number)
        case .float(let number):
            if number.isNaN { return "nan" }
            return number.isInfinite ? (number < 0 ? "-inf" : "inf") : number.description
        case .boolean(let flag): return String(flag)
        case .datetime(let text): return text
        case .array(let nodes): return "[\(nodes.map { inline($0.value) }.joined(separator: ", "))]"
        case .table(let entries):
            let pairs = entries.map { "\(key($0.key)) = \(inline($0.node.value))" }
            return pairs.isEmpty ? "{}" : "{ \(pairs.joined(separator: ", ")) }"
        }
    }

    /// A part of a key, in quotes when it needs them.
    package static func key(_ text: String) -> String {
        let isBare = !text.isEmpty && text.utf8.allSatisfy(isBareByte)
        return isBare ? text : quoted(text)
    }

    /// A table with its header and all that is in it, as lines without ends.
    static func section(_ value: ConfigNode.Value, path: [String], isElement: Bool) -> [String] {
        guard case .table(let entries) = value else { return [] }
        var lines: [String] = []
        write(entries, path: path, depth: path.count, header: isElement ? .element : .table, to: &lines)
        return lines
    }

    /// Whether a value gets headers rather than a place behind `=`.
    static func isSection(_ value: ConfigNode.Value) -> Bool {
        if case .table = value { return true }
        return elements(value) != nil
    }

    /// The tables of a list that has nothing else in it.
    static func elements(_ value: ConfigNode.Value) -> [[ConfigNode.Entry]]? {
        guard case .array(let nodes) = value, !nodes.isEmpty else { return nil }
        let tables = nodes.compactMap { node -> [ConfigNode.Entry]? in
            guard case .table(let entries) = node.value else { return nil }
            return entries
        }
        return tables.count == nodes.count ? tables : nil
    }

    // MARK: - Private

    private enum Header {
        case table
        case element
    }

    /// `depth` is how many headers the table stands under, its own included.
    private static func write(
        _ entries: [ConfigNode.Entry],
        path: [String],
        depth: Int,
        header: Header?,
        to lines: inout [String]
    ) {
        let values = entries.filter { !isSection($0.node.value) }
        let sections = entries.filter { isSection($0.node.value) }
        let name = path.map(key).joined(separator: ".")
        var depth = depth
        switch header {
        case .table where values.isEmpty && !sections.isEmpty:
            // A table that holds only tables is there by their headers.
            depth -= 1
        case .table: open("[\(name)]", depth: depth, in: &lines)
        case .element: open("[[\(name)]]", depth: depth, in: &lines)
        case nil: break
        }
        let indent = String(repeating: "  ", count: depth)
        for entry in values { lines.append("\(indent)\(key(entry.key)) = \(inline(entry.node.value))") }
        for entry in sections {
            if case .table(let inside) = entry.node.value {
                write(inside, path: path + [entry.key], depth: depth + 1, header: .table, to: &lines)
            }
            for inside in elements(entry.node.value) ?? [] {
                write(inside, path: path + [entry.key], depth: depth + 1, header: .element, to: &lines)
            }
        }
    }

    private static func open(_ header: String, depth: Int, in lines: inout [String]) {
        if !lines.isEmpty { lines.append("") }
        lines.append(String(repeating: "  ", count: depth - 1) + header)
    }

    private static func isBareByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{08}": result += "\\b"
            case "\t": result += "\\t"
            case "\n": result += "\\n"
            case "\u{0C}": result += "\\f"
            case "\r": result += "\\r"
            case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}": result += escape(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
