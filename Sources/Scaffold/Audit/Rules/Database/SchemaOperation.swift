/// What a revision does to the schema.
struct SchemaOperation {
    var call: PythonCall

    /// The operations of `upgrade`, also those that work on a batch.
    static func all(in module: PythonModule) -> [SchemaOperation] {
        module.calls.filter { $0.scope == "upgrade" || $0.scope.hasPrefix("upgrade.") }.map {
            SchemaOperation(call: $0)
        }
    }

    private var isOperation: Bool {
        call.function.hasPrefix("alembic.op.") || call.function.hasPrefix("op.") || call.function.hasPrefix("batch_op.")
    }

    private var isBatch: Bool { call.function.hasPrefix("batch_op.") }

    /// The tables that are made.
    var created: [String] {
        guard isOperation else { return [] }
        switch call.method {
        case "create_table": return [call.arguments.first?.text].compactMap { $0 }
        case "execute": return statement.map { SQLChanges($0).created.map { $0.lowercased() } } ?? []
        default: return []
        }
    }

    private var table: String? { isBatch ? nil : call.argument(0, "table_name")?.text }

    /// How bad it is for code that still runs, and why; nil when it is not.
    func harm(newTables: Set<String>, isPostgres: Bool) -> (Severity, String)? {
        guard isOperation else { return nil }
        if let table = call.method == "create_index" ? call.argument(1, "table_name")?.text : table,
            newTables.contains(table)
        {
            return nil
        }
        let column = call.argument(isBatch ? 0 : 1, "column_name")?.text ?? "a column"
        switch call.method {
        case "drop_column":
            return (.warning, "drops \(column), which the version before still reads while the deploy rolls")
        case "drop_table": return (.warning, "drops a table that the version before may still read")
        case "rename_table": return (.warning, "renames a table under the version before")
        case "alter_column":
            if call["new_column_name"] != nil || call["name"] != nil {
                return (.warning, "renames \(column) under the version before")
            }
            if call["type_"] != nil {
                return (.warning, "changes the type of \(column), which may rewrite and lock the table")
            }
            if call["nullable"]?.bool == false, call["server_default"] == nil {
                return (
                    .warning, "makes \(column) NOT NULL, which fails where a row has none and locks the table to look"
                )
            }
            return nil
        case "add_column":
            guard let added = call.arguments.last?.call, added.method == "Column", added["nullable"]?.bool == false
            else { return nil }
            guard added["server_default"] == nil, added["computed"] == nil, added["identity"] == nil else { return nil }
            guard !added.arguments.contains(where: { ["Identity", "Computed"].contains($0.call?.method) }) else {
                return nil
            }
            return (.warning, "adds a NOT NULL column without a server default, which fails where rows are")
        case "create_index":
            guard isPostgres, !isBatch, call["postgresql_concurrently"]?.bool != true else { return nil }
            return (.warning, "builds an index while writes to the table wait")
        case "execute":
            guard let changes = statement.map({ SQLChanges($0) }) else { return nil }
            if let first = changes.harms(newTables: newTables).first { return (.warning, first.message) }
            return changes.buildsIndex ? (.warning, "builds an index while writes to the table wait") : nil
        default: return nil
        }
    }

    /// The way in several releases to what would break code that still runs, by how ``harm(newTables:isPostgres:)`` begins.
    static func way(_ message: String) -> String {
        switch message.prefix(while: { $0 != " " }) {
        case "drops": "deploy code that no longer reads it first; drop it in the release after that"
        case "renames":
            "add the new one beside the old one and write both; copy; deploy code that reads the new one; "
                + "drop the old one in a later release"
        case "changes":
            "add a column of the new type beside it and write both; copy; deploy code that reads the new one; "
                + "drop the old one in a later release"
        default:
            "add it as nullable or with a default of the database's (server_default, db_default); deploy code that "
                + "writes it; fill the rows; set NOT NULL in a later release"
        }
    }

    private var statement: String? {
        switch call.arguments.first {
        case .string(let text), .formatted(let text): text
        case .call(let inner): inner.arguments.first?.text
        default: nil
        }
    }
}
