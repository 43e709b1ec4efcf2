/// Collects what is wrong with a file while it is read, so that all of it is said at once.
final class ConfigReport {
    let file: String
    private var errors: [ConfigIssue] = []
    private var warnings: [ConfigIssue] = []

    init(file: String) {
        self.file = file
    }

    /// How many errors there are by now, to leave out those that would only follow from them.
    var errorCount: Int { errors.count }

    /// False when so much was said that nobody reads on, and looking for what was meant only costs time.
    var wantsSuggestions: Bool { warnings.count < Self.maximumIssues }

    func error(_ position: ConfigNode.Position, _ message: String) {
        errors.append(issue(position, message))
    }

    func warn(_ position: ConfigNode.Position, _ message: String) {
        warnings.append(issue(position, message))
    }

    /// The one form of an error about a value: what was found, what is allowed.
    func mismatch(_ field: ConfigField, expected: String) {
        let path = field.path.isEmpty ? "" : "\(field.path): "
        error(field.node.position, "\(path)found \(field.node.summary), expected \(expected)")
    }

    /// The warnings in the order of the file.
    ///
    /// - Throws: ``Fault`` with a line for each error, when there is one, and the warnings as its hint.
    func finish() throws(Fault) -> [ConfigIssue] {
        guard errors.isEmpty else {
            let lines = Self.listed(errors, as: "errors").map(\.description)
            // A misspelt key is often why another one is missing, so the warnings come along.
            let others = Self.listed(warnings, as: "warnings").map { "warning: \($0)" }
            let hint = others.isEmpty ? nil : others.joined(separator: "\n")
            throw Fault(.invalidConfig, lines.joined(separator: "\n"), hint: hint)
        }
        return Self.listed(warnings, as: "warnings")
    }

    /// `one of a, b or c`.
    static func oneOf(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "nothing" }
        return "one of \(words.dropLast().joined(separator: ", ")) or \(last)"
    }

    // MARK: - Private

    /// More than this helps nobody, and a hostile file could ask for a hundred thousand.
    private static let maximumIssues = 100

    private func issue(_ position: ConfigNode.Position, _ message: String) -> ConfigIssue {
        ConfigIssue(file: file, line: position.line, column: position.column, message: message)
    }

    /// In the order of the file, each once.
    private static func listed(_ issues: [ConfigIssue], as noun: String) -> [ConfigIssue] {
        var seen: Set<ConfigIssue> = []
        let unique = issues.filter { seen.insert($0).inserted }
        let sorted = unique.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
        }
        var result = sorted.prefix(maximumIssues).map(\.element)
        if sorted.count > maximumIssues, var last = result.last {
            last.message = "… and \(sorted.count - maximumIssues) more \(noun)"
            result.append(last)
        }
        return result
    }
}
