/// One line of what a build has to say, as it goes.
package struct BuildProgress: Codable, Equatable, Sendable {
    /// The part of the build that speaks: `base`, `dependencies`, `app`, `dockerfile`, `image`.
    package var stage: String
    package var line: String

    package init(stage: String, line: String) {
        self.stage = stage
        self.line = line
    }
}
