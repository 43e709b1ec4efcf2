/// What a file is for, by the folders and the name of its path.
///
/// Rules speak of what runs in production; tests, examples and tools break the same rules with good reason.
enum CodeRole: Sendable {
    case production, test, example, migration, script

    /// Tells a file's role.
    ///
    /// - Parameters:
    ///   - path: relative to the project.
    ///   - root: the app's own folder, whose name tells nothing: an app may live in `examples/shop`.
    /// - Returns: what the code is for.
    static func of(_ path: String, root: String = "") -> CodeRole {
        let inner = root.isEmpty || !path.hasPrefix(root + "/") ? path[...] : path.dropFirst(root.count + 1)
        let parts = inner.lowercased().split(separator: "/")
        for part in parts.dropLast() {
            if let role = folders[part] { return role }
            if part.hasPrefix("test_") || part.hasSuffix("_test") || part.hasSuffix("_tests")
                || part.hasSuffix("-tests")
            {
                return .test
            }
            if part.hasPrefix("example") || part.hasPrefix("sample") { return .example }
        }
        return parts.last.map(role(ofFile:)) ?? .production
    }

    // MARK: - Private

    private static let folders: [Substring: CodeRole] = [
        "test": .test, "tests": .test, "testing": .test, "e2e": .test, "fixtures": .test, "__tests__": .test,
        "unit_tests": .test, "testdata": .test, "mocks": .test, "load_test": .test, "loadtest": .test, "locust": .test,
        "docs": .example, "doc": .example, "demo": .example, "demos": .example, "tutorial": .example,
        "tutorials": .example, "notebooks": .example, "contrib": .example, "benchmarks": .example,
        "benchmark": .example, "docs_src": .example, ".devcontainer": .example, "playground": .example,
        "cookbook": .example, "snippets": .example,
        "scripts": .script, "script": .script, "tools": .script, "bin": .script, "hooks": .script, ".github": .script,
        "devtools": .script, "dev": .script, "ci": .script, ".ci": .script, "seeds": .script, "seeders": .script,
        "utilities": .script,
        "maintenance": .script,
        "migrations": .migration, "alembic": .migration, "versions": .migration,
    ]

    private static func role(ofFile name: Substring) -> CodeRole {
        let stem = name.hasSuffix(".py") ? name.dropLast(3) : name
        if stem.hasPrefix("test_") || stem.hasSuffix("_test") || stem.hasSuffix("_tests") || stem == "tests" {
            return .test
        }
        switch stem {
        case "conftest", "locustfile", "factories", "mock", "mocks": return .test
        case "setup", "noxfile", "tasks_dev", "fabfile", "seed", "manage_dev", "gunicorn_dev": return .script
        default: return stem.hasPrefix("example") || stem.hasPrefix("demo_") ? .example : .production
        }
    }
}
