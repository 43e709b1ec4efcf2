/// The tables that revisions of Alembic make and change, by the text of their files.
struct AlembicTables {
    private var made: Set<String> = []
    private var changed: [(table: String, place: Place)] = []
    /// A revision makes or asks for tables in a way that is not followed.
    private var isUnknown = false

    /// - Parameters:
    ///   - folders: of revisions.
    ///   - project: what they lie in.
    init(_ folders: [String], _ project: Project) {
        let files = project.files.filter { file in
            file.hasSuffix(".py") && folders.contains { TreePath.lies(file, in: $0) }
        }
        for file in files.sorted().prefix(2_000) {
            if let text = project.text(file) { read(text, file) }
        }
    }

    /// The first change of a table that no revision makes: on an empty database the whole chain ends there.
    var missing: (table: String, place: Place)? {
        guard !isUnknown else { return nil }
        return changed.first { !made.contains($0.table) }
    }

    // MARK: - Private

    private mutating func read(_ text: String, _ file: String) {
        guard text.contains("down_revision") else { return }
        let upgrade = text.firstRange(of: "def downgrade").map { text[..<$0.lowerBound] } ?? text[...]
        let others = [
            "create_all", "CREATE TABLE", "create table", "inspect(", "has_table", "get_table_names", "sa.Table(",
            "read_text",
            "IF EXISTS", "if exists", "schema=",
        ]
        if others.contains(where: upgrade.contains) { isUnknown = true }
        // A call with its first words: `op.add_column(\n        'users',`.
        let call =
            /\b(?:op|batch_op)\.(\w+)\(\s*(?:(?:table_name|name)\s*=\s*)?(?:op\.f\()?['"](\w+)['"]\)?(?:\s*,\s*['"](\w+)['"])?/
        for match in upgrade.matches(of: call) {
            let (method, first, second) = (match.output.1, String(match.output.2), match.output.3.map(String.init))
            let table: String?
            switch method {
            case "create_table":
                made.insert(first)
                table = nil
            case "rename_table":
                if let second { made.insert(second) }
                table = first
            case "add_column", "drop_column", "alter_column", "batch_alter_table", "drop_table": table = first
            case "create_index", "create_unique_constraint", "create_foreign_key", "create_check_constraint":
                table = second
            default: table = nil
            }
            guard let table else { continue }
            let line = upgrade[..<match.range.lowerBound].split(
                omittingEmptySubsequences: false,
                whereSeparator: \.isNewline
            )
            changed.append((table, Place(file, line.count)))
        }
    }
}
