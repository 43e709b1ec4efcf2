import Model

/// Versions of the tools and images that generated files name.
///
/// > Source: the projects' own packages on PyPI, with the Python versions that each still supports.
enum ToolVersions {
    static let uv = "0.13.7"
    static let micromamba = "2.3.0"
    static let node = "24"

    /// Programs that an image starts an app with.
    static let servers = ["gunicorn", "uvicorn", "uvicorn-worker", "hypercorn", "granian", "daphne"]

    /// A tool's version for a minor version of Python.
    static func pinned(_ tool: String, python: Int) -> String {
        let row = table[tool] ?? []
        let version = row.first { python >= $0.python }?.version
        return version.map { "\(tool)==\($0)" } ?? tool
    }

    /// The newest first, each with the oldest Python that it runs on.
    private static let table: [String: [(python: Int, version: String)]] = [
        "poetry": [(10, "2.5.1"), (9, "2.2.1"), (8, "1.8.5")],
        "pdm": [(10, "2.29.4"), (9, "2.26.9"), (8, "2.20.1")],
        "pipenv": [(10, "2026.10.3"), (9, "2025.0.4"), (8, "2024.4.1")],
        "gunicorn": [(10, "27.0.1"), (8, "23.0.0")],
        "uvicorn": [(10, "0.54.0"), (9, "0.39.0"), (8, "0.33.0")],
        "greenlet": [(10, "3.5.6"), (9, "3.2.5"), (8, "3.1.1")],
        "uvicorn-worker": [(9, "0.4.0"), (8, "0.2.0")],
    ]
}

/// The image that a Python app is built on.
struct BaseImage: Equatable {
    /// `3.14`.
    let version: String
    /// `14`.
    let minor: Int
    /// Of Debian: `trixie`.
    let release: String

    /// `python:3.14-slim-trixie`.
    var name: String { "python:\(version)-slim-\(release)" }

    /// The newest CPython that is at least a year old, when nothing says another one.
    static let defaultVersion = "3.14"

    init(_ chosen: String?) {
        let parts = (chosen ?? "").split(separator: ".").compactMap { Int($0) }
        // Only Python 3 has such images; a version that is none is as good as none.
        let isKnown = parts.count >= 2 && parts[0] == 3 && (6...99).contains(parts[1])
        minor = isKnown ? parts[1] : 14
        version = isKnown ? "3.\(minor)" : Self.defaultVersion
        // The images of versions past their end were not made for later releases of Debian any more.
        release = minor >= 10 ? "trixie" : minor >= 7 ? "bookworm" : "bullseye"
    }

    /// Packages of Debian 13 under the names that an older release has for them.
    func packages(_ names: [String]) -> [String] { DebianPackages.names(names, in: release) }
}
