/// One line of what a build has to say, as it goes.
package struct BuildProgress: Codable, Equatable, Sendable {
    /// The part of the build that speaks: `base`, `dependencies`, `app`, `dockerfile`, `image`.
    package var stage: String
    package var line: String

    /// The stage of what the user has to know in any case.
    package static let notice = "notice"

    package init(stage: String, line: String) {
        self.stage = stage
        self.line = line
    }
}
