/// What the reader of a project has to be told before it can say how the project is built.
package struct PythonBuildOptions: Sendable {
    /// The image has to know how the app starts, for nothing in its `fly.toml` says so.
    package var needsCommand = true
    /// The project was launched: its Dockerfile is ours, and its commands count from that image's folder.
    package var isLaunched = false
    /// The port that the app is expected on; nil for the one that was found.
    package var port: Int?
    /// Python 3's minor version, instead of the one that was found.
    package var minor: Int?
    /// Where volumes will be, as absolute paths.
    package var mounts: [String] = []

    package init() {}
}
