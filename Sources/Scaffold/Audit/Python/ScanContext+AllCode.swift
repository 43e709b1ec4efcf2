extension ScanContext {
    /// The same with the Python files that a scan leaves out for speed.
    ///
    /// Those are revisions of Alembic and, in large projects, files without words that a detector looks for. An audit
    /// reads them too; tests it does not.
    package func withAllCode() async throws -> ScanContext {
        let known = Set(python.modules.map(\.path))
        let root = root
        let rest = try await PythonSources.read(project, with: pythonProcess) { path, text in
            guard !known.contains(path), TreePath.lies(path, in: root), !path.contains("{{"), !text.isEmpty else {
                return false
            }
            return CodeRole.of(path, root: root) != .test
        }
        var context = self
        context.python.warning = python.warning ?? rest.warning
        guard !rest.modules.isEmpty else { return context }
        context.python.modules = (python.modules + rest.modules).sorted { $0.path < $1.path }
        context.index = PythonIndex(context.python)
        return context
    }
}
