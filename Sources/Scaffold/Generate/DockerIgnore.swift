/// Writes `.dockerignore`: what is not needed stays out, so that no secret, history or database gets into an image.
enum DockerIgnore {
    /// All but a list of paths, and in them all but what never belongs into an image.
    static func allowing(_ paths: [String], stamp: String, _ facts: Facts) -> String {
        var lines = [Stamp.line(stamp), "*"]
        lines += paths.map { "!\($0)" }
        lines += never
        if facts.database?.engine == .sqlite, let file = facts.database?.file {
            let name = TreePath.name(of: file)
            if Quoting.isPlainPath(name), name.contains(".") { lines.append("**/\(name)*") }
        }
        return text(lines)
    }

    /// All but what never belongs into an image, for builds that copy the whole folder.
    static func forAnything(stamp: String) -> String {
        let more = ["**/.git", "**/.github", "**/.idea", "**/.vscode", "**/.DS_Store", "**/*.log", "fly.toml"]
        return text([Stamp.line(stamp)] + more + never)
    }

    // MARK: - Private

    private static let never = [
        "**/__pycache__", "**/*.py[cod]", "**/.env*", "**/.venv", "**/node_modules", "**/*.sqlite3", "**/*.key",
        "**/id_rsa*",
    ]

    private static func text(_ lines: [String]) -> String {
        var seen: Set<String> = []
        return lines.filter { seen.insert($0).inserted }.joined(separator: "\n") + "\n"
    }
}
