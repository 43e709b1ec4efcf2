import Model

/// The extensions of PostgreSQL that a project can't do without, of those that are packages of their own.
enum DatabaseExtensions {
    /// Name and where that is said, each once; the image is the one that the project's own Compose file starts.
    static func wanted(_ context: ScanContext, image: (name: String, place: Place)?) -> [(name: String, place: Place)] {
        var found: [(name: String, place: Place)] = []
        func add(_ name: String, _ place: Place) {
            if !found.contains(where: { $0.name == name }) { found.append((name, place)) }
        }
        for dependency in context.facts.dependencies where dependency.group == nil {
            guard let name = libraries[dependency.name] else { continue }
            add(name, Place(context.facts.manager?.manifest ?? context.facts.manager?.lock ?? dependency.name))
        }
        if let image {
            let words = image.name.lowercased()
            for (part, name) in images where words.contains(part) { add(name, image.place) }
        }
        for path in context.project.files where path.hasSuffix(".py") || path.hasSuffix(".sql") {
            guard !ProductionStage.isAsidePath(path), let text = context.project.text(path) else { continue }
            for (name, line) in created(in: text) { add(name, Place(path, line)) }
        }
        return found
    }

    // MARK: - Private

    /// By their distributions' names.
    private static let libraries = ["pgvector": "vector", "geoalchemy2": "postgis"]
    private static let images = [("postgis", "postgis"), ("pgvector", "vector")]
    private static let names = ["vector": "vector", "postgis": "postgis", "pg_cron": "cron", "pg_partman": "partman"]

    /// `CREATE EXTENSION IF NOT EXISTS "vector"`, however it is written.
    private static func created(in text: String) -> [(name: String, line: Int)] {
        guard TextSearch.contains(text, "xtension") || TextSearch.contains(text, "XTENSION") else { return [] }
        return text.textLines.prefix(20_000).enumerated().flatMap { number, line -> [(name: String, line: Int)] in
            guard line.utf8.count < 2_000 else { return [] }
            return line.matches(of: /create\s+extension\s+(?:if\s+not\s+exists\s+)?\\?["']?([a-z_]+)/.ignoresCase())
                .compactMap { match in names[match.output.1.lowercased()].map { ($0, number + 1) } }
        }
    }
}
