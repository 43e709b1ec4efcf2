/// Collects what is wrong with a file while it is read, so that all of it is said at once.
final class ConfigReport {
    let file: String
    /// Whether unknown keys are errors.
    let isStrict: Bool
    private var errors: [ConfigIssue] = []
    private var warnings: [ConfigIssue] = []
    /// Keys without effect that were named, whatever element of an array they stand in.
    private var inert: Set<String> = []

    init(file: String, strict: Bool) {
        self.file = file
        isStrict = strict
    }

    /// How many errors there are by now, to leave out those that would only follow from them.
    var errorCount: Int { errors.count }

    /// False when so much was said that nobody reads on, and looking for what was meant only costs time.
    var wantsSuggestions: Bool { warnings.count + errors.count < Self.maximumIssues }

    func error(_ position: ConfigNode.Position, _ message: String) {
        errors.append(issue(position, message))
    }

    func warn(_ position: ConfigNode.Position, _ message: String) {
        warnings.append(issue(position, message))
    }

    /// Says of what nobody reads that it is an error or a warning, as the reader wants it.
    func unread(_ position: ConfigNode.Position, _ message: String) {
        if isStrict { error(position, message) } else { warn(position, message) }
    }

    /// Says of a key whose value was checked and kept that nothing comes of it, once for each key.
    ///
    /// `what` names the part of the value that is meant.
    func hasNoEffect(_ path: String, at position: ConfigNode.Position, what: String? = nil) {
        guard inert.insert(Self.withoutIndexes(path) + (what ?? "")).inserted else { return }
        warn(position, "\(path)\(what.map { ": \($0)" } ?? "") has no effect on this host yet")
    }

    /// The one form of an error about a value: what was found, what is allowed.
    func mismatch(_ field: ConfigField, expected: String) {
        let path = field.path.isEmpty ? "" : "\(field.path): "
        error(field.node.position, "\(path)found \(field.node.summary), expected \(expected)")
    }

    /// Everything that was said, in the order of the file; the configuration only when it is free of errors.
    func diagnosis(_ config: AppConfig) -> ConfigDiagnosis {
        ConfigDiagnosis(
            config: errors.isEmpty ? config : nil,
            errors: Self.listed(errors, as: "errors"),
            warnings: Self.listed(warnings, as: "warnings")
        )
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

    /// `services[0].ports[1].port` as `services[].ports[].port`.
    private static func withoutIndexes(_ path: String) -> String {
        var result = ""
        var isInside = false
        for character in path {
            if character == "]" { isInside = false }
            if !isInside { result.append(character) }
            if character == "[" { isInside = true }
        }
        return result
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
