extension FlyValues {
    /// The release command with the address and the path that the migrations want, where those of the image are others.
    func prepared(_ words: [String], _ facts: Facts, _ options: FlyConfigOptions) -> [String] {
        // Ours does both itself.
        guard options.migrateScript == nil, facts.migrations?.tool == .alembic else { return words }
        var words = MigrationScheme(facts)?.wrapped(words) ?? words
        if let path = Self.importPath(facts, options) { words = ["env", "PYTHONPATH=\(path)"] + words }
        return words
    }

    /// Where the migrations' scripts import from in an image of the project's own; nil when they find it all.
    private static func importPath(_ facts: Facts, _ options: FlyConfigOptions) -> String? {
        guard facts.existing.dockerfile != nil, let migrations = facts.migrations else { return nil }
        // Relative to the folder that they are run in.
        let roots = (migrations.importRoots ?? []).map { TreePath.relative($0, to: migrations.workingDirectory) }
        let own = (migrations.lacksPath == true ? ["."] : []) + roots.filter(Quoting.isPlainPath)
        guard !own.isEmpty else { return nil }
        return (own + [options.importPath, options.imagePath].compactMap { $0 }).joined(separator: ":")
    }
}
