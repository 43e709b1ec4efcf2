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
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
            // What is commented out is done by nobody; its line stays, so that places are right.
            line.drop { $0 == " " || $0 == "\t" }.hasPrefix("#") ? "" : line
        }
        let whole = lines.joined(separator: "\n")
        let (up, down) = (whole.firstRange(of: "def upgrade"), whole.firstRange(of: "def downgrade"))
        let upgrade = down.map { whole[..<$0.lowerBound] } ?? whole[...]
        let others = [
            "create_all", "CREATE TABLE", "create table", "inspect(", "has_table", "get_table_names", "sa.Table(",
            "read_text", ".read(", "IF EXISTS", "if exists", "schema=",
        ]
        let isOdd = (down.map { $0.lowerBound < up?.lowerBound ?? whole.startIndex } ?? false)
        // `op.create_table(NAME, …)`
        let isNamedElsewhere = upgrade.contains(/\bop\.create_table\(\s*[A-Za-z]/)
        if isOdd || isNamedElsewhere || others.contains(where: upgrade.contains) || Self.imports(lines) {
            isUnknown = true
        }
        // A call with its first words: `op.add_column(\n        'users',`. A batch has named its table before.
        let call =
            /\bop\.(\w+)\(\s*(?:(?:table_name|name)\s*=\s*)?(?:op\.f\()?['"](\w+)['"]\)?(?:\s*,\s*['"](\w+)['"])?/
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

    /// Whether a revision imports what may make tables by itself: a helper of the project's own.
    private static func imports(_ lines: [some StringProtocol]) -> Bool {
        let known: Set<Substring> = [
            "alembic", "sqlalchemy", "sqlmodel", "sqlalchemy_utils", "geoalchemy2", "pgvector", "advanced_alchemy",
            "fastapi_users_db_sqlalchemy", "citext", "ormar",
        ]
        return lines.contains { line in
            let words = line.split(separator: " ")
            guard let first = words.first, first == "from" || first == "import", words.count > 1 else { return false }
            let root = words[1].prefix { $0 != "." && $0 != "," }
            return !root.isEmpty && !known.contains(Substring(root)) && !StandardLibrary.has(root)
                || words[1].hasPrefix(".")
        }
    }
}
