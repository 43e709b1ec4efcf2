package import Model

/// Writes a tree as YAML in blocks; whatever another reader could take for something else is quoted.
package enum YAMLWriter {
    /// Writes a whole file.
    ///
    /// - Throws: ``Fault`` `invalidConfig` for a number that our reader of YAML has no form for.
    package static func text(of root: ConfigNode) throws(Fault) -> String {
        if let flow = try flow(root.value) { return flow + "\n" }
        return try block(root.value, indent: "").joined(separator: "\n") + "\n"
    }

    // MARK: - Private

    /// What fits behind a key; nil for a table or a list with something in it.
    private static func flow(_ value: ConfigNode.Value) throws(Fault) -> String? {
        switch value {
        case .string(let text), .datetime(let text): scalar(text)
        case .integer(let number): String(number)
        case .float(let number): try ConfigJSONWriter.number(number, format: "YAML")
        case .boolean(let flag): String(flag)
        case .array(let nodes): nodes.isEmpty ? "[]" : nil
        case .table(let entries): entries.isEmpty ? "{}" : nil
        }
    }

    private static func block(_ value: ConfigNode.Value, indent: String) throws(Fault) -> [String] {
        var lines: [String] = []
        switch value {
        case .table(let entries):
            for entry in entries {
                guard entry.key != "<<" else { throw Fault(.invalidConfig, "YAML takes the key \"<<\" for a merge") }
                if let flow = try flow(entry.node.value) {
                    lines.append("\(indent)\(scalar(entry.key)): \(flow)")
                } else {
                    lines.append("\(indent)\(scalar(entry.key)):")
                    lines += try block(entry.node.value, indent: indent + "  ")
                }
            }
        case .array(let nodes):
            for node in nodes {
                if let flow = try flow(node.value) {
                    lines.append("\(indent)- \(flow)")
                } else {
                    // The first line of what is inside stands behind the dash.
                    let inner = try block(node.value, indent: indent + "  ")
                    lines.append("\(indent)- \(inner.first.map { $0.dropFirst(indent.count + 2) } ?? "")")
                    lines += inner.dropFirst()
                }
            }
        default: break
        }
        return lines
    }

    /// Plain only when it is a word or a path that no version of YAML reads as a boolean, a null, a number or a date.
    private static func scalar(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let isPlain =
            scalars.first.map(isLetter) == true && text.utf8.count <= 60
            && scalars.allSatisfy { isLetter($0) || ("0"..."9").contains($0) || "_-./@".unicodeScalars.contains($0) }
            && !reserved.contains(text.lowercased())
        return isPlain ? text : ConfigJSONWriter.quoted(text)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    private static let reserved: Set<String> = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ]
}
