/// How long one part of a build took.
package struct BuildStage: Equatable, Sendable {
    package var name: String
    package var duration: Duration
    /// Nothing had to be made, for the same was made before.
    package var cached: Bool
}
