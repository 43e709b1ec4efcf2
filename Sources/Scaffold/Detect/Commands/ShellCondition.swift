import Toolkit

/// What the condition of a script's branch says of the mode that the app runs in.
enum ShellCondition {
    /// Reads `[ "$APP_ENV" = development ]`, `[[ -n $DEBUG ]]`, `test "$RELOAD" = true`.
    ///
    /// - Parameter words: of the condition, with its brackets, as written and without quotes.
    /// - Returns: true when it holds in development, false when it does outside of it, nil when it asks something else.
    static func isDevelopment(_ words: [String]) -> Bool? {
        guard let head = words.first, ["[", "[[", "test"].contains(head) else { return nil }
        var inner = words.dropFirst().filter { $0 != "]" && $0 != "]]" }
        let isTurned = inner.first == "!"
        if isTurned { inner.removeFirst() }
        guard let answer = asks(inner) else { return nil }
        return answer != isTurned
    }

    /// Whether a label of `case "$APP_ENV" in` is of development: `dev)`, `development|local)`.
    static func isDevelopment(label words: [String]) -> Bool {
        !words.isEmpty && words.flatMap { $0.split(separator: "|") }.allSatisfy { isMode(String($0)) }
    }

    // MARK: - Private

    private static let modes = Vocabulary.development.union(["devel", "local", "debug"])
    private static let production: Set<String> = ["prod", "production", "live", "release"]
    private static let switches = modes.union(["debugging", "debugger", "reload", "autoreload", "hotreload"])
    private static let on: Set<String> = ["1", "true", "yes", "on", "y", "t", "enabled"]
    private static let off: Set<String> = ["0", "false", "no", "off", "n", "f", "", "disabled"]

    private static func isMode(_ word: String) -> Bool { modes.contains(word.lowercased()) }

    private static func asks(_ words: [String]) -> Bool? {
        if words.count == 2, words[0] == "-n" || words[0] == "-z" {
            return isSwitch(words[1]) ? words[0] == "-n" : nil
        }
        // `[ "$DEBUG" ]`
        if words.count == 1 { return isSwitch(words[0]) ? true : nil }
        guard words.count == 3, ["=", "==", "!="].contains(words[1]) else { return nil }
        let isEqual = words[1] != "!="
        let (variable, value) = words[0].contains("$") ? (words[0], words[2]) : (words[2], words[0])
        guard variable.contains("$") else { return nil }
        let plain = value.lowercased()
        if isMode(plain) { return isEqual }
        if production.contains(plain) { return !isEqual }
        guard isSwitch(variable) else { return nil }
        if on.contains(plain) { return isEqual }
        return off.contains(plain) ? !isEqual : nil
    }

    /// `$DEBUG`, `${DEV_MODE:-false}`.
    private static func isSwitch(_ word: String) -> Bool {
        guard word.hasPrefix("$") else { return false }
        let name = Variables.name(in: word.dropFirst(word.hasPrefix("${") ? 2 : 1))
        return name.lowercased().split(separator: "_").contains { switches.contains(String($0)) }
    }
}
