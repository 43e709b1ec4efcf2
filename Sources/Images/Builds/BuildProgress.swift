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

/// How long one part of a build took.
package struct BuildStage: Equatable, Sendable {
    package var name: String
    package var duration: Duration
    /// Nothing had to be made, for the same was made before.
    package var cached: Bool
}
