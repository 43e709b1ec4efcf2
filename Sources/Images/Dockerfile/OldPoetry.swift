import Toolkit

/// Keeps a Dockerfile that installs Poetry without a version on the Poetry that its project was made with.
///
/// Poetry 2 has no `--no-dev` and no `export` of its own any more, so that what was written for version 1 stops with the
/// day on which a newer one comes out.
enum OldPoetry {
    /// - Parameters:
    ///   - dockerfile: its text.
    ///   - lock: the project's `poetry.lock`; nil when it has none.
    /// - Returns: the text with `poetry<2` where `pip install` names Poetry alone; nil where nothing is to be changed.
    static func pinned(_ dockerfile: String, lock: String?) -> String? {
        guard isOld(dockerfile, lock: lock) else { return nil }
        let result = dockerfile.replacing(/((?:pip3?|pipx)\s+install\b[^&|;\n]*?\s)(["']?)poetry\2(?=\s|$)/) { found in
            "\(found.output.1)'poetry<2'"
        }
        return result == dockerfile ? nil : result
    }

    static let note = "the project was made with Poetry 1, and the Dockerfile names no version: 'poetry<2' is installed"

    /// > Source: python-poetry.org: `lock-version` 2.1 came with Poetry 2.0, which removed `--no-dev`.
    private static func isOld(_ dockerfile: String, lock: String?) -> Bool {
        if dockerfile.contains("--no-dev") && dockerfile.contains("poetry install") { return true }
        guard let lock else { return false }
        if lock.prefix(200).contains("by Poetry 1.") { return true }
        guard let found = lock.firstMatch(of: /lock-version = "(\d+)\.(\d+)"/),
            let major = Int(found.1), let minor = Int(found.2)
        else { return false }
        return (major, minor) < (2, 1) && !lock.prefix(200).contains("by Poetry 2")
    }
}
