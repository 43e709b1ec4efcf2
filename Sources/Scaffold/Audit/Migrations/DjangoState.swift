/// What is known of models while migrations of Django are gone through, one after the other.
struct DjangoState {
    /// By `label.model.field`, in lower case.
    private var fields: [String: PythonCall] = [:]
    /// Models whose tables Django leaves alone, and those with a name of their own for theirs.
    private var unmanaged: Set<String> = []
    private var named: Set<String> = []
    private var new: Set<String> = []

    /// Tables of models that are new, as Django names them.
    var made: Set<String> { Set(new.map { $0.replacing(".", with: "_") }) }

    /// Takes in an operation.
    ///
    /// - Parameters:
    ///   - call: `migrations.AddField(…)`.
    ///   - label: the app's.
    ///   - isNew: the release in service does not have it yet.
    /// - Returns: what breaks code of the release before.
    mutating func take(_ call: PythonCall, in label: String, isNew: Bool) -> [String] {
        switch call.method {
        case "CreateModel":
            create(call, label, isNew)
            return []
        case "RunSQL": return statements(call.argument(0, "sql"))
        case "DeleteModel", "RenameModel", "AlterModelTable": return changeTable(call, label)
        case "AddField", "AlterField", "RemoveField", "RenameField":
            guard let model = call.argument(0, "model_name")?.text,
                let field = call.argument(1, call.method == "RenameField" ? "old_name" : "name")?.text
            else { return [] }
            let table = "\(label).\(model)".lowercased()
            let message = changeField(call, model, field, table)
            return new.contains(table) || unmanaged.contains(table) ? [] : [message].compactMap { $0 }
        default: return []
        }
    }

    // MARK: - Private

    private mutating func create(_ call: PythonCall, _ label: String, _ isNew: Bool) {
        guard let name = call.argument(0, "name")?.text else { return }
        let table = "\(label).\(name)".lowercased()
        if isNew { new.insert(table) }
        for pair in call.argument(1, "fields")?.elements ?? [] {
            guard let parts = pair.elements, parts.count == 2, let field = parts[0].text, let made = parts[1].call
            else {
                continue
            }
            fields["\(table).\(field.lowercased())"] = made
        }
        guard case .dict(let options)? = call.argument(2, "options") else { return }
        for (key, value) in options {
            if key.text == "managed", value.bool == false { unmanaged.insert(table) }
            if key.text == "db_table" { named.insert(table) }
        }
    }

    private mutating func changeTable(_ call: PythonCall, _ label: String) -> [String] {
        guard let name = call.argument(0, call.method == "RenameModel" ? "old_name" : "name")?.text else { return [] }
        let table = "\(label).\(name)".lowercased()
        let isFree = new.contains(table) || unmanaged.contains(table)
        switch call.method {
        case "DeleteModel":
            return isFree ? [] : ["drops the table of \(name), which the version before may still read"]
        case "AlterModelTable":
            named.insert(table)
            return isFree ? [] : ["renames the table of \(name) under the version before"]
        default:
            let isKept = named.contains(table)
            if let other = call.argument(1, "new_name")?.text { rename(table, "\(label).\(other)".lowercased()) }
            return isFree || isKept ? [] : ["renames the table of \(name) under the version before"]
        }
    }

    private mutating func rename(_ old: String, _ new: String) {
        for (key, field) in fields where key.hasPrefix(old + ".") {
            fields[key] = nil
            fields[new + key.dropFirst(old.count)] = field
        }
        if self.new.contains(old) { self.new.insert(new) }
        if named.contains(old) { named.insert(new) }
        if unmanaged.contains(old) { unmanaged.insert(new) }
    }

    private mutating func changeField(_ call: PythonCall, _ model: String, _ name: String, _ table: String) -> String? {
        let key = "\(table).\(name.lowercased())"
        let before = fields[key]
        switch call.method {
        case "RemoveField":
            fields[key] = nil
            return "drops \(name) of \(model), which the version before still reads"
        case "RenameField":
            fields[key] = nil
            if let other = call.argument(2, "new_name")?.text { fields["\(table).\(other.lowercased())"] = before }
            return before?["db_column"] == nil ? "renames \(name) of \(model) under the version before" : nil
        default: break
        }
        guard let field = call.argument(2, "field")?.call else { return nil }
        fields[key] = field
        guard field.method != "ManyToManyField", field.method != "GeneratedField" else { return nil }
        let isFilled = field["null"]?.bool == true || field["db_default"] != nil
        guard call.method == "AlterField" else {
            // A default of Django's is gone from the database once the rows have it.
            return isFilled
                ? nil
                : "adds \(name) to \(model), NOT NULL without a default in the database (db_default), so that rows of "
                    + "the version before are refused"
        }
        guard let before else { return nil }
        if before["db_column"] != field["db_column"] { return "renames \(name) of \(model) under the version before" }
        if Self.kind(before) != Self.kind(field) {
            return "changes the type of \(name) of \(model), which may rewrite and lock the table"
        }
        return before["null"]?.bool == true && !isFilled
            ? "makes \(name) of \(model) NOT NULL, which fails where a row has none" : nil
    }

    /// Fields that are columns of the same kind.
    private static func kind(_ field: PythonCall) -> String {
        switch field.method {
        case "CharField", "SlugField", "EmailField", "URLField", "TextField", "FileField", "ImageField",
            "FilePathField":
            "text"
        case "ForeignKey", "OneToOneField": "reference"
        case "PositiveIntegerField", "IntegerField", "AutoField": "integer"
        case "PositiveBigIntegerField", "BigIntegerField", "BigAutoField": "long"
        case "PositiveSmallIntegerField", "SmallIntegerField", "SmallAutoField": "short"
        case "NullBooleanField", "BooleanField": "boolean"
        default: field.method
        }
    }

    private func statements(_ value: PythonValue?) -> [String] {
        let texts: [String] =
            switch value {
            case .string(let text), .formatted(let text): [text]
            case .list(let items), .tuple(let items): items.compactMap { $0.text ?? $0.elements?.first?.text }
            default: []
            }
        return texts.flatMap { SQLChanges($0).harms(newTables: made).map(\.message) }
    }
}
