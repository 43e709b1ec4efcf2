/// A folder of the host in which interpreters are looked for: below it, one folder each, or the folder itself.
package struct PythonPlace: Equatable, Sendable {
    /// For people: `pyenv of this host`.
    package var origin: String
    package var folder: String
    /// What the names of its folders begin with; empty for any.
    package var prefix: String

    package init(origin: String, folder: String, prefix: String = "") {
        self.origin = origin
        self.folder = folder
        self.prefix = prefix
    }

    /// Where programs that keep several interpreters put them, for the user with this home folder.
    package static func usual(home: String) -> [PythonPlace] {
        [
            PythonPlace(origin: "uv's Pythons of this host", folder: "\(home)/.local/share/uv/python"),
            PythonPlace(origin: "pyenv of this host", folder: "\(home)/.pyenv/versions"),
            PythonPlace(origin: "/usr/local of this host", folder: "/usr/local", prefix: "python"),
            PythonPlace(origin: "/opt of this host", folder: "/opt", prefix: "python"),
        ]
    }
}
