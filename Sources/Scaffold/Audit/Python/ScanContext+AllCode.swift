extension ScanContext {
    /// The same with the Python files that a scan leaves out for speed.
    ///
    /// Those are revisions of Alembic and, in large projects, files without words that a detector looks for. An audit
    /// reads them too; tests it does not.
    package func withAllCode() async throws -> ScanContext { try await reading { _ in true } }

    /// The same with the migrations of Alembic and Django alone.
    func withMigrations() async throws -> ScanContext {
        try await reading { $0.contains("down_revision") || $0.contains("(migrations.Migration)") }
    }

    // MARK: - Private

    private func reading(_ isWanted: @escaping @Sendable (_ text: String) -> Bool) async throws -> ScanContext {
        let known = Set(python.modules.map(\.path))
        let root = root
        let rest = try await PythonSources.read(project, with: pythonProcess) { path, text in
            guard !known.contains(path), TreePath.lies(path, in: root), !path.contains("{{"), !text.isEmpty else {
                return false
            }
            return isWanted(text) && CodeRole.of(path, root: root) != .test
        }
        let warning = python.warning ?? rest.warning
        guard !rest.modules.isEmpty || warning != python.warning else { return self }
        let modules = (python.modules + rest.modules).sorted { $0.path < $1.path }
        var context = self
        context.program = PythonProgram(PythonSources(modules: modules, warning: warning))
        return context
    }
}
