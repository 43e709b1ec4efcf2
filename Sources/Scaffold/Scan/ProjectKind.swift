import Model

/// Tells apps from what only looks like one: templates, libraries, empty folders.
enum ProjectKind {
    /// What can be told from names alone; nil goes on with the scan.
    static func early(_ context: ScanContext, isAsked: Bool) -> (kind: Facts.Kind, warnings: [Facts.Warning])? {
        let files = context.project.files(under: context.root)
        if let place = template(files, context) {
            let message = "this is a project template: fill it in first (\(place.file.prefix(80)))"
            return (.template, [Facts.Warning(message, at: place)])
        }
        return files.contains(where: isCode) ? nil : (.empty, [])
    }

    /// After all detectors: what is left without an entry.
    static func late(_ context: inout ScanContext) {
        let facts = context.facts
        guard facts.entry == nil, facts.recipe == nil, facts.framework != .dockerfile else { return }
        guard facts.kind == .app else { return }
        let files = context.project.files(under: context.root)
        context.facts.kind = files.contains { $0.hasSuffix(".py") } ? .library : .empty
        context.facts.framework = nil
    }

    // MARK: - Private

    private static let codeEndings = [
        ".py", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".go", ".rb", ".rs", ".php", ".ex", ".exs", ".cs", ".java", ".kt",
        ".html",
        ".swift", ".vue", ".svelte", ".astro", ".fs", ".scala", ".clj",
    ]

    private static func isCode(_ path: String) -> Bool {
        let name = TreePath.name(of: path).lowercased()
        let manifests: Set<String> = [
            "dockerfile", "package.json", "go.mod", "cargo.toml", "gemfile", "composer.json", "mix.exs",
            "pyproject.toml",
            "requirements.txt", "deno.json", "procfile",
        ]
        return manifests.contains(name) || codeEndings.contains { name.hasSuffix($0) }
    }

    /// A folder whose name is to be filled in, or the settings of a tool that does so.
    private static func template(_ files: [String], _ context: ScanContext) -> Place? {
        let settings = ["cookiecutter.json", "copier.yml", "copier.yaml", "copier.json"].map { context.path($0) }
        let folder = files.first { path in
            guard path.hasSuffix(".py") || path.hasSuffix(".toml") || path.hasSuffix(".txt") || path.hasSuffix(".jinja")
            else { return false }
            return TreePath.folder(of: path).split(separator: "/").contains { part in
                guard let open = part.firstRange(of: "{{") else { return false }
                return part[open.upperBound...].contains("}}") && part.count < 80
            }
        }
        let named = settings.first { context.project.has($0) }
        if let folder {
            // A stray folder of such a name is no template; most of the code has to be in it, or a tool's settings beside it.
            let code = files.filter { $0.hasSuffix(".py") && !TreePath.folder(of: $0).contains("{{") }
            if named != nil || code.isEmpty || context.root.isEmpty && hasPlaceholder(folder) { return Place(folder) }
        }
        guard let named else { return nil }
        // With a settings file alone, the code itself has to hold what is filled in.
        let isFilledIn = files.prefix(2_000).contains {
            $0.hasSuffix(".jinja") || $0.hasSuffix(".j2") && $0.contains(".py")
        }
        return isFilledIn ? Place(named) : nil
    }

    /// `{{cookiecutter.project_slug}}`, `{{ project_name }}`.
    private static func hasPlaceholder(_ path: String) -> Bool {
        path.contains("cookiecutter.") || path.contains("copier.")
    }
}
