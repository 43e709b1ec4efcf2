/// What statements of SQL do to tables that code which still runs reads and writes.
///
/// No grammar of any database: words, of which those are known that change a table. What functions do inside and what is put
/// together at run time is not seen.
struct SQLChanges {
    /// Words in upper case, punctuation by itself, texts as `''`; the names of things without their quotes.
    struct Statement {
        var line: Int
        var words: [Substring]
    }

    let statements: [Statement]

    init(_ text: String, from line: Int = 1) {
        var reader = SQLReader(text, line)
        statements = reader.all()
    }

    /// Tables that are made.
    var created: Set<String> {
        Set(
            statements.compactMap { statement in
                guard let place = statement.words.place(of: ["CREATE", "TABLE"], gap: 2) else { return nil }
                var rest = statement.words[place...]
                return rest.takeName()
            }
        )
    }

    /// An index is built in a way that lets writes wait.
    var buildsIndex: Bool {
        statements.contains { statement in
            statement.words.place(of: ["CREATE", "INDEX"], gap: 1) != nil && !statement.words.contains("CONCURRENTLY")
        }
    }

    /// What breaks code that still runs, in the order of the statements.
    ///
    /// A table that is dropped while another takes its name has been made anew (SQLite changes most things that way): what
    /// changed about it can't be told.
    func harms(newTables: Set<String>) -> [(line: Int, message: String)] {
        let made = created.union(newTables.map { $0.uppercased() })
        let rebuilt = Set(statements.compactMap { Self.renamed($0.words) })
        return statements.flatMap { statement in
            let words = statement.words
            var messages: [String] = []
            if let place = words.place(of: ["ALTER", "TABLE"], gap: 0) {
                messages = Self.altered(words[place...], made)
            } else if let place = words.place(of: ["DROP", "TABLE"], gap: 0) {
                messages = Self.dropped(words[place...], made.union(rebuilt))
            } else if words.starts(with: ["RENAME", "TABLE"]) {
                messages = ["renames a table under the version before"]
            }
            return messages.map { (statement.line, $0) }
        }
    }

    // MARK: - Private

    /// The name that a table gets.
    private static func renamed(_ words: [Substring]) -> String? {
        guard words.place(of: ["ALTER", "TABLE"], gap: 0) != nil,
            let place = words.place(of: ["RENAME", "TO"], gap: 0)
        else { return nil }
        var rest = words[place...]
        return rest.takeName()
    }

    private static func dropped(_ words: ArraySlice<Substring>, _ free: Set<String>) -> [String] {
        words.split(separator: ",").compactMap { part in
            var rest = part
            guard let table = rest.takeName(), !free.contains(table) else { return nil }
            return "drops the table \(table.lowercased()), which the version before may still read"
        }
    }

    private static func altered(_ words: ArraySlice<Substring>, _ made: Set<String>) -> [String] {
        var rest = words
        guard let table = rest.takeName(), !made.contains(table) else { return [] }
        return rest.actions().compactMap { action($0, table.lowercased()) }
    }

    private static func action(_ words: ArraySlice<Substring>, _ table: String) -> String? {
        var rest = words
        let verb = rest.popFirst()
        let isColumn = rest.take(["COLUMN"])
        if !isColumn, let next = rest.first, others.contains(next) { return nil }
        switch verb {
        case "DROP":
            guard let column = rest.takeName() else { return nil }
            return "drops \(column.lowercased()) of \(table), which the version before still reads"
        case "RENAME":
            if ["TO", "AS"].contains(rest.first) { return "renames the table \(table) under the version before" }
            return "renames \(rest.takeName()?.lowercased() ?? "a column") of \(table) under the version before"
        case "CHANGE":
            let (old, new) = (rest.takeName(), rest.takeName())
            guard let old, old != new else { return changes(old, table) }
            return "renames \(old.lowercased()) of \(table) under the version before"
        case "MODIFY": return changes(rest.takeName(), table)
        case "ALTER":
            let column = rest.takeName()
            if rest.take(["TYPE"]) || rest.take(["SET", "DATA", "TYPE"]) { return changes(column, table) }
            guard rest.starts(with: ["SET", "NOT", "NULL"]) else { return nil }
            return "makes \(column?.lowercased() ?? "a column") of \(table) NOT NULL, which fails where a row has none"
        case "ADD":
            guard let column = rest.takeName(), rest.place(of: ["NOT", "NULL"], gap: 0) != nil,
                !rest.contains(where: filled.contains)
            else { return nil }
            return "adds \(column.lowercased()) to \(table), NOT NULL without a default, which fails where rows are"
        default: return nil
        }
    }

    private static func changes(_ column: String?, _ table: String) -> String {
        "changes the type of \(column?.lowercased() ?? "a column") of \(table), which may rewrite and lock the table"
    }

    /// What can stand where a column's name could.
    private static let others: Set<Substring> = [
        "CONSTRAINT", "INDEX", "KEY", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "FULLTEXT", "SPATIAL", "PARTITION",
        "DEFAULT", "TRIGGER", "EXPRESSION", "IDENTITY", "(",
    ]
    /// What gives a new column a value.
    private static let filled: Set<Substring> = [
        "DEFAULT", "GENERATED", "IDENTITY", "AUTO_INCREMENT", "AUTOINCREMENT", "SERIAL", "BIGSERIAL", "SMALLSERIAL",
    ]
}

extension Collection<Substring> where SubSequence == ArraySlice<Substring>, Index == Int {
    /// The place behind words that follow each other with at most `gap` others in between; nil where they don't.
    fileprivate func place(of wanted: [Substring], gap: Int) -> Int? {
        for start in indices where self[start] == wanted[0] {
            var next = index(after: start)
            var isFound = true
            for word in wanted.dropFirst() {
                let window = self[next..<Swift.min(next + gap + 1, endIndex)]
                guard let place = window.firstIndex(of: word) else {
                    isFound = false
                    break
                }
                next = index(after: place)
            }
            if isFound { return next }
        }
        return nil
    }
}

extension ArraySlice<Substring> {
    fileprivate mutating func take(_ words: [Substring]) -> Bool {
        guard starts(with: words) else { return false }
        removeFirst(words.count)
        return true
    }

    /// The last part of a name with dots, after the words that may stand before one.
    fileprivate mutating func takeName() -> String? {
        while take(["IF", "NOT", "EXISTS"]) || take(["IF", "EXISTS"]) || take(["ONLY"]) {}
        guard var name = popFirst(), name.first?.isPunctuation != true || name.first == "_" else { return nil }
        while first == ".", count > 1 {
            removeFirst()
            name = removeFirst()
        }
        return String(name)
    }

    /// What stands between the commas that no bracket holds.
    fileprivate func actions() -> [ArraySlice<Substring>] {
        var depth = 0
        return split(omittingEmptySubsequences: true) { word in
            if word == "(" { depth += 1 }
            if word == ")" { depth -= 1 }
            return word == "," && depth == 0
        }
    }
}
