/// The variables of an app that its own file sets: names, never values.
package struct SetVariables: Codable, Equatable, Sendable {
    package var names: [String]
    /// The file on the server's host.
    package var file: String

    package init(names: [String], file: String) {
        self.names = names
        self.file = file
    }
}
