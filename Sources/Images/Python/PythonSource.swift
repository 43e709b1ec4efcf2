import Model

/// One way to a Python of a version.
struct PythonSource: Equatable, Sendable {
    /// What the base is made of.
    enum Kind: Equatable, Sendable {
        /// An image of a registry that the host's configuration names.
        case image(String)
        /// A release of the host's distribution, with the Python that belongs to it.
        case system(SystemRelease)
        /// An interpreter that is copied onto the host's own release.
        case interpreter(HostInterpreter)
    }

    var kind: Kind
    /// Major and minor; nil for an image, which is asked when it is there.
    var version: String?
    var full: String?
    var origin: String

    /// As an offer to people; nil when the version is not known yet.
    var offer: PythonOffer? { version.map { PythonOffer(version: $0, full: full, origin: origin) } }
}

/// A release of a distribution and where its packages are.
struct SystemRelease: Equatable, Sendable {
    /// For people: `Debian`.
    var distribution: String
    /// The code name: `bookworm`.
    var name: String
    /// Lines of a `sources.list`.
    var sources: [String]
}

/// An interpreter below a folder of its own, such as pyenv and uv keep them.
struct HostInterpreter: Equatable, Sendable {
    /// The folder with `bin` and `lib`.
    var prefix: String
    /// Major and minor.
    var version: String
    var full: String
    /// Where it was found, for people.
    var origin: String
    /// Changes when the interpreter does.
    var stamp: String
}
