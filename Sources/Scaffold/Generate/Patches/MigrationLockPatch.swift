/// Offers a lock in Alembic's `env.py`: Alembic takes none, and two that start together both make the first table.
enum MigrationLockPatch {
    /// Nil for other tools and databases, and for an `env.py` that is not as Alembic's own templates.
    static func make(_ facts: Facts, project: Project, index: PythonIndex) -> CodePatch? {
        guard facts.migrations?.tool == .alembic, let location = facts.migrations?.location,
            let engine = facts.database?.engine, let lock = statement(engine, facts.name)
        else { return nil }
        let path = TreePath.joined(TreePath.joined(facts.root, location), "env.py")
        guard let module = index.module(at: path), let text = project.text(path), let source = SourceLines(text),
            !text.contains("advisory"), !text.contains("GET_LOCK")
        else { return nil }
        let calls = module.calls.filter { call in
            call.function == "alembic.context.run_migrations" && !call.scope.lowercased().contains("offline")
        }
        guard calls.count == 1, let call = calls.first, isInTransaction(call.line, source) else { return nil }
        var edit = PythonEdit(source)
        let indent = source.indent(ofLine: call.line)
        edit.insert(
            ["# Whoever comes second waits here until the first is done.", "context.execute(\(Quoting.python(lock)))"],
            beforeLine: call.line,
            indent: indent
        )
        return CodePatch.make("a lock around migrations", ["B09"], path: path, edit)
    }

    // MARK: - Private

    private static func statement(_ engine: Facts.Database.Engine, _ name: String) -> String? {
        switch engine {
        // It ends with the transaction.
        case .postgresql: "SELECT pg_advisory_xact_lock(\(MigrateScript.lockKey(name)))"
        // It ends with the connection.
        case .mysql: "SELECT GET_LOCK('roost-migrate-\(MigrateScript.lockKey(name))', 600)"
        default: nil
        }
    }

    /// Whether the call begins its line, below a line that opens the transaction.
    private static func isInTransaction(_ line: Int, _ source: SourceLines) -> Bool {
        guard source.content(ofLine: line).drop(while: { $0 == " " || $0 == "\t" }).hasPrefix("context.run_migrations")
        else {
            return false
        }
        let indent = source.indent(ofLine: line).count
        var above = line - 1
        while above > 0 {
            let text = source.content(ofLine: above)
            let isBlank = text.allSatisfy(\.isWhitespace)
            if !isBlank, source.indent(ofLine: above).count < indent {
                return text.contains("begin_transaction") && text.contains("with ")
            }
            above -= 1
        }
        return false
    }
}
