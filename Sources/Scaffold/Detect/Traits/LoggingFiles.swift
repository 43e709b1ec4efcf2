/// Files that a configuration of Python's logging writes to: INI as `fileConfig` reads it, YAML and JSON for `dictConfig`, and
/// the JSON that apps of loguru keep for it.
enum LoggingFiles {
    /// Their folders, as the app is started in its own; `.` is that one.
    ///
    /// Alembic's own file counts for nothing: what it writes, a migration writes.
    static func folders(_ context: ScanContext) -> Set<String> {
        var found: Set<String> = []
        for file in named(context) {
            let folder = TreePath.folder(of: TreePath.joined("", file.drop { $0 == "/" }))
            guard !folder.isEmpty || !file.hasPrefix("/") else { continue }
            found.insert(file.hasPrefix("/") ? "/" + folder : folder.isEmpty ? "." : folder)
        }
        return found
    }

    /// As they are written there.
    static func named(_ context: ScanContext) -> [String] {
        context.project.files(under: context.root).filter(mayBe).flatMap { path in
            context.project.text(path).map { files(in: $0) } ?? []
        }
    }

    // MARK: - Private

    private static func mayBe(_ path: String) -> Bool {
        let name = TreePath.name(of: path).lowercased()
        return name.contains("log")
            && [".conf", ".ini", ".cfg", ".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }

    private static func files(in text: String) -> [String] {
        if text.contains("[handler_") {
            return text.matches(of: /(?m)^args\s*=\s*\(\s*r?["']([^"'\n]{1,200})["']/).map { String($0.1) }
        }
        if text.contains("\"handlers\"") {
            return text.matches(of: /"filename"\s*:\s*"([^"\n]{1,200})"/).map { String($0.1) }
        }
        if text.contains("\"logger\""), text.contains("\"rotation\"") || text.contains("\"retention\"") {
            return text.matches(of: /"path"\s*:\s*"([^"\n]{1,200})"/).map { String($0.1) }
        }
        guard text.contains("handlers:") else { return [] }
        return text.matches(of: /(?m)^\s+filename:\s*["']?([^"'\s#]{1,200})/).map { String($0.1) }
    }
}
