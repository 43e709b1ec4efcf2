/// A file to be written.
package struct Artefact: Codable, Equatable, Sendable {
    /// Relative to the project's folder.
    package var path: String
    package var text: String
    package var isExecutable: Bool

    package init(_ path: String, _ text: String, isExecutable: Bool = false) {
        self.path = path
        self.text = text
        self.isExecutable = isExecutable
    }
}

/// What a generator or an exporter made: files, and what the user has to know about them.
package struct Generated: Codable, Equatable, Sendable {
    package var files: [Artefact] = []
    /// Facts that the target can't express, and what to do instead.
    package var notes: [String] = []
    /// What only the user knows: `DATABASE_URL`, the account's number.
    package var needed: [String] = []

    package init() {}
}
