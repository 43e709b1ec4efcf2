/// The bottom of a Python image: a small system with an interpreter.
struct PythonBase: Codable, CachedLayers, Sendable {
    /// Diff IDs, bottom first.
    var layers: [String]
    /// The interpreter's path in it.
    var python: String
    var version: String
    /// What the names of compiled files carry: `cpython-311`.
    var tag: String
    /// The `PATH` of its programs.
    var path: String
    /// Has the user `app` with a home folder.
    var hasAppUser: Bool
    /// What it was made from, for people: `Debian bookworm` or an image's name.
    var origin: String
    /// The lines of `sources.list`, or the image's digest.
    var made: [String]
}
