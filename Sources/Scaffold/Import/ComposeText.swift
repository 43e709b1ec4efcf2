import Model

/// Text of Compose files, in which `$` has a meaning.
enum ComposeText {
    /// Text with its variables in the place of their defaults.
    ///
    /// - Returns: the text, nil when a variable without a default is in it, and the names of those variables.
    static func value(_ text: String) -> (text: String?, variables: [String]) {
        var result = ""
        var missing: [String] = []
        var rest = text[...]
        while let index = rest.firstIndex(of: "$") {
            result += rest[..<index]
            rest = rest[index...]
            if rest.hasPrefix("$$") {
                result += "$"
                rest = rest.dropFirst(2)
            } else if let match = rest.prefixMatch(
                of: /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/
            ) {
                let name = String(match.output.1 ?? match.output.4 ?? "")
                if let kind = match.output.2, kind.hasSuffix("-") {
                    result += match.output.3 ?? ""
                } else {
                    missing.append(name)
                }
                rest = rest[match.range.upperBound...]
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        result += rest
        return (missing.isEmpty ? result : nil, missing)
    }
}
