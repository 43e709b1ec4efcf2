package import Model

/// What came of a build.
package struct BuildResult: Sendable {
    package var image: Image
    /// TCP ports that the image says its process listens on; empty when it does not say.
    package var exposedPorts: [Int]
    /// In the order in which they ended.
    package var stages: [BuildStage]
}
