/// Something that a rule found.
package struct Finding: Codable, Equatable, Sendable {
    /// The rule's id: `D07`.
    package var rule: String
    package var severity: Severity
    package var place: Place
    /// The offending text, one line of it; never a secret's value.
    package var found: String
    /// What is wrong here, with its values.
    package var message: String
    /// What to do here.
    package var fix: String
    /// The change that does it, when it is mechanical.
    package var patch: Patch?

    package init(
        _ rule: String,
        _ severity: Severity,
        at place: Place,
        found: String,
        _ message: String,
        fix: String,
        patch: Patch? = nil
    ) {
        self.rule = rule
        self.severity = severity
        self.place = place
        self.found = found
        self.message = message
        self.fix = fix
        self.patch = patch
    }

    /// Lines of a file, replaced.
    package struct Patch: Codable, Equatable, Sendable {
        package var file: String
        /// First and last line to replace, from 1; `last` = `first` - 1 inserts before `first`.
        package var first: Int
        package var last: Int
        package var lines: [String]

        package init(file: String, first: Int, last: Int, lines: [String]) {
            self.file = file
            self.first = first
            self.last = last
            self.lines = lines
        }
    }
}

/// How bad it is.
package enum Severity: String, Codable, Sendable, CaseIterable, Comparable {
    /// Could be better.
    case info = "I"
    /// Works until it does not.
    case warning = "W"
    /// Will fail, or can be exploited.
    case error = "E"

    package static func < (left: Severity, right: Severity) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}
