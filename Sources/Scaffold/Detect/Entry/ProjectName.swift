import Model

/// Makes a name for the app that is fit for a host name.
enum ProjectName {
    static func find(in context: ScanContext) -> String {
        let manifest = context.document(context.path("pyproject.toml"))
        let candidates = [
            context.facts.existing.flyConfig.flatMap { context.document($0)?["app"]?.string },
            manifest?.at("project", "name")?.string,
            manifest?.at("tool", "poetry", "name")?.string,
            context.root.isEmpty ? nil : TreePath.name(of: context.root),
            context.project.name,
        ]
        let plain = candidates.compactMap { $0.flatMap(fit) }
        return plain.first { !generic.contains($0) } ?? plain.first ?? "app"
    }

    /// Lower case letters, digits and single dashes, at most 40, a letter first.
    static func fit(_ text: String) -> String? {
        var result = ""
        for character in text.lowercased() {
            if character.isASCII, character.isLetter || character.isNumber {
                result.append(character)
            } else if !result.isEmpty, result.last != "-" {
                result.append("-")
            }
        }
        let trimmed = result.drop { !$0.isLetter }.prefix(40)
        let end = trimmed.lastIndex { $0 != "-" }
        guard let end else { return nil }
        return String(trimmed[...end])
    }

    // MARK: - Private

    /// What many projects are called, so that it tells nothing.
    private static let generic: Set<String> = [
        "app", "backend", "api", "src", "server", "project", "web", "service", "platform", "main", "code", "python",
        "application",
        "my-project", "my-app", "myapp", "myproject", "fastapi", "repo", "workspace",
    ]
}
