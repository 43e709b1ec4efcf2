extension ConfigTable {
    /// A section of which there is one; an array of them is an error that shows the right header.
    func table(_ key: String) -> ConfigTable? {
        guard let field = take(key) else { return nil }
        guard field.isTable else {
            report.mismatch(field, expected: "a table, [\(join(key))]")
            return nil
        }
        return ConfigTable(field, report: report)
    }

    /// A section that may stand once or several times, under any of its names, in the order of the names.
    func tables(_ keys: String...) -> [ConfigTable] {
        keys.flatMap { key -> [ConfigTable] in
            guard let field = take(key) else { return [] }
            guard !field.isTable else { return [ConfigTable(field, report: report)].compactMap { $0 } }
            guard let elements = field.elements else {
                report.mismatch(field, expected: "tables, [[\(join(key))]]")
                return []
            }
            return limited(elements, of: field).compactMap { ConfigTable($0, report: report) }
        }
    }

    /// A section that is an array even when there is one of it.
    func tableArray(_ key: String) -> [ConfigTable] {
        guard let field = take(key) else { return [] }
        guard let elements = field.elements else {
            report.mismatch(field, expected: "an array of tables, [[\(join(key))]]")
            return []
        }
        return limited(elements, of: field).compactMap { ConfigTable($0, report: report) }
    }

    /// More than this of one section is no configuration but an attempt to keep us busy.
    static let maximumSections = 100

    /// The first hundred, with an error when there are more.
    func limited<Element>(_ elements: [Element], of field: ConfigField) -> [Element] {
        guard elements.count > Self.maximumSections else { return elements }
        report.error(
            field.keyPosition,
            "\(field.path): found \(elements.count), expected at most \(Self.maximumSections)"
        )
        return Array(elements.prefix(Self.maximumSections))
    }
}
