/// Variables that files list: `.env.example`, and `environment:` of the app's service in Compose.
enum EnvironmentFiles {
    static func uses(in context: ScanContext) -> [EnvironmentDetector.Use] {
        examples(in: context).flatMap { path in
            assignments(context.project.text(path) ?? "").map { name, _, line in
                EnvironmentDetector.Use(name: name, isRequired: false, place: Place(path, line), isListed: true)
            }
        } + compose(context)
    }

    /// Files that show what to set, those of the app's folder first.
    static func examples(in context: ScanContext) -> [String] {
        TreePath.ancestors(of: context.root).flatMap { folder in
            context.project.files(under: folder).filter {
                TreePath.folder(of: $0) == folder && isExample(TreePath.name(of: $0))
            }
        }
    }

    /// `KEY=value` lines with their numbers; comments and quotes resolved.
    static func assignments(_ text: String) -> [(name: String, value: String, line: Int)] {
        var result: [(String, String, Int)] = []
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var line = raw.blanksTrimmed
            if line.first == "#" { continue }
            if line.hasPrefix("export ") { line = line.dropFirst(7).blanksTrimmed }
            guard let separator = line.firstIndex(of: "=") else { continue }
            let name = line[..<separator].blanksTrimmed
            guard EnvironmentNames.isName(name) else { continue }
            var value = line[line.index(after: separator)...].blanksTrimmed
            if value.first != "\"", value.first != "'", let hash = value.firstRange(of: " #") {
                value = value[..<hash.lowerBound].blanksTrimmed
            }
            result.append((String(name), value.quotesTrimmed, index + 1))
        }
        return result
    }

    /// Whether a name is that of a file that shows what to set: `.env.example`, `env.sample`.
    static func isExample(_ name: String) -> Bool {
        let lower = name.lowercased()
        guard lower.contains("env") else { return false }
        let marks = ["example", "sample", "template", "dist", "default", "defaults", "examples", "samples"]
        let parts = lower.split { $0 == "." || $0 == "-" || $0 == "_" }.map(String.init)
        guard parts.contains("env") || parts.contains("dotenv") || parts.contains("environment") else { return false }
        return marks.contains(where: parts.contains)
            && !["py", "md", "json", "yml", "yaml", "toml"].contains(parts.last)
    }

    // MARK: - Private

    private static func compose(_ context: ScanContext) -> [EnvironmentDetector.Use] {
        ComposeFiles(context).apps.flatMap { service in
            service.environment.map { variable in
                // `${NAME:?message}` stops Compose when it is not set.
                let value = variable.value ?? ""
                let isRequired = value.hasPrefix("${") && value.contains("?")
                let place = Place(service.file, variable.line)
                return .init(name: variable.name, isRequired: isRequired, place: place, isListed: true)
            }
        }
    }
}
